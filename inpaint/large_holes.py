"""What is made of a method's fills: texture of what is around, and long holes tile by tile."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from inpaint._opencv import cv2
from inpaint.colours import settle_colours
from inpaint.depth import find_depth, find_thickness
from inpaint.detail import exchange_detail, transfer_detail
from inpaint.known_pixels import enlarge, shrink_known
from inpaint.texture import continue_texture
from inpaint.window import Window, bounding_box, find_windows

Fill = Callable[[np.ndarray, np.ndarray], np.ndarray]

_ENLARGEMENT = 4  # from one pass of detail to the next, but for the first
_LEAST_ENLARGEMENT = 1.25  # of the first where another follows, and of texture
# From this thickness on a hole becomes the photo's own texture, if the method names no other ...
_TEXTURE_FROM = 60
_THIN = 0.5  # of that thickness: ends that are thinner do not
# ... and where so many pixels of the window are known, and no larger share of it is hole. Where the
# method does name one, less is enough, if a quarter is hole, as of the windows of compact ones, or
# more, but none of it is thicker than 64 pixels.
_PLENTY = 256 * 256, 0.7
_ENOUGH = (4_000, 0.253, math.inf), (4_000, 0.7, 64)
_CRUMB = 400  # pixels: what an end has to have, to be left out
_FIRST_THICKNESS = 144  # what a fill makes of it at this one is what the texture shall look like
# What a tile of thin holes shows on each side: twice their thickness, and at least 64 pixels. It is
# no wider than four times that, or 512.
_LEAST_MARGIN, _LEAST_TILE = 64, 512
_MOST_TEXTURE = 512 * 512  # pixels of the hole: of larger ones it is made at reduced size


def _ignore(pixels: int) -> None:
    pass


def fill_window(
    fill: Fill,
    picture: np.ndarray,
    hole: np.ndarray,
    max_side: int | None,
    max_thickness: float | None = None,
    texture_from: float | None = None,
    on_filled: Callable[[int], None] = _ignore,
) -> np.ndarray:
    """`fill(picture, hole)` for windows of any size and holes of any shape.

    picture: float32 H x W x 3 in [0, 1]; hole: bool H x W. Where enough is known, holes thicker
    than `texture_from` (60 pixels with None, and where much is known) come first, and become
    texture of their surroundings that looks like what the method makes of them where they are up to
    144 pixels thick. Of the others those thicker than `max_thickness` are filled at reduced size,
    enlarged, and get detail from their surroundings. Deep in all holes the fill's colours move to
    the photo's, and its detail gives way to the photo's own. Of windows with a side above
    `max_side`, holes thicker than 60 pixels are filled so in the windows that they need by
    themselves, and the others tile by tile. With None for `max_thickness` smaller windows go to
    `fill` as they are, and in larger ones a hole is too thick from a quarter of `max_side` on.
    on_filled: called in larger windows after each of these, with the pixels of the hole it had; in
    all of them with 0 before each round of a search for texture.
    """
    large = max_side is not None and max(hole.shape) > max_side
    if max_thickness is None and not large:
        return fill(picture, hole)
    whole = partial(
        _fill_whole,
        fill,
        max_side=max_side,
        # With None, a tile sees what is known around the hole.
        max_thickness=max_side / 4 if max_thickness is None else max_thickness,
        texture_from=texture_from,
        refine=max_thickness is not None,
        on_filled=on_filled,
    )
    if not large:
        return whole(picture, hole)
    picture, hole = picture.copy(), hole.copy()
    thick = _find_thick_parts(hole, _TEXTURE_FROM)
    for part in find_windows(thick):
        wanted = thick[part.slices]
        made = whole(picture[part.slices], hole[part.slices])
        picture[part.slices][wanted] = made[wanted]
        hole[part.slices][wanted] = False
        on_filled(int(np.count_nonzero(wanted)))
    if not hole.any():
        return picture
    thickness = find_thickness(hole)
    if max_thickness is None:
        scale = _scale(thickness, max_side / 4)
        told = on_filled if scale == 1 else _ignore
        filled, _ = _fill_at(scale, fill, picture, hole, max_side, told)
        return _enlarge(filled, scale, picture, hole)
    margin = max(_LEAST_MARGIN, math.ceil(2 * thickness))  # texture wants what is near
    side = min(max_side, max(_LEAST_TILE, 4 * margin))
    if texture_from is None:  # cut by a tile's border, a hole may look thicker than it is
        whole = partial(whole, texture_from=math.inf)
    return _fill_tiles(whole, picture, hole, side, margin, on_filled)


def _fill_whole(
    fill: Fill,
    picture: np.ndarray,
    hole: np.ndarray,
    max_side: int | None,
    max_thickness: float,
    texture_from: float | None,
    refine: bool,
    on_filled: Callable[[int], None],
) -> np.ndarray:
    """What is said of smaller windows, for one of any size."""
    thick = _find_parts_for_texture(hole, max_thickness, texture_from)
    if thick.any():
        scale = _scale(find_thickness(thick), min(max_thickness, _FIRST_THICKNESS))
        first = _refine(*_fill_at(scale, fill, picture, hole, max_side))
        size = np.count_nonzero(thick)
        made = _make_texture(picture, hole, first, size, partial(on_filled, 0))
        if made is not None:
            picture = np.where(thick[..., None], made, picture)
            hole = hole & ~thick
    if not hole.any():
        return picture
    scale = _scale(find_thickness(hole), max_thickness)
    filled, small_hole = _fill_at(scale, fill, picture, hole, max_side)
    if refine:
        filled = _refine(filled, small_hole)
    return _enlarge(filled, scale, picture, hole)


def _refine(filled: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return exchange_detail(settle_colours(filled, hole), hole)  # detail is looked for by colour too


def _make_texture(
    picture: np.ndarray,
    hole: np.ndarray,
    first: np.ndarray,
    size: int,
    on_round: Callable[[], None],
) -> np.ndarray | None:
    """size: pixels of the hole that matter."""
    scale = (_MOST_TEXTURE / size) ** 0.5
    if scale * _LEAST_ENLARGEMENT >= 1:
        scale = 1.0
    small, small_hole = _shrink(picture, hole, scale)
    made = continue_texture(small, small_hole, first, on_round)
    return None if made is None else _enlarge(made, scale, picture, hole)


def _find_parts_for_texture(
    hole: np.ndarray, max_thickness: float, texture_from: float | None
) -> np.ndarray:
    """bool H x W: what is better made of what is around the hole; thin ends are not."""
    known, share, thickness = np.count_nonzero(~hole), hole.mean(), find_thickness(hole)
    enough = [(*_PLENTY, math.inf), *(() if texture_from is None else _ENOUGH)]
    if not any(known > k and share <= s and thickness <= t for k, s, t in enough):
        return np.zeros_like(hole)
    least = _TEXTURE_FROM if texture_from is None else texture_from
    return _find_thick_parts(hole, min(max_thickness, least))


def _find_thick_parts(hole: np.ndarray, thickness: float) -> np.ndarray:
    """bool H x W: the parts with discs of more than so many pixels, without their thin ends."""
    depth = find_depth(hole)
    deep = 2 * depth > thickness
    if not deep.any():
        return np.zeros_like(hole)
    thin = _THIN * thickness
    wide = hole & (find_depth(2 * depth <= thin) <= 0.75 * thin)  # 0.5 would leave out corners
    wide |= _find_crumbs(hole & ~wide)
    count, parts = cv2.connectedComponents(wide.view(np.uint8), connectivity=8)
    thick = np.zeros(count, bool)
    thick[parts[deep]] = True
    return wide & thick[parts]


def _find_crumbs(hole: np.ndarray) -> np.ndarray:
    """Its connected parts that are too small to fill a window for."""
    inside = np.ascontiguousarray(hole).view(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    return hole & (stats[:, cv2.CC_STAT_AREA] <= _CRUMB)[parts]


def _scale(thickness: float, limit: float) -> float:
    """The size, at most 1, at which a hole is as thick as the limit."""
    return min(1.0, limit / thickness)


def _fill_at(
    scale: float,
    fill: Fill,
    picture: np.ndarray,
    hole: np.ndarray,
    max_side: int | None,
    on_filled: Callable[[int], None] = _ignore,
) -> tuple[np.ndarray, np.ndarray]:
    """The picture at the scale, its hole filled, and that hole."""
    picture, hole = _shrink(picture, hole, scale)
    return _fill_tiles(fill, picture, hole, max_side, on_filled=on_filled), hole


def _enlarge(filled: np.ndarray, scale: float, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The picture with its hole as it is filled at the scale, enlarged and given detail."""
    while scale < 1:
        scale = _next_scale(scale)
        known, part = _shrink(picture, hole, scale)
        filled = transfer_detail(known, part, enlarge(filled, *part.shape))
    return filled


