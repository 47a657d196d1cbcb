"""ShuffleNet v2 (Ma et al., 2018, arXiv:1807.11164): half of the channels pass by, then all are
shuffled."""

from __future__ import annotations

from pathlib import Path

import torchvision

from inpaint.network.encoders.base import StagedEncoder


class ShuffleNetEncoder(StagedEncoder):
    """torchvision's ShuffleNet v2 x1.0, up to the stage at `max_stride` (2 to 32).

    Features: conv1 (1/2), its pooled output (1/4), stages 2, 3 and 4 at 1/8, 1/16, 1/32.
    """

    min_side = 32

    def __init__(self, *, pretrained: bool | str | Path | None = None, max_stride: int = 16):
        network = torchvision.models.shufflenet_v2_x1_0(weights=None, num_classes=1)
        stages = [
            [network.conv1],
            [network.maxpool],
            [network.stage2],
            [network.stage3],
            [network.stage4],
        ]
        super().__init__(
            network,
            "shufflenet_v2_x1_0",
            stages,
            (24, 24, 116, 232, 464),
            pretrained=pretrained,
            max_stride=max_stride,
        )
