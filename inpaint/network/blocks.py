"""Blocks that bottlenecks and decoders are made of."""

from __future__ import annotations

from torch import Tensor, nn

from inpaint.network.convolutions import CONVOLUTIONS


class ResidualBlock(nn.Module):
    """``x + f(x)``; in f a convolution of a kind, dilated, and a linear one.

    The linear one is 3x3 behind a 3x3, and 1x1 behind all others, as MobileNet v2 has it. The sum
    is not rectified, so that a chain of blocks leaves an undisturbed path (identity mappings: He
    et al., 2016, arXiv:1603.05027). The last normalisation starts at zero: an untrained block is
    the identity.
    """

    def __init__(self, channels: int, *, dilation: int = 1, convolution: str = "3x3"):
        super().__init__()
        self.inner = CONVOLUTIONS.create(convolution, channels, channels, dilation=dilation)
        kernel = 3 if convolution == "3x3" else 1
        self.conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.conv(self.inner(x)))


class PlainBlock(nn.Sequential):
    """The layers of a `ResidualBlock` without the path that goes by them, and rectified at the
    end as VGG's layers are."""

    def __init__(self, channels: int, *, dilation: int = 1, convolution: str = "3x3"):
        kernel = 3 if convolution == "3x3" else 1
        super().__init__(
            CONVOLUTIONS.create(convolution, channels, channels, dilation=dilation),
            nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )
