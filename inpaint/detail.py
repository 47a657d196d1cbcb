"""Fine detail from the photo itself, for what was filled at reduced size.

After Image Analogies (Hertzmann et al., 2001): a patch takes the detail of the known place that
looks most like it, or of the place beside the one that its neighbour took, where that looks nearly
as much like it. So detail is copied by the stretch. Each for itself, the patches of a plain wall
would all take the same place, and people see the grid.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from inpaint._opencv import cv2
from inpaint.patches import choose_sources, every_second

_CELL = 8  # pixels
_CELLS = 4  # a patch has so many across and down, and is compared by their means
_SIDE = _CELLS * _CELL
_STEP = 2  # cells from patch to patch
_FEATHER = 4  # pixels in which one patch gives way to the next
_ALIKE = 0.02  # of the range from black to white: means that differ no more than noise
_WORSE = 2.0  # so many times the least square distance is still near enough


def transfer_detail(picture: np.ndarray, hole: np.ndarray, smooth: np.ndarray) -> np.ndarray:
    """The picture, its hole filled by `smooth` with detail.

    picture: float32 H x W x 3 in [0, 1], known outside the bool H x W hole; smooth: what is
    left of it after shrinking and enlarging, filled. The difference of both, where it is known,
    is the detail.
    """
    height, width = hole.shape
    if min(height, width) < _SIDE:
        return np.where(hole[..., None], smooth, picture)
    detail = picture - smooth
    detail[hole] = 0
    padding = [(0, -side % (_STEP * _CELL)) for side in (height, width)]
    means = _average_cells(np.pad(smooth, [*padding, (0, 0)], "reflect"))
    detail = np.pad(detail, [*padding, (0, 0)], "reflect")
    filled = _copy_detail(detail, np.pad(hole, padding, "reflect"), means)[:height, :width]
    filled += smooth
    return np.where(hole[..., None], np.clip(filled, 0, 1, out=filled), picture)


def _average_cells(picture: np.ndarray) -> np.ndarray:
    """The mean colours of its cells."""
    rows, columns = (side // _CELL for side in picture.shape[:2])
    return cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)


def _copy_detail(detail: np.ndarray, hole: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Detail for the hole, by patches; zeros where nothing is known to take it from."""
    rows, columns = means.shape[:2]
    cells = hole.reshape(rows, _CELL, columns, _CELL).any(axis=(1, 3))
    touched = sliding_window_view(cells, (_CELLS, _CELLS)).any(axis=(2, 3))
    sums, weights = np.zeros_like(detail), np.full((*hole.shape, 1), np.float32(1e-9))
    if touched.all():
        return sums
    window = _make_window()
    targets = np.argwhere(touched & every_second(touched.shape))
    for target, source in zip(targets, _find_sources(means, touched, targets), strict=True):
        patch = _slices(target)
        sums[patch] += window * detail[_slices(source)]
        weights[patch] += window
    sums /= weights
    return sums


def _find_sources(means: np.ndarray, touched: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The place, in cells, of the patch whose detail each target takes: n x 2, as the targets."""
    looks = sliding_window_view(means, (_CELLS, _CELLS), axis=(0, 1))
    looks = looks.reshape(*touched.shape, -1)
    alike = looks.shape[-1] * _ALIKE**2
    places = choose_sources(touched)
    known = looks[places[:, 0], places[:, 1]]
    lengths = np.square(known).sum(axis=1)
    taken = np.full((*touched.shape, 2), -1)
    uses = np.ones(touched.shape)
    for start in range(0, len(targets), 1024):
        chunk = targets[start : start + 1024]
        wanted = looks[chunk[:, 0], chunk[:, 1]]
        distances = np.square(wanted).sum(axis=1)[:, None] - 2 * wanted @ known.T + lengths
        distances = np.maximum(distances, 0) + alike
        for (row, column), look, distance in zip(chunk, wanted, distances, strict=True):
            limit = _WORSE * distance.min()
            beside = _continue_neighbours(taken, touched, row, column)
            costs = [np.square(looks[place] - look).sum() + alike for place in beside]
            if costs and min(costs) <= limit:
                y, x = beside[np.argmin(costs)]
            else:
                near = np.flatnonzero(distance <= limit)
                often = uses[places[near, 0], places[near, 1]]
                y, x = places[near[np.argmin(distance[near] * often)]]
            taken[row, column] = y, x
            uses[max(y - _CELLS + 1, 0) : y + _CELLS, max(x - _CELLS + 1, 0) : x + _CELLS] += 1
    return taken[targets[:, 0], targets[:, 1]]


def _continue_neighbours(
    taken: np.ndarray, touched: np.ndarray, row: int, column: int
) -> list[tuple[int, int]]:
    """The known places to the right of the left neighbour's and below the upper one's."""
    places = []
    for down, across in ((0, _STEP), (_STEP, 0)):
        if row < down or column < across:
            continue
        y, x = taken[row - down, column - across]
        place = (int(y) + down, int(x) + across)
        inside = place[0] < touched.shape[0] and place[1] < touched.shape[1]
        if y >= 0 and inside and not touched[place]:
            places.append(place)
    return places


def _slices(place: np.ndarray) -> tuple[slice, slice]:
    top, left = place * _CELL
    return slice(top, top + _SIDE), slice(left, left + _SIDE)


def _make_window() -> np.ndarray:
    """How much a patch counts at each of its pixels: side x side x 1, flat but for the edges."""
    from_edge = np.minimum(np.arange(_SIDE), np.arange(_SIDE)[::-1]) + 0.5
    overlap = (_SIDE - _STEP * _CELL) / 2
    edge = np.clip((from_edge - overlap + _FEATHER / 2) / _FEATHER, 1e-3, 1)
    return np.outer(edge, edge).astype(np.float32)[..., None]
