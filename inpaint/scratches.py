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
    "length": 0.43,
    "persistence": 6.5,
    "prominence": 1.8,
    "lopsidedness": -0.96,
    "unsteadiness": -1.56,
    "colour": -0.86,
    "level": 0.4,
}
_BIAS = -9.46
_SENSITIVITY = 2.0  # log-odds from medium sensitivity to the highest, and to the lowest
_SURE, _LIKELY = 1.5, 0.2  # log-odds of a scratch alone, and of one in company
_COMPANY = 1.8  # log-odds times share of the picture's side, summed over all lines

_OUTLINE_SIDE, _LINE_SIDE = 1600, 800  # of the picture that is outlined, and searched, at most
_WIDEST, _REACH = 13, 3  # pixels at half a line's level: a scratch, and how far it is looked for
_FAINTEST = 0.5  # of a line's contrast: what is fainter is no part of it
_NOISE = 3  # grey levels


def find_scratches(image: np.ndarray, sensitivity: float = 0.5) -> np.ndarray:
    """Where a uint8 H x W x 3 image seems to be scratched or dusty: bool H x W.

    sensitivity: from 0, what is beyond doubt, to 1, all that may be. Lines of the picture
    itself, such as wires, count where nothing tells them from scratches. Always the same.
    """
    picture = _shrink(image, _OUTLINE_SIDE)
    small = _shrink(picture, _LINE_SIDE)
    mask = find_specks(small, sensitivity).view(np.uint8)
    mask = _resize(mask, picture.shape).view(np.uint8)
    seeds = _draw(_choose(list(find_thin_lines(small)), sensitivity), small.shape)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    for (_, bright), seed in seeds.items():
        mask |= _outline(grey, seed, bright)
    square = np.ones((3, 3), np.uint8)
    mask = cv2.dilate(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, square), square)
    return _resize(mask, image.shape)


def _choose(lines: list[Lines], sensitivity: float) -> list[tuple[Lines, np.ndarray]]:
    """Which of the lines are scratches: bool, one a line."""
    weights = np.array([_WEIGHTS[name] for name in FEATURES])
    bias = _BIAS + _SENSITIVITY * (2 * sensitivity - 1)
    odds = [part.features @ weights + bias for part in lines]
    lengths = [np.exp(part.features[:, FEATURES.index("length")]) for part in lines]
    company = sum(length @ np.maximum(odd, 0) for length, odd in zip(lengths, odds))
    least = _LIKELY if company > _COMPANY else _SURE
    return [(part, odd > least) for part, odd in zip(lines, odds)]


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


def _outline(grey: np.ndarray, line: np.ndarray, bright: bool) -> np.ndarray:
    """The whole width of lines, uint8 0 or 1 of the grey picture's size.

    line: their middle, uint8 0 or 1, of a picture that is smaller by a power of two.
    """
    size = tuple(min(2 * small, whole) for small, whole in zip(line.shape, grey.shape))[::-1]
    fine = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    line = cv2.resize(line, size, interpolation=cv2.INTER_NEAREST)
    kind = cv2.MORPH_TOPHAT if bright else cv2.MORPH_BLACKHAT
    contrast = cv2.morphologyEx(fine, kind, np.ones((_WIDEST, _WIDEST), np.uint8))
    reach = np.ones((_REACH, _REACH), np.uint8)
    least = np.maximum(_FAINTEST * cv2.dilate(contrast * line, reach), _NOISE)
    whole = (contrast > least) & (cv2.dilate(line, reach) > 0)
    return _resize(whole.view(np.uint8), grey.shape).view(np.uint8)


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
