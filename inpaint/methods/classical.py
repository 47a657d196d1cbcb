"""Fills without a network: OpenCV's two and scikit-image's."""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2
from inpaint.known_pixels import enlarge, shrink_known

_RADIUS = 3  # pixels around each that OpenCV's methods look at; what their users take
_BIHARMONIC_PIXELS = 20_000  # unknowns at once: half a second, 50 MB


class OpenCVMethod:
    """cv2.inpaint, with 8 bits per channel where the photo has no more, else with 16.

    OpenCV's Telea reads pixels of the hole beside the photo's top and left border, and overshoots
    (opencv/opencv issue 28648: saturated dots). So the hole holds the known pixels' mean colour
    before, and the fill is held within the colours around the hole after.
    """

    max_side: int | None = None

    def __init__(self, name: str, flag: int) -> None:
        self.name = name
        self._flag = flag

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """The Method contract; mid-grey where nothing is known."""
        if hole.all():
            return _grey(image)
        dtype = np.uint8 if _has_8_bits(image[~hole]) else np.uint16
        levels = np.iinfo(dtype).max
        picture = np.rint(np.where(hole[..., None], 0, image) * levels).astype(dtype)
        around = picture[_border(hole)]
        picture[hole] = np.rint(around.mean(axis=0)).astype(dtype)
        # OpenCV takes three channels at once of 8 bits only.
        parts = [picture] if dtype is np.uint8 else cv2.split(picture)
        area = hole.astype(np.uint8)
        filled = np.dstack([cv2.inpaint(part, area, _RADIUS, self._flag) for part in parts])
        filled = np.clip(filled, around.min(axis=0), around.max(axis=0))
        return filled.astype(np.float32) / levels


class BiharmonicMethod:
    """skimage.restoration.inpaint_biharmonic, which continues colours and their slopes.

    Its system of equations grows with the hole until memory is gone (scikit-image issue 7474):
    a window with more than 20 000 pixels of hole is solved smaller, and the fill enlarged.
    """

    name = "biharmonic"
    max_side: int | None = None

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """The Method contract; mid-grey where nothing is known."""
        if hole.all():
            return _grey(image)
        scale = (_BIHARMONIC_PIXELS / hole.sum()) ** 0.5
        if scale >= 1:
            return _solve(image, hole)
        height, width = (max(1, round(side * scale)) for side in hole.shape)
        small, small_hole = shrink_known(image, hole, height, width)
        return enlarge(_solve(small, small_hole), *hole.shape)


def create_classical(name: str) -> OpenCVMethod | BiharmonicMethod:
    """One of the names in `inpaint.methods.CLASSICAL`."""
    return _MAKERS[name]()


_MAKERS = {
    "telea": lambda: OpenCVMethod("telea", cv2.INPAINT_TELEA),
    "navier-stokes": lambda: OpenCVMethod("navier-stokes", cv2.INPAINT_NS),
    "biharmonic": BiharmonicMethod,
}


def _solve(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    from skimage.restoration import inpaint_biharmonic

    if not hole.any():
        return image
    # In double precision: its equations of fourth order lose half the digits, more on some CPUs.
    picture = np.where(hole[..., None], 0.0, image.astype(np.float64))
    filled = inpaint_biharmonic(picture, hole, split_into_regions=True, channel_axis=-1)
    return np.clip(filled, 0, 1).astype(np.float32)


def _grey(image: np.ndarray) -> np.ndarray:
    return np.full_like(image, 0.5)


def _has_8_bits(known: np.ndarray) -> bool:
    levels = known * 255
    return bool(np.abs(levels - np.rint(levels)).max() < 1e-3)


def _border(hole: np.ndarray) -> np.ndarray:
    """The known pixels that OpenCV's methods look at."""
    side = 2 * _RADIUS + 1
    near = cv2.dilate(hole.astype(np.uint8), np.ones((side, side), np.uint8))
    return near.astype(bool) & ~hole
