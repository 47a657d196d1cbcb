"""Scratches and dust on scans: a mask to propose, which a person corrects before it is used.

A scratch is told from a line of the picture's own by how it looks, and by company: where some
lines are scratches beyond doubt, others that look alike are more likely to be.
"""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2
from inpaint.specks import find_specks
from inpaint.thin_lines import FEATURES, Lines, find_thin_lines

# The log-odds that a line is a scratch: a logistic regression over photos with scratches drawn.
# "level" is lowered by hand: wide scratches are rarer than those drawn, wide objects are not.
_WEIGHTS = {
    "length": 0.26,
    "persistence": 7.5,
    "prominence": 1.73,
    "lopsidedness": -1.06,
    "unsteadiness": -2.12,
    "colour": -0.88,
    "level": 0.7,
}
_BIAS = -11.0
_SENSITIVITY = 2.0  # log-odds from medium sensitivity to the highest, and to the lowest
_SURE, _LIKELY = 1.5, -0.3  # log-odds of a scratch alone, and of one in company
_POSSIBLE = -1.5  # and of what is nearly one
_COMPANY = 1.2  # from so much log-odds times length on: lengths in sides of the picture
_CROWD = 40.0  # and up to so much length that may count: a brick wall has more

_OUTLINE_SIDE, _LINE_SIDE = 1600, 800  # of the picture that is outlined, and searched, at most
_WIDEST, _REACH = 3.0, 1.0  # pixels of a line's level: half a scratch's width, and beyond a line
_FAINTEST = 0.5  # of a line's contrast: what is fainter is no part of it
_NOISE = 3  # grey levels


def find_scratches(image: np.ndarray, sensitivity: float = 0.5) -> np.ndarray:
    """Where a uint8 H x W x 3 image seems to be scratched or dusty: bool H x W.

    sensitivity: from 0, what is beyond doubt, to 1, all that may be. Lines of the picture
    itself, such as wires, count where nothing tells them from scratches. Always the same.
    """
    picture = _shrink(image, _OUTLINE_SIDE)
    small = _shrink(picture, _LINE_SIDE)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    mask = np.zeros(grey.shape, np.uint8)
    seeds = _draw(_choose(list(find_thin_lines(small)), sensitivity), small.shape)
    for (_, bright), line in sorted(seeds.items(), key=lambda item: item[0][0]):
        mask |= _outline(grey, _leave_out(line, mask), bright)
    mask |= _resize(find_specks(small, sensitivity).view(np.uint8), grey.shape).view(np.uint8)
    mask = cv2.dilate(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _square(1)), _square(1))
    return _resize(mask, image.shape)


def _choose(lines: list[Lines], sensitivity: float) -> list[tuple[Lines, np.ndarray]]:
    """Which of the lines are scratches: bool, one a line."""
    weights = np.array([_WEIGHTS[name] for name in FEATURES])
    lean = _SENSITIVITY * (2 * sensitivity - 1)
    odds = [part.features @ weights + _BIAS for part in lines]
    lengths = [np.exp(part.features[:, FEATURES.index("length")]) for part in lines]
    company = sum(length @ np.maximum(odd + lean, 0) for length, odd in zip(lengths, odds))
    crowd = sum(length @ (odd > _POSSIBLE) for length, odd in zip(lengths, odds))
    least = _LIKELY if company > _COMPANY and crowd < _CROWD else _SURE
    return [(part, odd + lean > least) for part, odd in zip(lines, odds)]


def _draw(
    chosen: list[tuple[Lines, np.ndarray]], shape: tuple[int, ...]
) -> dict[tuple[int, bool], np.ndarray]:
    """The chosen lines' pixels, uint8 0 or 1, by their level and whether they are bright."""
    canvases: dict[tuple[int, bool], np.ndarray] = {}
    for part, kept in chosen:
        if not kept.any():
            continue
        size = [-(-side >> part.level) for side in shape[:2]]
        canvas = canvases.setdefault((part.level, part.bright), np.zeros(size, np.uint8))
        pixels = np.repeat(kept, part.counts)
        canvas[part.rows[pixels], part.columns[pixels]] = 1
    return canvases


def _leave_out(line: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What of a line was not outlined as a thinner one already."""
    done = cv2.resize(mask * 255, line.shape[::-1], interpolation=cv2.INTER_AREA) > 0
    return line & ~cv2.dilate(done.view(np.uint8), _square(1)) & 1


def _outline(grey: np.ndarray, line: np.ndarray, bright: bool) -> np.ndarray:
    """The whole width of lines, uint8 0 or 1 of the grey picture's size.

    line: their middle, uint8 0 or 1, of a picture that is smaller by a power of two.
    """
    size = tuple(min(2 * small, whole) for small, whole in zip(line.shape, grey.shape))[::-1]
    scale = size[0] / line.shape[1]
    fine = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    line = cv2.resize(line, size, interpolation=cv2.INTER_NEAREST)
    kind = cv2.MORPH_TOPHAT if bright else cv2.MORPH_BLACKHAT
    contrast = cv2.morphologyEx(fine, kind, _square(_WIDEST * scale))
    reach = _square(_REACH * scale)
    least = np.maximum(_FAINTEST * cv2.dilate(contrast * line, reach), _NOISE)
    whole = (contrast > least) & (cv2.dilate(line, reach) > 0)
    return _resize(whole.view(np.uint8), grey.shape).view(np.uint8)


def _square(reach: float) -> np.ndarray:
    side = 2 * round(reach) + 1
    return np.ones((side, side), np.uint8)


def _shrink(image: np.ndarray, most: int) -> np.ndarray:
    height, width = image.shape[:2]
    share = most / max(height, width)
    if share >= 1:
        return image
    size = max(1, round(width * share)), max(1, round(height * share))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _resize(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A mask of 0 and 1 at another size, with smooth outlines: bool."""
    height, width = shape[:2]
    return cv2.resize(mask * 255, (width, height), interpolation=cv2.INTER_LINEAR) > 127
