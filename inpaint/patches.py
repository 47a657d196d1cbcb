"""How thick holes are, and which of a picture's patches are looked at."""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2

_SEED = 0


def find_thickness(hole: np.ndarray) -> float:
    """The diameter, in pixels, of the largest disc that fits into the bool H x W hole.

    The picture's border counts as an edge of the hole only where all of the picture is hole.
    """
    return float(max(hole.shape)) if hole.all() else 2 * float(find_depth(hole).max())


def find_depth(hole: np.ndarray) -> np.ndarray:
    """float32 H x W: pixels from each place of the bool H x W hole to the nearest known one."""
    inside = np.ascontiguousarray(hole).view(np.uint8)
    return cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def every_second(shape: tuple[int, ...]) -> np.ndarray:
    """bool H x W: every second place across and down, and those of the last row and column."""
    chosen = np.zeros(shape, bool)
    chosen[::2, ::2] = True
    chosen[-1, ::2] = chosen[::2, -1] = chosen[-1, -1] = True
    return chosen


def choose_sources(touched: np.ndarray, most: int) -> np.ndarray:
    """n x 2 places (row, column) where the bool H x W array is False: at most so many of them, at
    random but always the same."""
    places = np.argwhere(~touched)
    if len(places) <= most:
        return places
    order = np.random.default_rng(_SEED).choice(len(places), most, replace=False)
    return places[np.sort(order)]
