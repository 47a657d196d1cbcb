"""Bottlenecks: what happens on the coarsest features, where one step sees most of the hole.

A bottleneck is constructed with the channel count and keeps it: N x C x h x w in and out.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaint.network.blocks import PlainBlock, ResidualBlock
from inpaint.network.registry import Registry


class DilatedBottleneck(nn.Sequential):
    """Blocks whose first convolutions are dilated, to look across the hole.

    `dilations`: one block each. Rates that rise and fall again leave no grid behind
    (Yu et al., 2017, arXiv:1705.09914). `convolution`: their kind, see `CONVOLUTIONS`.
    `residual`: whether the input of each block is added to its output. `dropout`: share of
    channels that are dropped behind the last block while training.
    """

    def __init__(
        self,
        channels: int,
        *,
        dilations: Sequence[int] = (1, 2, 4, 8, 4, 2),
        convolution: str = "3x3",
        residual: bool = True,
        dropout: float = 0.0,
    ):
        block = ResidualBlock if residual else PlainBlock
        layers = [block(channels, dilation=rate, convolution=convolution) for rate in dilations]
        super().__init__(*layers, *([nn.Dropout2d(dropout)] if dropout else []))


class ChannelwiseFullyConnected(nn.Module):
    """Every step of a map sees every other step of it: a global view (Context Encoders, Pathak et
    al., 2016, arXiv:1604.07379).

    Each channel has a matrix of its own between its `grid` x `grid` steps, 1x1 convolutions then
    mix the channels. Maps of other sizes are resized to the grid and back, and added to what was
    there, for the grid holds no detail.
    """

    def __init__(self, channels: int, *, grid: int = 8, dropout: float = 0.0):
        super().__init__()
        self.grid = grid
        steps = grid * grid
        self.weight = nn.Parameter(torch.randn(channels, steps, steps) / grid)
        self.bias = nn.Parameter(torch.zeros(channels, 1, steps))
        self.drop = nn.Dropout2d(dropout)
        self.mix = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.mix.weight)

    def forward(self, x: Tensor) -> Tensor:
        size = (self.grid, self.grid)
        coarse = F.interpolate(x, size, mode="bilinear", align_corners=False)
        # Channels first: a batch of products, one matrix each.
        flat = coarse.flatten(2).transpose(0, 1)
        flat = F.relu(flat @ self.weight + self.bias).transpose(0, 1)
        coarse = self.mix(self.drop(flat.unflatten(2, size)))
        return x + F.interpolate(coarse, x.shape[-2:], mode="bilinear", align_corners=False)


class AttentionBottleneck(nn.Module):
    """Every step takes from all others, more from those that resemble it: the softmax of their
    likeness are its shares (Vaswani et al., 2017, arXiv:1706.03762).

    What is looked at is resized to at most `grid` x `grid` steps, so that the cost grows with the
    map's area only. Residual blocks of `dilations` follow.
    """

    def __init__(
        self, channels: int, *, heads: int = 4, grid: int = 16, dilations: Sequence[int] = (1, 2)
    ):
        super().__init__()
        if channels % heads:
            raise ValueError(f"{channels} channels do not divide into {heads} heads")
        self.heads, self.grid = heads, grid
        self.norm = nn.GroupNorm(1, channels)
        self.query = nn.Conv2d(channels, channels, 1)
        self.key_value = nn.Conv2d(channels, 2 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        self.blocks = DilatedBottleneck(channels, dilations=dilations)

    def forward(self, x: Tensor) -> Tensor:
        normal = self.norm(x)
        coarse = F.interpolate(normal, (self.grid, self.grid), mode="bilinear", align_corners=False)
        query = self._split(self.query(normal))
        key, value = self._split(self.key_value(coarse)).chunk(2, dim=-1)
        taken = F.scaled_dot_product_attention(query, key.contiguous(), value.contiguous())
        taken = taken.transpose(2, 3).flatten(1, 2).unflatten(2, x.shape[-2:])
        return self.blocks(x + self.out(taken))

    def _split(self, maps: Tensor) -> Tensor:
        """N x C x h x w -> N x heads x (h w) x (C / heads)."""
        return maps.flatten(2).unflatten(1, (self.heads, -1)).transpose(2, 3)


BOTTLENECKS = Registry("bottleneck")
BOTTLENECKS.register("dilated", DilatedBottleneck)
BOTTLENECKS.register("channelwise_fc", ChannelwiseFullyConnected)
BOTTLENECKS.register("attention", AttentionBottleneck)
