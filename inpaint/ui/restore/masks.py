"""Masks between the browser, which paints on a preview, and the photo, whose size a hole has.

In the browser's hands a mask is a one-bit PNG of the preview's size, 1 = fill.
"""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from inpaint.errors import MaskError
from inpaint.mask import read_hole
from inpaint.ui.restore.session import LoadedMask, OpenPhoto

NOTHING = "Nothing is painted yet. Paint over what should go, then press Restore."


def read_painted(mask: bytes, view_size: tuple[int, int]) -> np.ndarray:
    """The browser's mask: bool, view_size is (width, height).

    MaskError if it is no PNG, of another size, or has nothing painted.
    """
    try:
        with Image.open(io.BytesIO(mask), formats=["PNG"]) as picture:
            if picture.size != view_size:
                raise MaskError(
                    f"The mask is {picture.width} × {picture.height}, "
                    f"the preview {view_size[0]} × {view_size[1]} pixels."
                )
            painted = np.asarray(picture.convert("L")) > 127
    except (OSError, ValueError, SyntaxError) as error:
        if isinstance(error, MaskError):
            raise
        raise MaskError("The mask is not a PNG picture.") from error
    if not painted.any():
        raise MaskError(NOTHING)
    return painted


def scale_up(painted: np.ndarray, photo: OpenPhoto) -> np.ndarray:
    """The painted mask at the photo's own size, smooth at its edges: bool H x W.

    Where it is still as it was loaded from a file, it is what that file says, pixel by pixel.
    """
    height, width = photo.decoded.height, photo.decoded.width
    hole = _resize(painted, width, height)
    if photo.loaded is not None:
        kept = _resize(painted == photo.loaded.view, width, height)
        bits = np.unpackbits(photo.loaded.packed, count=height * width)
        exact = bits.reshape(height, width).view(bool) & _cover(painted, width, height)
        hole = np.where(kept, exact, hole)
    return hole


def load(data: bytes, photo: OpenPhoto) -> tuple[bool, bool]:
    """Read a mask file for the photo, at its size, into `photo.loaded`; whether it may be the wrong
    way round, and whether it had to be turned as the photo is turned by its EXIF orientation.

    MaskError says what is wrong.
    """
    shape = photo.decoded.height, photo.decoded.width
    orientation, turned = photo.decoded.traits.orientation, False
    try:
        hole, notices = read_hole(data, shape, orientation=orientation)
    except MaskError:
        try:
            hole, notices = read_hole(data, shape, orientation=orientation, turned=True)
        except MaskError:
            hole = None
        if hole is None:
            raise
        turned = True
    keep_loaded(hole, photo)
    return bool(notices), turned


def keep_loaded(hole: np.ndarray, photo: OpenPhoto) -> None:
    """Make a bool H x W mask of the photo's size its loaded one."""
    view = np.asarray(
        Image.fromarray(hole).convert("L").resize(photo.view_size, Image.Resampling.BOX)
    )
    # Lines thinner than a pixel of the preview stay visible in it: nothing unseen is filled.
    photo.loaded = LoadedMask(view > 0, np.packbits(hole))


def encode(mask: np.ndarray) -> bytes:
    """A one-bit PNG of a bool H x W mask."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(mask)).save(buffer, "PNG")
    return buffer.getvalue()


def as_url(mask: np.ndarray) -> str:
    """The mask as a data: URL of a PNG."""
    return "data:image/png;base64," + base64.b64encode(encode(mask)).decode()


def _cover(mask: np.ndarray, width: int, height: int) -> np.ndarray:
    """All pixels of the larger size that lie in, or touch, one of the mask's."""
    picture = Image.fromarray(mask).convert("L").resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(picture) > 0


def _resize(mask: np.ndarray, width: int, height: int) -> np.ndarray:
    if mask.shape == (height, width):
        return mask
    picture = Image.fromarray(mask).convert("L")
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR)) > 127
