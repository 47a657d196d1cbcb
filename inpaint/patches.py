"""A picture's square patches, each named by its upper left corner, and its cells, side by side."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from inpaint._opencv import cv2

_SEED = 0
COMPONENTS = 24  # of a patch, by principal component analysis: it takes as many known patches
_AT_ONCE = 512  # patches that are compared to all known ones


def choose_sources(touched: np.ndarray, most: int) -> np.ndarray:
    """n x 2 places (row, column) where the bool H x W array is False: at most so many of them, at
    random but always the same."""
    places = np.argwhere(~touched)
    if len(places) <= most:
        return places
    order = np.random.default_rng(_SEED).choice(len(places), most, replace=False)
    return places[np.sort(order)]


def find_touched(part: np.ndarray, side: int) -> np.ndarray:
    """Whether the patch of `side` pixels that begins at a pixel has any of the bool H x W part:
    bool H - side + 1 x W - side + 1."""
    rows, columns = (length - side + 1 for length in part.shape)
    inside = np.ascontiguousarray(part).view(np.uint8)
    touched = cv2.dilate(inside, np.ones((side, side), np.uint8), anchor=(0, 0))
    return touched[:rows, :columns].view(bool)


def cut_patches(picture: np.ndarray, corners: np.ndarray, side: int) -> np.ndarray:
    """The patches of H x W x C at n x 2 corners (row, column): n x C x side ** 2."""
    windows = sliding_window_view(picture, (side, side), axis=(0, 1))
    return windows[corners[:, 0], corners[:, 1]].reshape(len(corners), picture.shape[2], side**2)


class KnownPatches:
    """The patches of `side` pixels at m x 2 places of a picture, H x W x C, to be searched in: by
    their 24 principal components."""

    def __init__(self, picture: np.ndarray, places: np.ndarray, side: int):
        self.places, self._side = places, side
        known = cut_patches(picture, places, side).reshape(len(places), -1)
        self._mean = known.mean(axis=0)
        known -= self._mean
        self._basis = np.linalg.eigh(known.T @ known)[1][:, -COMPONENTS:]  # the largest come last
        self._features = known @ self._basis
        self._squares = np.square(self._features).sum(axis=1)

    def find_alike(
        self, filled: np.ndarray, corners: np.ndarray, penalties: np.ndarray, fined: np.ndarray
    ) -> np.ndarray:
        """The index of that which is most like it, for each of n patches of `filled` at corners.

        penalties: m, what known patches count as more unlike than they are, as sums of squares, to
        those of the n that are fined (bool n).
        """
        lengths = np.stack([self._squares, penalties])
        offered = np.vstack([self._features.T, -lengths.astype(np.float32) / 2])
        found = []
        for start in range(0, len(corners), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            looks = cut_patches(filled, corners[part], self._side)
            looks = (looks.reshape(len(looks), -1) - self._mean) @ self._basis
            counts = np.stack([np.ones(len(looks)), fined[part]], axis=1)
            wanted = np.hstack([looks, counts.astype(np.float32)])
            found.append(np.argmax(wanted @ offered, axis=1))
        return np.concatenate(found)


def split_cells(values: np.ndarray, side: int) -> np.ndarray:
    """H x W (x 3), multiples of `side` -> H / side x side x W / side x side (x 3)."""
    rows, columns = (length // side for length in values.shape[:2])
    return values.reshape(rows, side, columns, side, *values.shape[2:])
