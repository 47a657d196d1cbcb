"""Dust: specks on a calm ground, each alone. What glitters, grows or is built has company."""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2

_LARGEST = 8  # pixels across
_SMALLEST = 2  # pixels in all
_CONTRAST = 20  # grey levels
_ABOVE_AROUND = 5  # times the mean response around
_ABOVE_GROUND = 2  # times the range of the ground beneath
_GROUND, _AROUND, _ALONE = 25, 31, 41  # sides of the squares in which these are measured
_EDGE = 0.4  # of its contrast: where a speck ends
_LEVELS = np.array([8, 12, 18, 27, 40, 60])  # of responses, at which neighbours are counted
_NEIGHBOURS = 2.0, 8.0  # how many pixels of them are allowed: times a speck's own, and more


def find_specks(picture: np.ndarray, sensitivity: float) -> np.ndarray:
    """Specks on a uint8 H x W x 3 picture of some hundred pixels a side: bool H x W.

    sensitivity: 0 to 1. A speck is alone if nothing near it responds half as strongly (at
    medium sensitivity), and a few specks alone are the picture's own.
    """
    if min(picture.shape[:2]) < _ALONE:
        return np.zeros(picture.shape[:2], bool)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    speck = _square(_LARGEST + 1)
    lighter = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, speck)
    darker = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, speck)
    both = cv2.max(lighter, darker)
    ground = cv2.morphologyEx(cv2.subtract(grey, lighter), cv2.MORPH_CLOSE, speck)
    spread = cv2.morphologyEx(ground, cv2.MORPH_GRADIENT, _square(_GROUND))
    around = cv2.blur(cv2.min(both, 10).astype(np.float32), (_AROUND, _AROUND))
    least = np.maximum(np.maximum(_CONTRAST, _ABOVE_AROUND * around), _ABOVE_GROUND * spread)
    neighbours = np.stack([_count_near(both > level) for level in _LEVELS])
    found, count = np.zeros(grey.shape, bool), 0
    for response in (lighter, darker):
        parts = (response > _EDGE * least).view(np.uint8)
        total, labels, boxes, _ = cv2.connectedComponentsWithStats(parts, connectivity=8)
        left, top, width, height, area = boxes[1:].T  # without the ground, which comes first
        rows, columns = np.nonzero(response > least)
        strength = np.zeros(total - 1)
        np.maximum.at(strength, labels[rows, columns] - 1, response[rows, columns])
        share = 0.3 + 0.4 * sensitivity
        level = np.maximum(np.searchsorted(_LEVELS, share * strength, side="right") - 1, 0)
        near = neighbours[level, top + height // 2, left + width // 2]
        times, more = _NEIGHBOURS
        alone = near <= times * area + more
        small = np.maximum(width, height) <= _LARGEST
        kept = alone & small & (strength > 0) & (area >= _SMALLEST)
        count += np.count_nonzero(kept)
        found |= np.append(False, kept)[labels]
    return found if count >= 10 * (1 - sensitivity) else np.zeros_like(found)


def _count_near(part: np.ndarray) -> np.ndarray:
    """How many pixels of a bool H x W part lie in the square around each."""
    return cv2.boxFilter(part.view(np.uint8), cv2.CV_32F, (_ALONE, _ALONE), normalize=False)


def _square(side: int) -> np.ndarray:
    return np.ones((side, side), np.uint8)
