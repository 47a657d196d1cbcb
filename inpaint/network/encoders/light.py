"""The plain light encoder of the default network."""

from __future__ import annotations

from torch import Tensor, nn

from inpaint.network.convolutions import ConvNormReLU
from inpaint.network.encoders.base import Encoder


class LightEncoder(Encoder):
    """Pixel-unshuffle, then three convolutions to 1/8 of the side.

    No layer runs at full resolution, where a CPU spends most and learns least; at 1/8
    dense 3x3 convolutions reach the machine's best rate. `width` is the channel count
    at 1/2; it doubles at 1/4 and at 1/8.
    """

    strides = (2, 4, 8)
    min_side = 8

    def __init__(self, *, width: int = 48):
        super().__init__()
        self.channels = (width, 2 * width, 4 * width)
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), ConvNormReLU(16, width))
        self.down4 = ConvNormReLU(width, 2 * width, stride=2)
        self.down8 = ConvNormReLU(2 * width, 4 * width, stride=2)

    def features(self, x: Tensor) -> list[Tensor]:
        half = self.stem(x)
        quarter = self.down4(half)
        return [half, quarter, self.down8(quarter)]
