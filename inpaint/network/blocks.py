"""Convolution blocks that encoders, bottlenecks and decoders are made of."""

from __future__ import annotations

from torch import Tensor, nn


class ConvNormReLU(nn.Sequential):
    """Convolution with "same" zero padding, batch normalisation, ReLU.

    The normalisation is affine and folds into the convolution at inference.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1, dilation: int = 1
    ):
        padding = dilation * (kernel - 1) // 2
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """``x + f(x)`` with two 3x3 convolutions in f, the first one dilated.

    The sum is not rectified, so that a chain of blocks leaves an undisturbed path
    (identity mappings: He et al., 2016, arXiv:1603.05027). The second normalisation
    starts at zero: an untrained block is the identity.
    """

    def __init__(self, channels: int, *, dilation: int = 1):
        super().__init__()
        self.inner = ConvNormReLU(channels, channels, dilation=dilation)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.conv(self.inner(x)))
