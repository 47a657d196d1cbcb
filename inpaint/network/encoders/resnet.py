"""ResNet encoders (He et al., 2015, arXiv:1512.03385), torchvision's networks cut before
the classifier."""

from __future__ import annotations

from pathlib import Path

import torchvision
from torch import Tensor, nn

from inpaint.network.encoders.base import Encoder, widen_to_mask
from inpaint.network.encoders.pretrained import load_pretrained


class ResNetEncoder(Encoder):
    """torchvision's `architecture`, from the first convolution to the stage at `max_stride`.

    Features: the stem before pooling (1/2), then the stages at 1/4, 1/8, 1/16, 1/32.
    `pretrained`: None, True (torchvision's ImageNet weights, downloaded once), or a
    safetensors file with torchvision's names; its classifier, if there, is left out.
    """

    min_side = 32

    def __init__(
        self,
        architecture: str,
        *,
        pretrained: bool | str | Path | None = None,
        max_stride: int = 16,
    ):
        super().__init__()
        if max_stride not in (4, 8, 16, 32):
            raise ValueError(f"max_stride must be 4, 8, 16 or 32, not {max_stride}")
        network = torchvision.models.get_model(architecture, weights=None)
        load_pretrained(network, architecture, pretrained)
        stages = [network.layer1, network.layer2, network.layer3, network.layer4]
        stages = stages[: (4, 8, 16, 32).index(max_stride) + 1]
        self.stem = nn.Sequential(widen_to_mask(network.conv1), network.bn1, network.relu)
        self.pool = network.maxpool
        self.stages = nn.ModuleList(stages)
        self.channels = (network.conv1.out_channels, *map(_output_channels, stages))
        self.strides = tuple(2 << i for i in range(len(self.channels)))

    def features(self, x: Tensor) -> list[Tensor]:
        features = [self.stem(x)]
        x = self.pool(features[0])
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


def _output_channels(stage: nn.Sequential) -> int:
    convolutions = [m for m in stage[-1].children() if isinstance(m, nn.Conv2d)]
    return convolutions[-1].out_channels
