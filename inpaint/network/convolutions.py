"""Convolutions by name: the ways in which the architectures of a course look at a neighbourhood.

Each is constructed with the channels it takes and gives and a dilation, keeps height and width,
and ends in batch normalisation and ReLU. At 96 channels a 3x3 convolution has 83 thousand weights;
the docstrings say what the others have.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from inpaint.network.registry import Registry


class ConvNormReLU(nn.Sequential):
    """Convolution with "same" zero padding, batch normalisation, ReLU.

    The normalisation is affine and folds into the convolution at inference.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int] = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
    ):
        height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        padding = (dilation * (height - 1) // 2, dilation * (width - 1) // 2)
        super().__init__(
            nn.Conv2d(
                inputs, outputs, kernel, stride, padding, dilation, groups=groups, bias=False
            ),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Wide(ConvNormReLU):
    """One 5x5 convolution: 25/9 of the weights of a 3x3 one."""

    def __init__(self, inputs: int, outputs: int, *, dilation: int = 1):
        super().__init__(inputs, outputs, 5, dilation=dilation)


class Pair(nn.Sequential):
    """Two 3x3 convolutions, which see 5x5 with 18/25 of its weights (VGG, arXiv:1409.1556)."""

    def __init__(self, inputs: int, outputs: int, *, dilation: int = 1):
        super().__init__(
            ConvNormReLU(inputs, outputs, dilation=dilation),
            ConvNormReLU(outputs, outputs, dilation=dilation),
        )


class Factorised(nn.Sequential):
    """5x1 after 1x5: 10/25 of the weights of 5x5 (Inception v3, arXiv:1512.00567)."""

    def __init__(self, inputs: int, outputs: int, *, dilation: int = 1):
        super().__init__(
            ConvNormReLU(inputs, outputs, (1, 5), dilation=dilation),
            ConvNormReLU(outputs, outputs, (5, 1), dilation=dilation),
        )


class Inception(nn.Module):
    """1x1, 3x3, 5x5 and pooling side by side, each a quarter of the outputs; the larger kernels
    behind 1x1 convolutions that thin their input (GoogLeNet, arXiv:1409.4842)."""

    def __init__(self, inputs: int, outputs: int, *, dilation: int = 1):
        super().__init__()
        quarter = outputs // 4
        thin = max(1, quarter // 2)
        self.point = ConvNormReLU(inputs, outputs - 3 * quarter, 1)
        self.three = nn.Sequential(
            ConvNormReLU(inputs, quarter, 1), ConvNormReLU(quarter, quarter, dilation=dilation)
        )
        self.five = nn.Sequential(
            ConvNormReLU(inputs, thin, 1), ConvNormReLU(thin, quarter, 5, dilation=dilation)
        )
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), ConvNormReLU(inputs, quarter, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.point(x), self.three(x), self.five(x), self.pool(x)), dim=1)


class Dense(nn.Module):
    """Four 3x3 convolutions of few channels, each sees all maps before it; then 1x1 (DenseNet,
    arXiv:1608.06993)."""

    def __init__(self, inputs: int, outputs: int, *, dilation: int = 1):
        super().__init__()
        growth = max(1, outputs // 8)
        self.layers = nn.ModuleList(
            ConvNormReLU(inputs + i * growth, growth, dilation=dilation) for i in range(4)
        )
        self.transition = ConvNormReLU(inputs + 4 * growth, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat((x, layer(x)), dim=1)
        return self.transition(x)


class Fire(nn.Module):
    """1x1 squeezes to a quarter of the outputs, 1x1 and 3x3 expand side by side: about a sixth of
    the weights of 3x3 (SqueezeNet, arXiv:1602.07360)."""

    def __init__(self, inputs: int, outputs: int, *, dilation: int = 1):
        super().__init__()
        squeezed = max(1, outputs // 4)
        self.squeeze = ConvNormReLU(inputs, squeezed, 1)
        self.point = ConvNormReLU(squeezed, outputs // 2, 1)
        self.three = ConvNormReLU(squeezed, outputs - outputs // 2, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x)
        return torch.cat((self.point(x), self.three(x)), dim=1)


class Separable(nn.Sequential):
    """A 3x3 kernel for each channel, then 1x1 between them: about a ninth of the weights of 3x3
    (MobileNet, arXiv:1704.04861)."""

    def __init__(self, inputs: int, outputs: int, *, dilation: int = 1):
        super().__init__(
            ConvNormReLU(inputs, inputs, dilation=dilation, groups=inputs),
            ConvNormReLU(inputs, outputs, 1),
        )


class Shuffle(nn.Module):
    """Half of the channels pass by, the others go through 1x1, 3x3 by channel, 1x1; then both
    halves are shuffled (ShuffleNet v2, arXiv:1807.11164). 1x1 first where channels change."""

    def __init__(self, inputs: int, outputs: int, *, dilation: int = 1):
        super().__init__()
        self.match = ConvNormReLU(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        self.half = outputs // 2
        rest = outputs - self.half
        self.branch = nn.Sequential(
            ConvNormReLU(rest, rest, 1),
            nn.Conv2d(rest, rest, 3, 1, dilation, dilation, groups=rest, bias=False),
            nn.BatchNorm2d(rest),
            ConvNormReLU(rest, rest, 1),
        )
        self.shuffle = nn.ChannelShuffle(2) if outputs % 2 == 0 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.match(x)
        passing, rest = x[:, : self.half], x[:, self.half :]
        return self.shuffle(torch.cat((passing, self.branch(rest)), dim=1))


CONVOLUTIONS = Registry("convolution")
CONVOLUTIONS.register("3x3", ConvNormReLU)
CONVOLUTIONS.register("5x5", Wide)
CONVOLUTIONS.register("pair", Pair)
CONVOLUTIONS.register("factorised", Factorised)
CONVOLUTIONS.register("inception", Inception)
CONVOLUTIONS.register("dense", Dense)
CONVOLUTIONS.register("fire", Fire)
CONVOLUTIONS.register("separable", Separable)
CONVOLUTIONS.register("shuffle", Shuffle)
