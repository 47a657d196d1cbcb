"""From a file to what the browser shows, and to the file that it takes home."""

from __future__ import annotations

import io
import re
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from inpaint.errors import InpaintError, PhotoError
from inpaint.photo import Photo

VIEW_SIDE = 1600
_VIEW_QUALITY = 88


class TooLargeError(InpaintError):
    """A photo with more pixels or bytes than the app takes."""


def read_photo(data: bytes, name: str, max_pixels: int) -> Photo:
    """Decode an uploaded file.

    TooLargeError before anything is decoded; PhotoError if it is no picture.
    """
    _check_pixels(data, name, max_pixels)
    try:
        photo = Photo.read(data, max_pixels=2 * max_pixels)  # of headers that Pillow cannot read
    except PhotoError as error:
        reason = re.sub(r"^the (photo|picture): ", "", str(error))  # bytes have no name
        raise PhotoError(f"{name} cannot be opened: {reason}") from error
    if photo.height * photo.width > max_pixels:
        raise _too_many_pixels(name, photo.width, photo.height, max_pixels)
    return photo


def read_view(view: bytes) -> np.ndarray:
    """A preview's pixels: uint8 H x W x 3 RGB."""
    with Image.open(io.BytesIO(view)) as picture:
        return np.asarray(picture.convert("RGB"))


def make_view(photo: Photo, source: bytes) -> tuple[bytes, tuple[int, int]]:
    """A preview of at most VIEW_SIDE pixels a side: JPEG bytes and (width, height).

    It carries the photo's colour profile, so that the browser shows the photo's colours;
    transparent parts lie on white.
    """
    pixels, alpha = as_bytes(photo.pixels), photo.alpha
    view = _shrink(Image.fromarray(pixels))
    if alpha is not None:
        paper = Image.new("RGB", view.size, "white")
        paper.paste(view, mask=Image.fromarray(as_bytes(alpha)).resize(view.size))
        view = paper
    buffer = io.BytesIO()
    view.save(buffer, "JPEG", quality=_VIEW_QUALITY, icc_profile=_rgb_profile(source))
    return buffer.getvalue(), view.size


def as_bytes(pixels: np.ndarray) -> np.ndarray:
    """uint8 or uint16 pixels as uint8."""
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return pixels


def name_file(name: str, data: bytes, ending: str = "restored") -> str:
    """NAME_ENDING.EXT for a file made of the photo `name`, in the photo's own spelling of EXT if
    that fits the data."""
    with Image.open(io.BytesIO(data)) as picture:
        written = picture.format or "PNG"
    path = PurePosixPath(name)
    suffix = path.suffix
    # A phone's JPEG with a second picture inside reads as MPO; its name is a JPEG's.
    fitting = (written, "JPEG") if written == "MPO" else (written,)
    if Image.registered_extensions().get(suffix.lower()) not in fitting:
        suffix = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif"}.get(written, f".{written.lower()}")
    return f"{path.stem or 'photo'}_{ending}{suffix}"


def clean_name(name: str) -> str:
    """A file name safe to show and to send in a header: no folders, no control characters."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    if len(printable) > 120:
        stem, dot, suffix = printable.rpartition(".")
        printable = f"{stem[:100]}{dot}{suffix[:10]}" if dot else printable[:100]
    return printable or "photo"


def _shrink(picture: Image.Image) -> Image.Image:
    if max(picture.size) > VIEW_SIDE:
        picture.thumbnail((VIEW_SIDE, VIEW_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return picture


def _rgb_profile(source: bytes) -> bytes | None:
    """The file's colour profile if it is one for RGB; a CMYK profile does not fit the preview."""
    try:
        with Image.open(io.BytesIO(source)) as picture:
            profile = picture.info.get("icc_profile")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return profile if profile and profile[16:20] == b"RGB " else None


def _check_pixels(data: bytes, name: str, max_pixels: int) -> None:
    """TooLargeError if the file's header promises more than max_pixels."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
    except Image.DecompressionBombError as error:
        raise TooLargeError(
            f"{name} has too many pixels; the app takes up to {max_pixels / 1e6:g} megapixels."
        ) from error
    except (OSError, ValueError, SyntaxError):
        return  # not a picture that Pillow knows: Photo.read says so, or knows better
    if width * height > max_pixels:
        raise _too_many_pixels(name, width, height, max_pixels)


def _too_many_pixels(name: str, width: int, height: int, max_pixels: int) -> TooLargeError:
    return TooLargeError(
        f"{name} has {width} × {height} pixels; "
        f"the app takes up to {max_pixels / 1e6:g} megapixels."
    )
