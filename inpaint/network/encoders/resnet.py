"""ResNet (He et al., 2015, arXiv:1512.03385) and its wider kin ResNeXt (Xie et al., 2016,
arXiv:1611.05431): what a block adds to its input is learnt, the input itself passes by."""

from __future__ import annotations

from pathlib import Path

import torchvision

from inpaint.network.encoders.base import StagedEncoder

_BASIC = (64, 64, 128, 256, 512)
_BOTTLENECK = (64, 256, 512, 1024, 2048)
RESNETS = {
    "resnet18": _BASIC,
    "resnet34": _BASIC,
    "resnet50": _BOTTLENECK,
    "resnext50": _BOTTLENECK,
}
_TORCHVISION = {"resnext50": "resnext50_32x4d"}


class ResNetEncoder(StagedEncoder):
    """torchvision's `architecture`, up to the stage at `max_stride` (2 to 32).

    Features: the stem before pooling (1/2), then the stages at 1/4, 1/8, 1/16, 1/32.
    """

    min_side = 32

    def __init__(
        self,
        architecture: str,
        *,
        pretrained: bool | str | Path | None = None,
        max_stride: int = 16,
    ):
        name = _TORCHVISION.get(architecture, architecture)
        network = torchvision.models.get_model(name, weights=None, num_classes=1)
        stages = [
            [network.conv1, network.bn1, network.relu],
            [network.maxpool, network.layer1],
            [network.layer2],
            [network.layer3],
            [network.layer4],
        ]
        super().__init__(
            network,
            name,
            stages,
            RESNETS[architecture],
            pretrained=pretrained,
            max_stride=max_stride,
        )
