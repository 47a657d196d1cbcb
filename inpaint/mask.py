"""Masks: reading, checking, growing, feathering. bool H x W, True = fill."""

from __future__ import annotations

import os

import numpy as np
from PIL import Image

from inpaint._opencv import cv2
from inpaint.depth import find_depth
from inpaint.errors import MaskError, PhotoError
from inpaint.formats.exif import find_orientation, turn_upright
from inpaint.formats.picture_file import open_picture
from inpaint.window import Window, bounding_box

_MIDDLE = 127  # of 255: what is more opaque counts
_MOSTLY = 0.6  # the share from which on a mask may be the wrong way round
_INVERT = "invert it (--invert, invert=True)"
_TURN = "turn it too (--mask-turned, turned=True)"


def read_mask(
    source: str | os.PathLike | bytes | Image.Image | np.ndarray,
    shape: tuple[int, int] | None = None,
) -> np.ndarray:
    """A mask from a path, a file's bytes, a PIL image or an array: bool H x W, True = fill.

    A picture's white counts (luminance above 127 of 255); where it has transparent parts and all
    else is of one colour, what is opaque counts. An array is bool; or integers, of which those
    above half of 255 (uint16: of 65535) count, or 1 where there are 0 and 1 only; or floats, of
    which those above 0.5 count; H x W, or uint8 with 1 to 4 channels as a picture has.
    `shape` is the photo's (height, width). MaskError if the source is no mask, is dark all over
    without being black, or has another size.
    """
    mask = _from_array(source) if isinstance(source, np.ndarray) else _from_file(source)
    if shape is not None and mask.shape != tuple(shape):
        raise MaskError(_describe_sizes(mask.shape, shape))
    return mask


