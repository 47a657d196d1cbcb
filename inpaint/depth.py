"""How deep and how thick holes are."""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2


def find_thickness(hole: np.ndarray) -> float:
    """The diameter, in pixels, of the largest disc that fits into the bool H x W hole.

    The picture's border counts as an edge of the hole only where all of the picture is hole.
    """
    return float(max(hole.shape)) if hole.all() else 2 * float(find_depth(hole).max())


def find_depth(hole: np.ndarray) -> np.ndarray:
    """float32 H x W: pixels from each place of the bool H x W hole to the nearest known one.

    0 outside. The picture's border is no edge of the hole.
    """
    inside = np.ascontiguousarray(hole).view(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # OpenCV's last bits differ from call to call; the squares are whole numbers.
    depth[hole] = np.sqrt(np.rint(np.square(depth[hole], dtype=np.float64)))
    return depth
