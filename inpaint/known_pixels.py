"""Shrinking and blurring a picture with a hole by its known pixels only."""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2


def shrink_known(
    picture: np.ndarray, hole: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Area means of the known pixels, and the hole in them: float32 h x w x 3, bool h x w.

    picture: float32 H x W x 3 in [0, 1]; hole: bool H x W. A pixel that holds any of the hole is
    hole; where this would leave nothing known, only one that holds nothing else.
    """
    size = (width, height)
    known = (~hole).astype(np.float32)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(_known_only(picture, hole), size, interpolation=cv2.INTER_AREA)
    small = np.clip(small / np.maximum(share, 1e-6)[..., None], 0, 1)
    small_hole = share < 1 - 1e-4
    return small, share < 1e-4 if small_hole.all() else small_hole


def enlarge(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cubic enlargement of a float32 h x w x 3 picture, within [0, 1]."""
    large = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(large, 0, 1)


def blur_known(picture: np.ndarray, hole: np.ndarray, sigma: float) -> tuple[np.ndarray, ...]:
    """Gaussian means of the known pixels, and the share that these had: H x W x 3, H x W."""
    share = cv2.GaussianBlur((~hole).astype(np.float32), (0, 0), sigma)
    means = cv2.GaussianBlur(_known_only(picture, hole), (0, 0), sigma)
    return means / np.maximum(share, 1e-6)[..., None], share


def _known_only(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return np.where(hole[..., None], np.float32(0), picture)
