"""Fine detail from the photo itself: for what was filled at reduced size, and deep in holes.

After Image Analogies (Hertzmann et al., 2001): a patch takes the detail of a known place that looks
like it. Each for itself, the patches of a plain wall would all take the same place, and people see
the grid; so they would rather take the place beside the one that their neighbour took
(patch_field.py), and detail is copied by the stretch.
"""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2
from inpaint.depth import find_depth
from inpaint.known_pixels import blur_known
from inpaint.patch_field import PATCH, STEP, PatchField
from inpaint.patches import split_cells

_CELL = 5  # pixels; patches are compared by the means of such squares
_FEATHER = 8  # pixels in which one patch gives way to the next
_APART = 0.03**2  # of the range from black to white: what a neighbour from elsewhere costs

# Of `exchange_detail` (docs/training-log.md, leg 13 and later, says what they were chosen on):
_FINE_CELL = 3  # pixels, as the next three lines
_DETAIL = 5.0  # standard deviation of the Gaussian that takes the detail away
_NEARBY = 8.0  # and of that in which its strength is measured
_FROM_DEPTH, _FULL_DEPTH = 4, 16
# Copied detail gets the strength of the fill's own by the ratio of both. Where that is below 1 it
# counts by this power: a network that is unsure has less than there is, and people see the hole.
_POWER, _MOST_BOOST, _MOST_GAIN = 0.6, 1.6, 1.3
_LEAST_SOURCES = 2_000  # known patches: of fewer none looks alike enough


def transfer_detail(picture: np.ndarray, hole: np.ndarray, smooth: np.ndarray) -> np.ndarray:
    """The picture, its hole filled by `smooth` with detail.

    picture: float32 H x W x 3 in [0, 1], known outside the bool H x W hole; smooth: what is
    left of it after shrinking and enlarging, filled. The difference of both, where it is known,
    is the detail; where too little is known to take any from, there is none.
    """
    filled = np.where(hole[..., None], smooth, picture)
    detail = _copy_detail(picture - smooth, hole, hole, smooth, _CELL)
    if detail is not None:
        detail += smooth
        np.copyto(filled, np.clip(detail, 0, 1, out=detail), where=hole[..., None])
    return filled


def exchange_detail(filled: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The picture, deep in its hole with detail of the photo in place of the fill's own.

    filled: float32 H x W x 3 in [0, 1]; hole: bool H x W. There a network with strides sees the
    same after each of them, and repeats itself in a grid. Where it puts more detail and where less
    is still right, so what comes in its place follows that; little becomes more, at most 1.6 times
    as much. Where little is known to take it from, the fill stays.
    """
    depth = find_depth(hole)
    deep = depth > _FROM_DEPTH
    if not deep.any():
        return filled
    smooth = cv2.GaussianBlur(filled, (0, 0), _DETAIL)
    own = filled - smooth
    means, _ = blur_known(filled, hole, _DETAIL)
    known_detail = np.subtract(filled, means, out=means)  # with nothing of the fill in it
    detail = _copy_detail(known_detail, hole, deep, smooth, _FINE_CELL, _LEAST_SOURCES)
    if detail is None:
        return filled
    strength = _strength(np.where(deep[..., None], detail, own), hole)
    ratio = np.maximum(_strength(own, hole), 1e-4) / np.maximum(strength, 1e-4)
    boost = np.clip(ratio ** (_POWER - 1), 1, _MOST_BOOST)
    gain = np.minimum(boost * ratio, _MOST_GAIN)
    share = np.clip((depth - _FROM_DEPTH) / (_FULL_DEPTH - _FROM_DEPTH), 0, 1)
    exchanged = filled + share[..., None] * (gain[..., None] * detail - own)
    return np.clip(exchanged, 0, 1, out=exchanged)


def _strength(detail: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Its root mean square around each place of the hole, without what is known: H x W."""
    squares, _ = blur_known(np.square(detail), ~hole, _NEARBY)
    return np.sqrt(squares.mean(axis=2))


def _copy_detail(
    detail: np.ndarray,
    hole: np.ndarray,
    wanted: np.ndarray,
    smooth: np.ndarray,
    cell: int,
    least: int = 0,
) -> np.ndarray | None:
    """Detail for the `wanted` part of the hole from places outside the hole, by patches that look
    alike in `smooth`; None where fewer than `least` of them, or 24, are known."""
    height, width = hole.shape
    padding = [(0, -side % cell) for side in hole.shape]
    means = _average_cells(np.pad(smooth, [*padding, (0, 0)], "edge"), cell)
    unknown = split_cells(np.pad(hole, padding, constant_values=True), cell).any(axis=(1, 3))
    wanted = split_cells(np.pad(wanted, padding), cell).any(axis=(1, 3))
    field = PatchField.of(means, wanted, _APART, unknown, least)
    if field is None:
        return None
    rng, looks = np.random.default_rng(0), field.pad(means)
    field.find_nearest(looks, rng)
    field.improve(looks, rng)
    window = _make_window(cell)
    rows, columns = field.hole.shape
    sums = np.zeros((rows * cell, columns * cell, 3), np.float32)
    weights = np.full((*sums.shape[:2], 1), np.float32(1e-9))
    for corner, place in zip(field.corners, field.places(), strict=True):
        patch = _slices(corner, cell)
        sums[patch] += window * detail[_slices(place, cell)]
        weights[patch] += window
    sums /= weights
    return sums[:height, :width]


def _average_cells(picture: np.ndarray, cell: int) -> np.ndarray:
    """The mean colours of its cells."""
    rows, columns = (side // cell for side in picture.shape[:2])
    return cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)


def _slices(corner: np.ndarray, cell: int) -> tuple[slice, slice]:
    """The pixels of the patch that begins at a cell."""
    top, left = corner * cell
    side = PATCH * cell
    return slice(top, top + side), slice(left, left + side)


def _make_window(cell: int) -> np.ndarray:
    """How much a patch counts at each of its pixels: side x side x 1, most in its middle."""
    side = PATCH * cell
    from_edge = np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5
    overlap = (side - STEP * cell) / 2
    edge = np.clip((from_edge - overlap + _FEATHER / 2) / _FEATHER, 1e-3, 1)
    return np.outer(edge, edge).astype(np.float32)[..., None]
