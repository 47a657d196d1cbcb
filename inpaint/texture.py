"""Texture from the photo itself: a hole continued with what the rest of the photo shows.

`continue_texture` is image melding (Darabi et al., 2012) without turned patches. From coarse to
fine every patch of the hole takes the look of a known one, and every pixel becomes the mean of the
patches over it (Wexler, Shechtman and Irani, 2007). At last it is not colours that are copied but
steps from pixel to pixel, and no edge shows where patches of two places meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from inpaint._opencv import cv2
from inpaint.cuts import find_belief
from inpaint.depth import find_depth, find_thickness
from inpaint.expected_detail import expect_detail
from inpaint.gradients import join_steps
from inpaint.known_pixels import shrink_known
from inpaint.patch_field import PATCH, PatchField
from inpaint.repetition import find_repeated

_COARSEST = 32  # pixels: the thickness of the hole where the search begins
_ROUNDS_AT_FIRST, _ROUNDS = 6, 2  # of averaging and searching at a scale, the former at most
_CARRIED = 6  # pixels of thickness for a round at first: thin holes need fewer
_MOST_SEARCHED_LONG = 30_000  # patches: with more, as of long strokes, at first as often as later
# Pixels: the narrower, the fewer patches have a say in a pixel, and the less do means blur it.
_WINDOW, _WINDOW_AT_LAST = 1.5, 0.8
_TRUST = 1.3  # at first a patch counts by this to the power of -(its distance from the hole's edge)
# What the strength of detail counts beside a colour, in the first search: what is smooth because
# the fill is unsure shall not become what is smooth in the photo. Each round it counts less: then
# the fill is made of pieces of the photo.
_DETAIL_COUNTS, _DETAIL_FADES = 3, 0.7
# What each neighbour from elsewhere costs a patch: a mean square difference, black to white is 1.
_APART = 0.06**2
# Repeated places are made dearer (by a mean square difference, and so many pixels around them) so
# often, while more than this share of the deep patches repeats. Thin holes have none. Only patches
# that repeat something, and those so many pixels from them, pay: to others these places may be the
# only right ones.
_PENALTY, _PENALISED_AROUND, _SEARCHED_AROUND = 0.07**2, 2, 24
_MOST_PENALTIES = 2
_FEW_REPEATED = 0.02
_DEEP = 4  # pixels, at the coarsest scale
_MOST_SEARCHED_AGAIN = 10_000  # patches: with more it takes too long


def continue_texture(
    picture: np.ndarray,
    hole: np.ndarray,
    first: np.ndarray,
    on_round: Callable[[], None] = lambda: None,
) -> np.ndarray | None:
    """The picture, its hole filled with texture of the rest that looks like a first fill.

    picture: float32 H x W x 3 in [0, 1]; hole: bool H x W; first: the same picture filled, of any
    size: only what the coarsest scale shows of it counts. None where there is too little to
    search in: at one of the coarsest two scales fewer than two dozen patches without the hole.
    on_round: called before each round of searching; what it raises ends this.
    """
    scales, thickness = [1.0], find_thickness(hole)
    while thickness * scales[0] >= 2 * _COARSEST:
        scales.insert(0, scales[0] / 2)
    rng = np.random.default_rng(0)
    coarser = field = None
    for scale in scales:
        height, width = (max(1, round(side * scale)) for side in hole.shape)
        known, part = shrink_known(picture, hole, height, width)
        field = PatchField.of(known, part, _APART)
        if field is None:
            continue
        if coarser is not None:
            field.take_over(coarser)
            for _ in range(_ROUNDS):
                on_round()
                field.improve(_average(field), rng)
        elif scale <= 2 * scales[0]:
            small = cv2.resize(first, (width, height), interpolation=cv2.INTER_AREA)
            field = _begin(field, np.where(part[..., None], small, known), on_round)
        else:  # so thick a hole cannot be searched for as a whole
            return None
        coarser = field
    return None if field is None else np.where(hole[..., None], _join(field), picture)


def _begin(field: PatchField, filled: np.ndarray, on_round: Callable[[], None]) -> PatchField:
    """Places that look like the fill, as long as it helps with penalties for what is repeated."""
    filled = field.pad(filled)
    detail = np.float32(_DETAIL_COUNTS) * expect_detail(field.picture, field.hole, filled)
    _search(field, filled, detail, on_round)
    deep = _find_depths(field) > _DEEP
    if len(deep) > _MOST_SEARCHED_AGAIN or not deep.any():
        return field
    repeated = find_repeated(field)
    for _ in range(_MOST_PENALTIES):
        count = np.count_nonzero(repeated[deep])
        if count <= _FEW_REPEATED * np.count_nonzero(deep):
            break
        again = field.penalised(repeated, _PENALTY, _PENALISED_AROUND, _SEARCHED_AROUND)
        _search(again, filled, detail, on_round)
        still = find_repeated(again)
        if np.count_nonzero(still[deep]) >= count:
            break  # there is too little else
        field, repeated = again, still
    return field


def _search(
    field: PatchField, filled: np.ndarray, detail: np.ndarray, on_round: Callable[[], None]
) -> None:
    """Places that look like the fill, and then like what they make of it, from the edge inwards;
    detail: H x W, its strength, as much as it counts beside colours at first."""
    rng = np.random.default_rng(0)
    trust = _TRUST ** -_find_depths(field)
    most = _ROUNDS_AT_FIRST if len(field.corners) <= _MOST_SEARCHED_LONG else _ROUNDS
    for done in range(min(most, math.ceil(find_thickness(field.hole) / _CARRIED))):
        on_round()
        if done:
            filled = _average(field, trust)
            detail = np.float32(_DETAIL_FADES) * detail
        field.set_guide(detail)
        wanted = np.dstack([filled, detail])
        field.find_nearest(wanted, rng)
        field.improve(wanted, rng)
    field.set_guide(None)


def _find_depths(field: PatchField) -> np.ndarray:
    """How deep in the hole, in pixels, the middles of its n patches are."""
    rows, columns = field.corners.T + PATCH // 2
    return find_depth(field.hole)[rows, columns]


def _average(field: PatchField, trust: np.ndarray | None = None) -> np.ndarray:
    means = field.average(field.picture, _WINDOW, trust)
    return np.where(field.hole[..., None], means, field.picture)


def _join(field: PatchField) -> np.ndarray:
    """The hole filled so that its steps are those of the patches."""
    picture, hole = field.picture, field.hole
    across = field.average(np.diff(picture, axis=1), _WINDOW_AT_LAST)
    down = field.average(np.diff(picture, axis=0), _WINDOW_AT_LAST)
    belief = find_belief(field, across, down)
    colours = field.average(picture, _WINDOW_AT_LAST)
    return field.unpad(join_steps(picture, hole, colours, across, down, belief))
