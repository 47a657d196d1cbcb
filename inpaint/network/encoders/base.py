"""The Encoder contract, and what the classic architectures share: a chain of stages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from inpaint.network.encoders.pretrained import load_pretrained

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Encoder(nn.Module, ABC):
    """Turns a damaged picture into features, fine to coarse.

    A subclass declares, before its first forward pass:

    * ``channels``: channels of each feature map, fine to coarse;
    * ``strides``: how many input pixels one step in each map is; powers of two, rising;
    * ``min_side``: the smallest height and width it accepts.

    The network gives it sides that are multiples of ``strides[-1]`` and at least
    ``min_side``, so it need not pad. A map may be a few steps smaller than side / stride,
    where the published architecture does not pad: decoders go by the map's real size.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]
    min_side: int

    input_mean = IMAGENET_MEAN
    input_std = IMAGENET_STD

    def __init__(self) -> None:
        super().__init__()
        for name, values in (("mean", self.input_mean), ("std", self.input_std)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    @abstractmethod
    def features(self, x: Tensor) -> list[Tensor]:
        """Features of the normalised input, N x 4 x H x W; one map for each declared stride."""

    def forward(self, x: Tensor) -> list[Tensor]:
        """`x`: N x 4 x H x W, RGB in [0, 1] with the holes prefilled, then the mask (1 = hole)."""
        rgb = (x[:, :3] - self.mean) / self.std
        return self.features(torch.cat((rgb, x[:, 3:]), dim=1))


class StagedEncoder(Encoder):
    """One of torchvision's classifiers without its classifier: stages in a chain.

    `stages`: parts of `network`, for each stride those that lead to its feature from the one
    before; `channels`: of each feature; `first_stride`: of the first, each later one doubles it.
    Stages beyond `max_stride` are cut off, the others filled from `pretrained` (see
    `load_pretrained`), and the first convolution widened to take the mask.
    ValueError if `max_stride` is none of the strides, or the weights do not fit.
    """

    def __init__(
        self,
        network: nn.Module,
        architecture: str,
        stages: Sequence[Sequence[nn.Module]],
        channels: Sequence[int],
        *,
        pretrained: bool | str | Path | None,
        max_stride: int,
        first_stride: int = 2,
    ):
        super().__init__()
        strides = [first_stride << i for i in range(len(stages))]
        if max_stride not in strides:
            choices = ", ".join(map(str, strides))
            raise ValueError(
                f"max_stride of {architecture} must be one of {choices}, not {max_stride!r}"
            )
        depth = strides.index(max_stride) + 1
        stages = [
            stage if isinstance(stage, nn.Sequential) else nn.Sequential(*stage)
            for stage in stages[:depth]
        ]
        load_pretrained(network, architecture, pretrained, stages)
        self.stages = nn.ModuleList(stages)
        self.channels = tuple(channels[:depth])
        self.strides = tuple(strides[:depth])
        _widen_first_convolution(self.stages)

    def features(self, x: Tensor) -> list[Tensor]:
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


def widen_to_mask(conv: nn.Conv2d) -> nn.Conv2d:
    """A copy of an RGB convolution that takes the mask as 4th channel, with weights of zero.

    So a pretrained network starts as if there were no mask, and learns what to do with it.
    """
    wide = nn.Conv2d(
        4,
        conv.out_channels,
        conv.kernel_size,
        conv.stride,
        conv.padding,
        conv.dilation,
        bias=conv.bias is not None,
    )
    with torch.no_grad():
        wide.weight.zero_()
        wide.weight[:, :3] = conv.weight
        if conv.bias is not None:
            wide.bias.copy_(conv.bias)
    return wide


def _widen_first_convolution(network: nn.Module) -> None:
    name = next(name for name, module in network.named_modules() if isinstance(module, nn.Conv2d))
    parent, _, child = name.rpartition(".")
    setattr(network.get_submodule(parent), child, widen_to_mask(network.get_submodule(name)))