def _next_scale(scale: float) -> float:
    """The smallest of 1, 1/4, 1/16, ... that is worth a step: all after the first are by 4."""
    larger = 1.0
    while larger / _ENLARGEMENT >= _LEAST_ENLARGEMENT * scale:
        larger /= _ENLARGEMENT
    return larger


def _shrink(picture: np.ndarray, hole: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    if scale == 1:
        return picture, hole
    height, width = (max(1, round(side * scale)) for side in hole.shape)
    return shrink_known(picture, hole, height, width)


def _fill_tiles(
    fill: Fill,
    picture: np.ndarray,
    hole: np.ndarray,
    side: int | None,
    margin: int | None = None,
    on_filled: Callable[[int], None] = _ignore,
) -> np.ndarray:
    """The picture, its hole filled cell by cell, each seen with what was filled before: no seam.

    side: of what is seen at most; margin: what is seen around the hole in a cell, at most a
    quarter of that; on_filled: called with the pixels of the hole in each.
    """
    if not hole.any():
        return picture
    height, width = hole.shape
    if side is None or max(height, width) <= side:
        return np.where(hole[..., None], fill(picture, hole), picture)
    margin = max(1, side // 4 if margin is None else min(margin, side // 4))
    cell = max(1, side - 2 * margin)
    filled, unfilled = picture.copy(), hole.copy()
    for top in range(0, height, cell):
        for left in range(0, width, cell):
            core = Window(top, left, min(cell, height - top), min(cell, width - left))
            box = bounding_box(unfilled[core.slices])
            if box is None:
                continue
            box = box.within(Window(-top, -left, 0, 0))
            seen = box.grown(margin, hole.shape)
            part = unfilled[box.slices].copy()
            made = fill(filled[seen.slices], unfilled[seen.slices])[box.within(seen).slices]
            filled[box.slices][part] = made[part]
            unfilled[box.slices] = False
            on_filled(int(np.count_nonzero(part)))
    return filled
