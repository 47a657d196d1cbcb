"""Colours from the photo itself: where a network, deep in a hole, is between two of them.

Between an orange lake and a dark wood a network that is unsure paints the mean of both, a grey
that the photo has nowhere. One step of mean shift (Comaniciu and Meer, 2002) from there leads to
the colours that the photo does have, near by.
"""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2
from inpaint.bilateral import bilateral_mean
from inpaint.depth import find_depth
from inpaint.patches import choose_sources, split_cells
from inpaint.photo import LUMINANCE

_CELL = 5  # pixels; the colours of such squares are compared by their means
_ALIKE = 0.07  # of the range from black to white: standard deviation of the kernel in RGB
_NEAR = 30.0  # pixels: that of the kernel in the picture
_LIGHTNESS = np.float32(0.5)  # share of the shift in luma that is applied; chroma moves all of it
_FROM_DEPTH, _FULL_DEPTH = 3, 16  # pixels; nearer to the edge the network knows the colour
_MOST_SOURCES = 2_500
_LEAST_SOURCES = 100  # known squares: fewer are no palette


def settle_colours(filled: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The picture, its colours deep in the hole moved to those of the known part near by.

    filled: float32 H x W x 3 in [0, 1]; hole: bool H x W. What is finer than 5 pixels stays the
    fill's own. Where little is known the fill stays as it is.
    """
    depth = find_depth(hole)
    if depth.max() <= _FROM_DEPTH:  # of thin scratches
        return filled
    height, width = hole.shape
    rows, columns = -(-height // _CELL), -(-width // _CELL)
    padding = [(0, rows * _CELL - height), (0, columns * _CELL - width)]
    touched = split_cells(np.pad(hole, padding), _CELL).any(axis=(1, 3))
    far = _CELL * find_depth(~touched) > depth.max() + 3 * _NEAR
    unusable = touched | far
    if np.count_nonzero(~unusable) < _LEAST_SOURCES:
        return filled
    means = split_cells(np.pad(filled, [*padding, (0, 0)], "edge"), _CELL).mean(axis=(1, 3))
    deep = split_cells(np.pad(depth, padding), _CELL).max(axis=(1, 3)) > _FROM_DEPTH
    # One cell more than is wanted, to interpolate between.
    deep = cv2.dilate(deep.view(np.uint8), np.ones((3, 3), np.uint8)).view(bool)
    targets, sources = np.argwhere(deep), choose_sources(unusable, _MOST_SOURCES)
    own, known = means[deep], means[sources[:, 0], sources[:, 1]]
    move = bilateral_mean((targets, own), (sources, known), known, _NEAR / _CELL, _ALIKE) - own
    moves = np.zeros_like(means)
    moves[deep] = move - (1 - _LIGHTNESS) * (move @ LUMINANCE)[:, None]
    moves = cv2.resize(moves, (columns * _CELL, rows * _CELL), interpolation=cv2.INTER_LINEAR)
    share = np.clip((depth - _FROM_DEPTH) / (_FULL_DEPTH - _FROM_DEPTH), 0, 1)
    settled = filled + share[..., None] * moves[:height, :width]
    return np.clip(settled, 0, 1, out=settled)
