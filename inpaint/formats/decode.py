"""From an opened picture file to its samples, as a person sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from inpaint.errors import PhotoError
from inpaint.formats import FORMATS, colour, png, tiff
from inpaint.formats.exif import find_orientation, turn_upright
from inpaint.formats.picture_file import PictureFile


class _DepthError(PhotoError):
    """Samples of a depth that is not read."""


@dataclass(frozen=True)
class Samples:
    """Upright: pixels uint8 or uint16 H x W x 3; alpha H x W of that dtype or None; ink uint8
    H x W x 4 of a CMYK file, else None; notices: what could not be kept, in words."""

    pixels: np.ndarray
    alpha: np.ndarray | None
    ink: np.ndarray | None
    notices: tuple[str, ...]


def decode(file: PictureFile, icc_profile: bytes | None) -> Samples:
    """The samples of an opened file. PhotoError if it is damaged or of a kind that is not read."""
    levels = _decode_16_bits(file)
    if levels is not None:
        upright = turn_upright(levels, find_orientation(file.image))
        return Samples(*split_channels(np.atleast_3d(upright)), None, file.notices)
    file.decode()
    image, notices = _convert(file)
    # After decoding: Pillow turns TIFFs upright while it decodes them, and says so.
    orientation = find_orientation(file.image)
    ink = None
    if image.mode == "CMYK":
        ink = _upright(image, orientation)
        image = colour.ink_to_rgb(image, icc_profile)
    alpha = _upright(image.getchannel("A"), orientation) if "A" in image.mode else None
    rgb = image if image.mode == "RGB" else image.convert("RGB")  # which would copy the former too
    return Samples(_upright(rgb, orientation), alpha, ink, tuple(notices))


def split_channels(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """H x W x 1 to 4 channels -> H x W x 3 and alpha (H x W) or None."""
    alpha = samples[..., -1].copy() if samples.shape[2] in (2, 4) else None
    if samples.shape[2] > 2:
        return samples[..., :3].copy(), alpha
    return np.repeat(samples[..., :1], 3, axis=2), alpha


def to_8_bits(levels: np.ndarray) -> np.ndarray:
    """uint16 levels as uint8."""
    return ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _decode_16_bits(file: PictureFile) -> np.ndarray | None:
    """The samples of a file with 16 bits that Pillow would reduce to 8; None for all others."""
    if file.data is None or not _is_16_bit(file):
        return None
    with file.explained():
        if file.image.format == "PNG":
            return png.decode_16_bits(file.data)
        if file.image.format == "TIFF":
            # As they lie in the file: `size` is already that of the picture turned upright.
            width, height = (file.image.tag_v2[tag] for tag in (tiff.WIDTH, tiff.HEIGHT))
            return tiff.decode_16_bits(file.data, (height, width))
    return None


def _upright(image: Image.Image, orientation: int) -> np.ndarray:
    return np.ascontiguousarray(turn_upright(np.array(image), orientation))


def _convert(file: PictureFile) -> tuple[Image.Image, list[str]]:
    """The decoded picture as L, LA, RGB, RGBA or CMYK of 8 bits, and what that costs."""
    image, notices = file.image, [*file.notices]
    if image.format == "MPO":
        notices.append("only the first of the pictures in this file is kept")
    elif image.format == "GIF" and getattr(image, "is_animated", False):
        notices.append("only the first picture of this animation is used, and written as PNG")
    elif image.format is not None and image.format not in FORMATS.values():
        notices.append(f"{image.format} is read only; the restored photo is written as PNG")
    if _is_16_bit(file) or image.info.get("bit_depth", 8) > 8:
        notices.append("more than 8 bits per channel are reduced to 8")
    if image.mode == "1":
        notices.append("black and white becomes grey, for a fill in between")
    if image.mode in ("P", "PA"):
        notices.append("the palette becomes full colour, for a fill of any colour")
    if image.mode in ("LAB", "YCbCr", "HSV"):
        notices.append(f"{image.mode} colours become RGB")
    if image.mode == "CMYK":
        return image, notices
    try:
        with file.explained():  # a palette may be missing, say
            return _to_plain_mode(image), notices
    except _DepthError as error:
        name = file.name or "the picture"
        raise PhotoError(f"{name}: colours of kind {image.mode} are not read ({error})") from error


def _to_plain_mode(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        levels = np.asarray(image)
        if not 0 <= levels.min() <= levels.max() <= 65535:
            raise _DepthError("save it with 8 or 16 bits per channel")
        return Image.fromarray(to_8_bits(levels))
    if image.mode == "F":
        raise _DepthError("save it with 8 or 16 bits per channel")
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        # "La" and "RGBa", premultiplied, have no direct way to the other.
        return image.convert("LA" if grey else "RGBA")
    return image.convert("L" if grey else "RGB")


def _is_16_bit(file: PictureFile) -> bool:
    image = file.image
    if image.format == "PNG" and file.data:
        return png.has_16_bits(file.data)
    if image.format == "TIFF":
        return max(image.tag_v2.get(258, (8,))) > 8
    return image.mode.startswith("I")
