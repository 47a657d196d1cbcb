"""Fine detail from the photo itself: for what was filled at reduced size, and deep in holes.

After Image Analogies (Hertzmann et al., 2001): a patch takes the detail of the known place that
looks most like it, or of the place beside the one that its neighbour took, where that looks nearly
as much like it. So detail is copied by the stretch. Each for itself, the patches of a plain wall
would all take the same place, and people see the grid.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from inpaint._opencv import cv2
from inpaint.depth import find_depth
from inpaint.known_pixels import blur_known
from inpaint.patches import choose_sources, every_second

_CELL = 8  # pixels
_CELLS = 4  # a patch has so many across and down, and is compared by their means
_STEP = 2  # cells from patch to patch
_FEATHER = 8  # pixels in which one patch gives way to the next
_ALIKE = 0.02  # of the range from black to white: means that differ no more than noise
_MOST_SOURCES = 2_500  # with more, the same few are taken more often
_WORSE = 2.0  # so many times the least square distance is still near enough

# Of `exchange_detail` (docs/training-log.md, leg 13 and later, says what they were chosen on):
_FINE_CELL = 5  # pixels, as the next three lines
_DETAIL = 5.0  # standard deviation of the Gaussian that takes the detail away
_NEARBY = 8.0  # and of that in which its strength is measured
_FROM_DEPTH, _FULL_DEPTH = 4, 16
_MOST_GAIN = 1.3
_LEAST_SOURCES = 800  # known patches: of fewer none looks alike enough


def transfer_detail(picture: np.ndarray, hole: np.ndarray, smooth: np.ndarray) -> np.ndarray:
    """The picture, its hole filled by `smooth` with detail.

    picture: float32 H x W x 3 in [0, 1], known outside the bool H x W hole; smooth: what is
    left of it after shrinking and enlarging, filled. The difference of both, where it is known,
    is the detail.
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
    same after each of them, and repeats itself in a grid. How much detail it puts somewhere is
    still right, so what comes in its place is made as strong. Where little is known to take it
    from, the fill stays.
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
    gain = np.minimum(_strength(own, hole) / np.maximum(strength, 1e-4), _MOST_GAIN)
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
    least: int = 1,
) -> np.ndarray | None:
    """Detail for the `wanted` part of the hole from places outside the hole, by patches that look
    alike in `smooth`; None where fewer than `least` of them are known."""
    if min(hole.shape) < _CELLS * cell:
        return None
    height, width = hole.shape
    padding = [(0, -side % (_STEP * cell)) for side in (height, width)]
    means = _average_cells(np.pad(smooth, [*padding, (0, 0)], "reflect"), cell)
    detail = np.pad(detail, [*padding, (0, 0)], "reflect")
    hole, wanted = (np.pad(part, padding, "reflect") for part in (hole, wanted))
    touched = _touched(hole, cell)
    if np.count_nonzero(~touched) < least:
        return None
    targets = np.argwhere(_touched(wanted, cell) & every_second(touched.shape))
    window = _make_window(cell)
    sums, weights = np.zeros_like(detail), np.full((*hole.shape, 1), np.float32(1e-9))
    for target, source in zip(targets, _find_sources(means, touched, targets), strict=True):
        patch = _slices(target, cell)
        sums[patch] += window * detail[_slices(source, cell)]
        weights[patch] += window
    sums /= weights
    return sums[:height, :width]


def _average_cells(picture: np.ndarray, cell: int) -> np.ndarray:
    """The mean colours of its cells."""
    rows, columns = (side // cell for side in picture.shape[:2])
    return cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)


def _touched(part: np.ndarray, cell: int) -> np.ndarray:
    """Whether the patch that begins at a cell has any of the part: bool, one for each patch."""
    rows, columns = (side // cell for side in part.shape)
    cells = part.reshape(rows, cell, columns, cell).any(axis=(1, 3))
    return sliding_window_view(cells, (_CELLS, _CELLS)).any(axis=(2, 3))


def _find_sources(means: np.ndarray, touched: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The place, in cells, of the patch whose detail each target takes: n x 2, as the targets."""
    looks = sliding_window_view(means, (_CELLS, _CELLS), axis=(0, 1))
    looks = looks.reshape(*touched.shape, -1)
    alike = looks.shape[-1] * _ALIKE**2
    places = choose_sources(touched, _MOST_SOURCES)
    known = looks[places[:, 0], places[:, 1]]
    lengths = np.square(known).sum(axis=1)
    taken = np.full((*touched.shape, 2), -1)
    uses = np.ones(touched.shape)
    for start in range(0, len(targets), 256):
        chunk = targets[start : start + 256]
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


def _slices(place: np.ndarray, cell: int) -> tuple[slice, slice]:
    top, left = place * cell
    side = _CELLS * cell
    return slice(top, top + side), slice(left, left + side)


def _make_window(cell: int) -> np.ndarray:
    """How much a patch counts at each of its pixels: side x side x 1, flat but for the edges."""
    side = _CELLS * cell
    from_edge = np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5
    overlap = (side - _STEP * cell) / 2
    edge = np.clip((from_edge - overlap + _FEATHER / 2) / _FEATHER, 1e-3, 1)
    return np.outer(edge, edge).astype(np.float32)[..., None]
