"""DenseNet (Huang et al., 2016, arXiv:1608.06993): every layer sees all layers before it."""

from __future__ import annotations

from pathlib import Path

import torchvision

from inpaint.network.encoders.base import StagedEncoder


class DenseNetEncoder(StagedEncoder):
    """torchvision's DenseNet-121, up to the dense block at `max_stride` (2 to 32).

    Features: the stem (1/2), then the four dense blocks at 1/4, 1/8, 1/16, 1/32, each before its
    transition to the next.
    """

    min_side = 32

    def __init__(self, *, pretrained: bool | str | Path | None = None, max_stride: int = 8):
        network = torchvision.models.densenet121(weights=None, num_classes=1)
        layers = network.features
        stages = [
            [layers.conv0, layers.norm0, layers.relu0],
            [layers.pool0, layers.denseblock1],
            [layers.transition1, layers.denseblock2],
            [layers.transition2, layers.denseblock3],
            [layers.transition3, layers.denseblock4, layers.norm5],
        ]
        super().__init__(
            network,
            "densenet121",
            stages,
            (64, 256, 512, 1024, 1024),
            pretrained=pretrained,
            max_stride=max_stride,
        )
