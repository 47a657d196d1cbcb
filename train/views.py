"""How a classifier sees two pictures before their features are compared.

A classifier with strides weighs some pixels more than others: looking from ever the same place, it
teaches the network a grid. Looking ever the same way, it is learnt by heart: the distance by it
falls, and by other classifiers hardly does. E-LPIPS varies the view (Kettunen et al., 2019,
arXiv:1906.03973); of its transforms these cost least.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from inpaint.metrics import LPIPS_MIN_SIDE

_MOST_SHIFT = 16  # pixels: the stride of the coarsest features
_SMALL_SHARE = 1 / 3  # of the varied views


@dataclass(frozen=True)
class View:
    """The same change for all pictures of a step."""

    shift: tuple[int, int] = (0, 0)  # pixels down and right; what leaves comes in on the other side
    turned: bool = False  # rows become columns
    mirrored: tuple[int, ...] = ()  # dimensions, 2 and 3
    colours: tuple[int, int, int] = (0, 1, 2)
    small: bool = False  # half the size

    def __call__(self, x: Tensor) -> Tensor:
        """Of pictures N x 3 x H x W, and of masks N x 1 x H x W, which have no colours."""
        x = x.roll(self.shift, (2, 3))
        if self.mirrored:
            x = x.flip(self.mirrored)
        if self.turned:
            x = x.transpose(2, 3)
        if x.shape[1] == 3 and self.colours != (0, 1, 2):
            x = torch.cat([x[:, place : place + 1] for place in self.colours], dim=1)
        if self.small:
            x = F.avg_pool2d(x, 2)
        return x.contiguous(memory_format=torch.channels_last)


def draw_view(kind: str, side: int) -> View:
    """A random one of a `losses.views`, for pictures with a shorter side of `side` pixels."""
    shift = tuple(torch.randint(_MOST_SHIFT, (2,)).tolist())
    if kind == "shifted":
        return View(shift)
    turned, down, right = torch.randint(2, (3,)).bool().tolist()
    small = torch.rand(()).item() < _SMALL_SHARE and side >= 2 * LPIPS_MIN_SIDE
    mirrored = tuple(dim for dim, drawn in ((2, down), (3, right)) if drawn)
    return View(shift, turned, mirrored, tuple(torch.randperm(3).tolist()), small)
