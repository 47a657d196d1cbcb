"""The plain light encoder of the default network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaint.network.convolutions import ConvNormReLU
from inpaint.network.encoders.base import Encoder


class LightEncoder(Encoder):
    """Pixel-unshuffle, then three convolutions to 1/8 of the side.

    No layer runs at full resolution, where a CPU spends most and learns least; at 1/8
    dense 3x3 convolutions reach the machine's best rate. `width` is the channel count
    at 1/2; it doubles at 1/4 and at 1/8.
    `downsample`: how a map is halved before 1/4 and 1/8: by the convolution's own `stride`, or
    before a convolution of stride 1 by the `max` or `mean` of 2x2, or by a `blur`. All have the
    same parameters; the first three also have the same multiply-adds, a blur has a little more.
    """

    strides = (2, 4, 8)
    min_side = 8

    def __init__(self, *, width: int = 48, downsample: str = "stride"):
        super().__init__()
        self.channels = (width, 2 * width, 4 * width)
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), ConvNormReLU(16, width))
        self.down4 = _downsample(downsample, width, 2 * width)
        self.down8 = _downsample(downsample, 2 * width, 4 * width)

    def features(self, x: Tensor) -> list[Tensor]:
        half = self.stem(x)
        quarter = self.down4(half)
        return [half, quarter, self.down8(quarter)]


class Blur(nn.Module):
    """Halves a map after smoothing it by 1-3-3-1, so that what lies between two steps is not lost
    by chance (Zhang, 2019, arXiv:1904.11486)."""

    def __init__(self, channels: int):
        super().__init__()
        line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        kernel = torch.outer(line, line).expand(channels, 1, 4, 4).clone()
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
        return F.conv2d(padded, self.kernel, stride=2, groups=x.shape[1])


def _downsample(kind: str, inputs: int, outputs: int) -> nn.Module:
    if kind == "stride":
        return ConvNormReLU(inputs, outputs, stride=2)
    pools = {"max": nn.MaxPool2d(2), "mean": nn.AvgPool2d(2), "blur": Blur(inputs)}
    if kind not in pools:
        raise ValueError(f"downsample must be stride, {', '.join(pools)}, not {kind!r}")
    return nn.Sequential(pools[kind], ConvNormReLU(inputs, outputs))
