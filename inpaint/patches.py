"""Which of a picture's patches are looked at."""

from __future__ import annotations

import numpy as np

_SEED = 0


def choose_sources(touched: np.ndarray, most: int) -> np.ndarray:
    """n x 2 places (row, column) where the bool H x W array is False: at most so many of them, at
    random but always the same."""
    places = np.argwhere(~touched)
    if len(places) <= most:
        return places
    order = np.random.default_rng(_SEED).choice(len(places), most, replace=False)
    return places[np.sort(order)]
