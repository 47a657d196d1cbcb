"""Scratches and dust on scans: a mask to propose, which a person corrects before it is used.

A scratch is told from a line of the picture's own by how it looks, and by company: where some
lines are scratches beyond doubt, others that look alike are more likely to be.
"""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2
from inpaint.thin_lines import FEATURES, LEVELS, Lines, find_thin_lines

# The log-odds that a line is a scratch: a logistic regression, on photos with scratches drawn.
_WEIGHTS = {
    "length": 0.43,
    "persistence": 6.5,
    "prominence": 1.8,
    "lopsidedness": -0.96,
    "unsteadiness": -1.56,
    "colour": -0.86,
    "level": 0.5,
}
_BIAS = -9.46
_SURE = 1.5  # log-odds from which a line is a scratch by itself
_COMPANY = 1.8  # of the picture's side: so much of sure scratches, and the likely ones count
_SENSITIVITY = 3.0  # log-odds between no and medium sensitivity, twice as much to the highest

_OUTLINE_SIDE = 1600  # a larger picture's mask is made at this size
_LINE_SIDE = 800
_WIDE = 13
_NEAR = 5
_NOISE = 3
_FAINTEST = 0.4  # of the line's own contrast: what differs less from its surroundings is no part
_MARGIN = 1  # pixels


def find_scratches(image: np.ndarray, sensitivity: float = 0.5) -> np.ndarray:
    """Where the uint8 H x W x 3 image is likely to be scratched or dusty: bool H x W.

    sensitivity: from 0, what is beyond doubt, to 1, whatever may be one. Lines of the picture
    itself, such as wires, are taken for scratches where nothing tells them apart. Deterministic.
    """
    picture = _shrink(image, _OUTLINE_SIDE)
    small = _shrink(picture, _LINE_SIDE)
    mask = _outline(picture, _choose(find_thin_lines(small), small.shape[:2], sensitivity))
    return _resize(mask, image.shape[:2])


def _choose(lines, shape, sensitivity):
    lines = list(lines)
    side = float(np.sqrt(shape[0] * shape[1]))
    weights = np.array([_WEIGHTS[name] for name in FEATURES])
    lean = _BIAS + _SENSITIVITY * (2 * sensitivity - 1)
    odds = [one.features @ weights + lean for one in lines]
    company = sum((np.exp(one.features[:, 0]) * np.maximum(z, 0)).sum() for one, z in zip(lines, odds))
    least = 0.0 if company > _COMPANY else _SURE
    seeds = {}
    for one, odd in zip(lines, odds):
        k = np.repeat(odd > least, one.counts)
        if (one.level, one.bright) not in seeds:
            seeds[one.level, one.bright] = np.zeros((-(-shape[0] // 2**one.level), -(-shape[1] // 2**one.level)), np.uint8)
        seeds[one.level, one.bright][one.rows[k], one.columns[k]] = 1
    return seeds


def _outline(picture, seeds):
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    mask = np.zeros(grey.shape, np.uint8)
    for (level, bright), seed in seeds.items():
        if not seed.any():
            continue
        size = min(2 * seed.shape[1], grey.shape[1]), min(2 * seed.shape[0], grey.shape[0])
        fine = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        line = cv2.resize(seed, size, interpolation=cv2.INTER_NEAREST)
        kind = cv2.MORPH_TOPHAT if bright else cv2.MORPH_BLACKHAT
        hat = cv2.morphologyEx(fine, kind, np.ones((_WIDE, _WIDE), np.uint8))
        around = np.ones((_NEAR, _NEAR), np.uint8)
        least = np.maximum(_FAINTEST * cv2.dilate(hat * line, around), _NOISE)
        part = (hat > least) & (cv2.dilate(line, around) > 0)
        mask |= _resize(part.view(np.uint8), grey.shape).view(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return cv2.dilate(mask, np.ones((3, 3), np.uint8))


def _shrink(image, most):
    height, width = image.shape[:2]
    share = most / max(height, width)
    if share >= 1:
        return image
    size = max(1, round(width * share)), max(1, round(height * share))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _resize(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    if mask.shape == shape:
        return mask > 0
    return cv2.resize(mask * 255, shape[::-1], interpolation=cv2.INTER_LINEAR) > 127