def read_hole(
    source: str | os.PathLike | bytes | Image.Image | np.ndarray,
    shape: tuple[int, int],
    *,
    orientation: int = 1,
    invert: bool = False,
    turned: bool = False,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """A mask for a photo of `shape` (height, width), and in words what may be wrong with it.

    orientation: the photo's of EXIF. invert: black = fill. turned: the mask was drawn on the
    photo as it is stored and turns with it. MaskError as `read_mask`; one of another size says so
    where turning it would help.
    """
    mask = read_mask(source)
    upright = turn_upright(mask, orientation)
    if (upright if turned else mask).shape != tuple(shape):
        if turned and mask.shape == tuple(shape):
            raise MaskError(
                "the mask fits the upright photo, so it needs no turning: leave that out "
                "(--mask-turned, turned=True)"
            )
        raise MaskError(_describe_sizes(mask.shape, shape, stored=upright.shape == tuple(shape)))
    mask = upright if turned else mask
    if invert:
        mask = ~mask
    notices = []
    share = np.count_nonzero(mask) / mask.size
    if _MOSTLY < share < 1:
        notices.append(
            f"the mask covers {share:.0%} of the photo; if white means keep in it: {_INVERT}"
        )
    return mask, tuple(notices)


def check_hole(hole: np.ndarray) -> None:
    """MaskError if there is nothing to fill, or nothing to go by."""
    if not hole.any():
        raise MaskError("nothing is painted: the mask has no white part that could be filled")
    if hole.all():
        raise MaskError("all of the photo is painted: nothing is left that a fill could go by")


def grow(mask: np.ndarray, pixels: int) -> np.ndarray:
    """The bool H x W mask with all within `pixels` of it, a disc. MaskError if negative."""
    if pixels < 0:
        raise MaskError(f"a mask grows by 0 pixels or more, not by {pixels}")
    box = bounding_box(mask)
    if pixels == 0 or box is None:
        return mask
    grown = mask.copy()
    around = _widen(box, int(np.ceil(pixels)), mask.shape).slices
    distance = cv2.distanceTransform(
        (~mask[around]).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )
    grown[around] = distance <= pixels
    return grown


def feather(hole: np.ndarray, pixels: float) -> np.ndarray:
    """Weights of a fill, float32 H x W: 0 outside the bool hole, rising to 1 `pixels` deep in it.

    Where the hole is less deep, they reach almost 1 at its deepest. The photo's border is no edge
    of the hole. MaskError if negative.
    """
    if not 0 <= pixels < np.inf:
        raise MaskError(f"a feather is 0 pixels or more, not {pixels}")
    if pixels == 0 or hole.all():
        return hole.astype(np.float32)
    deep = find_depth(hole)
    return np.minimum(deep / (min(float(pixels), float(deep.max())) + 1), 1)


def _widen(box: Window, margin: int, shape: tuple[int, int]) -> Window:
    top, left = max(box.top - margin, 0), max(box.left - margin, 0)
    bottom = min(box.top + box.height + margin, shape[0])
    right = min(box.left + box.width + margin, shape[1])
    return Window(top, left, bottom - top, right - left)


def _from_array(array: np.ndarray) -> np.ndarray:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if 0 in array.shape:
        raise MaskError(f"the mask is empty ({array.dtype} {array.shape})")
    if array.ndim == 3 and array.shape[2] in (2, 3, 4) and array.dtype == np.uint8:
        return _lighter_half(*_levels(Image.fromarray(array)))
    if array.ndim != 2:
        raise MaskError(f"a mask array is height x width, not {array.dtype} {array.shape}")
    if array.dtype == bool:
        return array
    if array.dtype.kind == "f":
        if np.nanmax(array, initial=0) > 1:
            raise MaskError(f"a mask of floats goes from 0 to 1, not to {np.nanmax(array):g}")
        return _lighter_half(array, 1)
    if array.dtype.kind not in "iu":
        raise MaskError(f"a mask array holds bool, integers or floats, not {array.dtype}")
    return _lighter_half(array, 65535 if array.dtype == np.uint16 else 255)


def _from_file(source: str | os.PathLike | bytes | Image.Image) -> np.ndarray:
    try:
        file = open_picture(source)
        file.decode()
        with file.explained():
            levels, most = _levels(file.image)
            levels = turn_upright(levels, find_orientation(file.image))
    except PhotoError as error:
        reason = str(error).removeprefix("the picture: ")  # what has no name
        raise MaskError(f"mask: {reason}") from error
    return _lighter_half(levels, most)


def _levels(image: Image.Image) -> tuple[np.ndarray, int]:
    """How much each pixel counts, H x W, and the most that it can."""
    if image.mode.startswith(("I", "F")):
        return np.asarray(image), 65535 if image.mode.startswith("I") else 1
    if not image.has_transparency_data:
        return np.asarray(image if image.mode == "L" else image.convert("L")), 255
    # "La", premultiplied, has no direct way to the other.
    picture = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    light = np.asarray(picture.convert("L"))
    alpha = np.asarray(picture.getchannel("A"))
    opaque = alpha > _MIDDLE
    visible = light[opaque]
    if not opaque.all() and visible.size and visible.min() == visible.max():
        return alpha, 255
    return np.where(opaque, light, 0), 255


def _lighter_half(levels: np.ndarray, most: int) -> np.ndarray:
    """Where levels from 0 to `most` lie above the middle, or are 1 where there are 0 and 1 only.

    MaskError if there are others than 0, and none counts.
    """
    brightest = np.nanmax(levels, initial=0)
    if brightest == 1:
        return levels > 0.5
    middle = most // 2 if most > 1 else 0.5
    if 0 < brightest <= middle:
        raise MaskError(
            "nothing is painted: the lightest part of the mask is "
            f"{brightest:g} of {most}, and what lies above {middle:g} counts"
        )
    return levels > middle


def _describe_sizes(mask: tuple[int, ...], photo: tuple[int, ...], stored: bool = False) -> str:
    (rows, columns), (height, width) = mask, photo
    hint = ""
    if stored:
        hint = (
            "; it fits the photo as it is stored, before its EXIF orientation turns it upright: "
            f"{_TURN}"
        )
    elif (columns, rows) == (height, width):
        hint = "; turned by 90 degrees it would fit"
    return (
        f"the mask is {columns} x {rows} pixels, the photo {width} x {height} "
        f"(width x height){hint}"
    )
