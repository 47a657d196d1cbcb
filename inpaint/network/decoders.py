"""Decoders: features, coarse to fine, back to a picture.

A decoder is constructed with the encoder's channels and strides (fine to coarse). It takes
the encoder's features, the coarsest replaced by the bottleneck's output, and returns
N x 3 x H x W at the input's size, unbounded. ``decoder.head`` is its last convolution.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from inpaint.network.blocks import ConvNormReLU, ResidualBlock
from inpaint.network.registry import Registry


class ResidualDecoder(nn.Module):
    """Nearest upsampling and a 3x3 convolution up to each skip, which is added.

    Upsampling goes to the skip's real size, so encoders with irregular maps fit too. The
    head writes all pixels of a finest step at once (pixel shuffle): no layer runs at full
    resolution. `blocks` is the number of residual blocks after each addition.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int], *, blocks: int = 0):
        super().__init__()
        self.up = nn.ModuleList()
        self.refine = nn.ModuleList()
        for coarse, fine in zip(reversed(channels), reversed(channels[:-1])):
            self.up.append(ConvNormReLU(coarse, fine))
            self.refine.append(nn.Sequential(*(ResidualBlock(fine) for _ in range(blocks))))
        self.head = nn.Conv2d(channels[0], 3 * strides[0] ** 2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(strides[0])

    def forward(self, features: list[Tensor]) -> Tensor:
        x = features[-1]
        for up, refine, skip in zip(self.up, self.refine, reversed(features[:-1])):
            x = up(F.interpolate(x, skip.shape[-2:], mode="nearest"))
            x = refine(x + skip)
        return self.shuffle(self.head(x))


DECODERS = Registry("decoder")
DECODERS.register("residual", ResidualDecoder)
