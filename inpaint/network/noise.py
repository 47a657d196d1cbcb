"""Noise for the hole, by which the network tells one place in it from another."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

_TILE = 128  # pixels
_SEED = 0


class HoleNoise(nn.Module):
    """N x 4 x H x W, prefilled RGB and the mask, with grey noise added where the mask is 1.

    Deep in a hole the prefill is smooth: a network with strides sees the same again after each of
    them, and can only repeat itself there. Of noise it can make texture that does not repeat
    (StyleGAN, Karras et al., 2019, arXiv:1812.04948). The noise is normal; in eval mode it is the
    same every time, so that a photo is restored the same way twice; while training it is moved
    at random. `deviation`: its standard deviation, above 0 and at most 1. ValueError for others.
    """

    def __init__(self, deviation: float):
        super().__init__()
        if not 0 < deviation <= 1:
            raise ValueError(f"noise must be above 0 and at most 1, not {deviation!r}")
        # RandomState's stream is frozen: every version of NumPy draws what training saw.
        drawn = np.random.RandomState(_SEED).standard_normal((1, 1, _TILE, _TILE))
        tile = torch.from_numpy((deviation * drawn).astype(np.float32))
        self.register_buffer("tile", tile, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        noise = self.tile.to(x.dtype)
        for dim in (-2, -1):
            index = torch.arange(x.shape[dim], device=x.device)
            if self.training:
                index = index + torch.randint(_TILE, (1,), device=x.device)
            noise = noise.index_select(dim, index % _TILE)
        image, mask = x[:, :3], x[:, 3:]
        return torch.cat((image + noise * mask, mask), dim=1)
