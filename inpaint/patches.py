"""Which of a picture's patches are looked at."""

from __future__ import annotations

import numpy as np

_SEED = 0


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
