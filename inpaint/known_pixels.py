"""Shrinking, blurring and continuing a picture with a hole by its known pixels only."""

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


def spread_known(values: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Float32 H x W x 3 values of any range, in the hole smooth continuations of those around it.

    Push and pull (Gortler et al., The Lumigraph, 1996): halve, by known pixels only, until all is
    known; the hole takes the coarser level, enlarged. Zeros where nothing is known.
    """
    if hole.all() or not hole.any():
        return _known_only(values, hole)
    height, width = hole.shape
    size = ((width + 1) // 2, (height + 1) // 2)
    share = cv2.resize((~hole).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(_known_only(values, hole), size, interpolation=cv2.INTER_AREA)
    small /= np.maximum(share, 1e-6)[..., None]
    coarse = spread_known(small, share < 1e-4)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(hole[..., None], smooth, values)


def _known_only(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return np.where(hole[..., None], np.float32(0), picture)
