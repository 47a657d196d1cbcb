"""The Encoder contract."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Encoder(nn.Module, ABC):
    """Turns a damaged picture into features, fine to coarse.

    A subclass declares, before its first forward pass:

    * ``channels``: channels of each feature map, fine to coarse;
    * ``strides``: how many input pixels one step in each map is; powers of two, rising;
    * ``min_side``: the smallest height and width it accepts.

    The network gives it sides that are multiples of ``strides[-1]`` and at least
    ``min_side``, so it need not pad.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]
    min_side: int

    def __init__(self) -> None:
        super().__init__()
        shape = (1, 3, 1, 1)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(shape), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(shape), persistent=False)

    @abstractmethod
    def features(self, x: Tensor) -> list[Tensor]:
        """Features of the normalised input, N x 4 x H x W; one map for each declared stride."""

    def forward(self, x: Tensor) -> list[Tensor]:
        """`x`: N x 4 x H x W, RGB in [0, 1] with the holes prefilled, then the mask (1 = hole)."""
        rgb = (x[:, :3] - self.mean) / self.std
        return self.features(torch.cat((rgb, x[:, 3:]), dim=1))


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
