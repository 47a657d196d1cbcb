"""SqueezeNet (Iandola et al., 2016, arXiv:1602.07360): few channels in, many out."""

from __future__ import annotations

from pathlib import Path

import torchvision

from inpaint.network.encoders.base import StagedEncoder


class SqueezeNetEncoder(StagedEncoder):
    """torchvision's SqueezeNet 1.1, up to the fire modules at `max_stride` (2 to 16).

    Features: conv1 (1/2), fire3 (1/4), fire5 (1/8), fire9 (1/16); conv1 does not pad.
    """

    min_side = 32

    def __init__(self, *, pretrained: bool | str | Path | None = None, max_stride: int = 16):
        network = torchvision.models.squeezenet1_1(weights=None, num_classes=1)
        layers = network.features
        stages = [[*layers[:2]], [*layers[2:5]], [*layers[5:8]], [*layers[8:13]]]
        super().__init__(
            network,
            "squeezenet1_1",
            stages,
            (64, 128, 256, 512),
            pretrained=pretrained,
            max_stride=max_stride,
        )
