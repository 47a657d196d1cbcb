"""Bottlenecks: what happens on the coarsest features, where one step sees most of the hole.

A bottleneck is constructed with the channel count and keeps it: N x C x h x w in and out.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from inpaint.network.blocks import ResidualBlock
from inpaint.network.registry import Registry


class DilatedBottleneck(nn.Sequential):
    """Residual blocks whose first convolutions are dilated, to look across the hole.

    `dilations`: one block each. Rates that rise and fall again leave no grid behind
    (Yu et al., 2017, arXiv:1705.09914).
    """

    def __init__(self, channels: int, *, dilations: Sequence[int] = (1, 2, 4, 8, 4, 2)):
        super().__init__(*(ResidualBlock(channels, dilation=rate) for rate in dilations))


BOTTLENECKS = Registry("bottleneck")
BOTTLENECKS.register("dilated", DilatedBottleneck)
