"""MobileNet v2 (Sandler et al., 2018, arXiv:1801.04381) and v3 (Howard et al., 2019,
arXiv:1905.02244): a kernel for each channel by itself, and 1x1 convolutions between them."""

from __future__ import annotations

from pathlib import Path

import torchvision

from inpaint.network.encoders.base import StagedEncoder

# Where each stage ends among torchvision's `features`; the widening layer behind them is for
# the classifier.
_ENDS = {
    "mobilenet_v2": (2, 4, 7, 14, 18),
    "mobilenet_v3_large": (2, 4, 7, 13, 16),
}
MOBILENETS = {
    "mobilenet_v2": (16, 24, 32, 96, 320),
    "mobilenet_v3_large": (16, 24, 40, 112, 160),
}


class MobileNetEncoder(StagedEncoder):
    """torchvision's `architecture`, up to the blocks at `max_stride` (2 to 32).

    Features: the last block at each of 1/2, 1/4, 1/8, 1/16, 1/32.
    """

    min_side = 32

    def __init__(
        self,
        architecture: str,
        *,
        pretrained: bool | str | Path | None = None,
        max_stride: int = 16,
    ):
        network = torchvision.models.get_model(architecture, weights=None, num_classes=1)
        ends = _ENDS[architecture]
        stages = [[*network.features[start:end]] for start, end in zip((0, *ends), ends)]
        super().__init__(
            network,
            architecture,
            stages,
            MOBILENETS[architecture],
            pretrained=pretrained,
            max_stride=max_stride,
        )
