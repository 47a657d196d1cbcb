"""From a file to what the browser shows, from the browser's mask to the photo's, and back."""

from __future__ import annotations

import io
import re
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from inpaint.errors import InpaintError, MaskError, PhotoError
from inpaint.photo import Photo

VIEW_SIDE = 1600
MAX_PIXELS = 100_000_000
_VIEW_QUALITY = 88


class TooLargeError(InpaintError):
    """A photo with more pixels or bytes than the app takes."""


def read_photo(data: bytes, name: str) -> Photo:
    """Decode an uploaded file.

    TooLargeError before anything is decoded; PhotoError if it is no picture.
    """
    check_pixels(data, name)
    try:
        photo = Photo.read(data)
    except PhotoError as error:
        reason = re.sub(r"^the (photo|picture): ", "", str(error))  # bytes have no name
        raise PhotoError(f"{name} cannot be opened: {reason}") from error
    if photo.height * photo.width > MAX_PIXELS:
        raise _too_many_pixels(name, photo.width, photo.height)
    return photo


def check_pixels(data: bytes, name: str) -> None:
    """TooLargeError if the file's header promises more than MAX_PIXELS."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
    except Image.DecompressionBombError as error:
        raise TooLargeError(
            f"{name} has too many pixels; the app takes up to {MAX_PIXELS // 10**6} megapixels."
        ) from error
    except (OSError, ValueError, SyntaxError):
        return  # not a picture that Pillow knows: Photo.read says so, or knows better
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(name, width, height)


def make_view(photo: Photo, source: bytes) -> tuple[bytes, tuple[int, int]]:
    """A preview of at most VIEW_SIDE pixels a side: JPEG bytes and (width, height).

    It carries the photo's colour profile, so that the browser shows the photo's colours;
    transparent parts lie on white.
    """
    pixels, alpha = _to_bytes(photo.pixels), photo.alpha
    view = _shrink(Image.fromarray(pixels))
    if alpha is not None:
        paper = Image.new("RGB", view.size, "white")
        paper.paste(view, mask=Image.fromarray(_to_bytes(alpha)).resize(view.size))
        view = paper
    buffer = io.BytesIO()
    view.save(buffer, "JPEG", quality=_VIEW_QUALITY, icc_profile=_rgb_profile(source))
    return buffer.getvalue(), view.size


def read_painted(mask: bytes, view_size: tuple[int, int]) -> Image.Image:
    """The browser's mask as a mode "L" picture of view_size, 255 = fill.

    MaskError if it is no picture, of another size, or has nothing painted.
    """
    try:
        with Image.open(io.BytesIO(mask), formats=["PNG"]) as picture:
            if picture.size != view_size:
                raise MaskError(
                    f"The mask is {picture.width} × {picture.height}, "
                    f"the preview {view_size[0]} × {view_size[1]} pixels."
                )
            painted = picture.convert("L")
    except (OSError, ValueError, SyntaxError) as error:
        if isinstance(error, MaskError):
            raise
        raise MaskError("The mask is not a PNG picture.") from error
    if painted.getextrema()[1] <= 127:
        raise MaskError("Nothing is painted yet. Paint over what should go, then press Restore.")
    return painted


def scale_mask(painted: Image.Image, height: int, width: int) -> np.ndarray:
    """The painted mask at the photo's own size: bool height x width, smooth at its edges."""
    return np.asarray(painted.resize((width, height), Image.Resampling.BILINEAR)) > 127


def name_result(name: str, data: bytes) -> tuple[str, str]:
    """File name and media type of a restored photo: NAME_restored.EXT in the photo's format."""
    with Image.open(io.BytesIO(data)) as picture:
        written = picture.format or "PNG"
    path = PurePosixPath(name)
    suffix = path.suffix
    # A phone's JPEG with a second picture inside reads as MPO; its name is a JPEG's.
    fitting = (written, "JPEG") if written == "MPO" else (written,)
    if Image.registered_extensions().get(suffix.lower()) not in fitting:
        suffix = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif"}.get(written, f".{written.lower()}")
    return f"{path.stem or 'photo'}_restored{suffix}", Image.MIME.get(written, "image/png")


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


def _to_bytes(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return pixels


def _rgb_profile(source: bytes) -> bytes | None:
    """The file's colour profile if it is one for RGB; a CMYK profile does not fit the preview."""
    try:
        with Image.open(io.BytesIO(source)) as picture:
            profile = picture.info.get("icc_profile")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return profile if profile and profile[16:20] == b"RGB " else None


def _too_many_pixels(name: str, width: int, height: int) -> TooLargeError:
    return TooLargeError(
        f"{name} has {width} × {height} pixels; "
        f"the app takes up to {MAX_PIXELS // 10**6} megapixels."
    )
