"""Texture from the photo itself: a smooth fill made of patches that lie elsewhere in the picture.

`continue_texture` is the completion of Wexler, Shechtman and Irani (2007): every patch of the
hole looks for its nearest known patch, and every pixel becomes the mean of what the patches over
it found, from coarse to fine.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from inpaint._opencv import cv2
from inpaint.known_pixels import shrink_known

_PATCH = 7
_DIMENSIONS = 24  # of a patch, after principal component analysis
_COARSEST = 24  # pixels: the thickness of the hole where the search begins
_ROUNDS_AT_FIRST, _ROUNDS = 6, 2
_TRUST = 1.3  # a found patch counts by this to the power of -(its distance from the hole's edge)

_MOST_TINT = 0.2  # of the range from black to white

_MOST_SOURCES = 20_000
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


def continue_texture(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The picture with what its hole holds, a first fill, replaced by texture of the rest.

    picture: float32 H x W x 3 in [0, 1]; hole: bool H x W. Where too little is known to search
    in, the first fill stays.
    """
    scales = [1.0]
    while find_thickness(hole) * scales[0] >= 2 * _COARSEST:
        scales.insert(0, scales[0] / 2)
    filled = picture
    for scale in scales:
        height, width = (max(1, round(side * scale)) for side in hole.shape)
        known, part = shrink_known(picture, hole, height, width)
        first = cv2.resize(filled, (width, height), interpolation=cv2.INTER_AREA)
        start = np.where(part[..., None], first, known)
        rounds = _ROUNDS_AT_FIRST if scale == scales[0] else _ROUNDS
        filled = _complete(start, part, rounds)
    return np.where(hole[..., None], filled, picture)


def _complete(picture: np.ndarray, hole: np.ndarray, rounds: int) -> np.ndarray:
    """`rounds` of searching and voting at one scale."""
    side = _PATCH
    if min(hole.shape) < side:
        return picture
    touched = sliding_window_view(hole, (side, side)).any(axis=(2, 3))
    sources = choose_sources(touched, _MOST_SOURCES)
    if len(sources) < _DIMENSIONS:
        return picture
    targets = np.argwhere(touched & every_second(touched.shape))
    depth = find_depth(hole)
    centres = targets + side // 2
    trust = _TRUST ** -depth[centres[:, 0], centres[:, 1]]
    library = _cut(picture, sources)
    mean = library.mean(axis=0)
    centred = library - mean
    basis = np.linalg.eigh(centred.T @ centred)[1][:, -_DIMENSIONS:]  # the largest come last
    features = centred @ basis
    for _ in range(rounds):
        wanted = _cut(picture, targets)
        found = library[_find_nearest((wanted - mean) @ basis, features)]
        voted = _vote(_tint(found, wanted), targets, trust, picture.shape)
        picture = np.where(hole[..., None], np.clip(voted, 0, 1), picture)
    return picture


def _tint(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Patches with their mean colours moved towards those wanted, a little: a sky is a gradient,
    and no two places in it are of one colour."""
    found, wanted = (patches.reshape(len(patches), 3, -1) for patches in (found, wanted))
    shift = wanted.mean(axis=2, keepdims=True) - found.mean(axis=2, keepdims=True)
    return found + np.clip(shift, -_MOST_TINT, _MOST_TINT)


def _cut(picture: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The patches at n x 2 corners (row, column), each as a row of 3 x side x side values."""
    windows = sliding_window_view(picture, (_PATCH, _PATCH), axis=(0, 1))
    return windows[corners[:, 0], corners[:, 1]].reshape(len(corners), -1)


def _find_nearest(wanted: np.ndarray, known: np.ndarray) -> np.ndarray:
    """For each row of `wanted` the index of the nearest row of `known`."""
    half_lengths = np.square(known).sum(axis=1) / 2
    return np.concatenate(
        [
            np.argmax(wanted[i : i + 1024] @ known.T - half_lengths, axis=1)
            for i in range(0, len(wanted), 1024)
        ]
    )


def _vote(
    patches: np.ndarray, corners: np.ndarray, trust: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """The mean of all patches that lie over a pixel, weighted by trust: float32 of `shape`."""
    height, width, _ = shape
    patches = patches.reshape(-1, 3, _PATCH, _PATCH)
    sums, weights = np.zeros((3, height * width)), np.zeros(height * width)
    for down in range(_PATCH):
        for across in range(_PATCH):
            place = (corners[:, 0] + down) * width + corners[:, 1] + across
            weights += np.bincount(place, trust, height * width)
            for channel in range(3):
                values = trust * patches[:, channel, down, across]
                sums[channel] += np.bincount(place, values, height * width)
    means = sums / np.maximum(weights, 1e-12)
    return means.T.reshape(shape).astype(np.float32)
