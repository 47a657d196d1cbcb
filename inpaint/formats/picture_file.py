"""Opening a picture file that may be anything."""

from __future__ import annotations

import io
import math
import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from inpaint.errors import PhotoError, error_line
from inpaint.formats import guards
from inpaint.places import as_place, is_remote

# Photos and scans only: what else Pillow opens (EPS, WMF) runs other programs or has no pixels.
_KINDS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM")

# Above this a picture is refused unless the caller raises the limit: 600 MB of decoded pixels.
MAX_PIXELS = 200_000_000

_PILLOW_WARNS_FROM = 80_000_000
_LONGEST_REASON = 300
_ORIENTATION = 0x0112

# Pillow's limit of its own and Python's list of warnings are globals.
_globals_lock = threading.Lock()

_HEIF_BRANDS = frozenset([b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"])


@dataclass(frozen=True)
class PictureFile:
    """A picture whose header is read; `data` is the file, None if it came as a PIL image.

    notices: what of it is not kept, in words.
    """

    image: Image.Image
    data: bytes | None = None
    name: str | None = None
    notices: tuple[str, ...] = ()

    def decode(self) -> None:
        """Read the pixels. PhotoError if the file is damaged or cut off."""
        # Pillow has a limit of its own for TIFFs, at which it also warns.
        tiff = self.image.format == "TIFF" and math.prod(self.image.size) > _PILLOW_WARNS_FROM
        with self.explained(), quiet() if tiff else nullcontext():
            self.image.load()

    def explained(self) -> AbstractContextManager[None]:
        """In it, whatever a decoder stumbles over is raised as a PhotoError with the name."""
        return _explained(self.name)


def open_picture(
    source: str | os.PathLike | bytes | Image.Image, max_pixels: float | None = None
) -> PictureFile:
    """A picture from a path, a file's bytes or a PIL image, its pixels not decoded yet.

    max_pixels: MAX_PIXELS without it. PhotoError, in one line that names the file: not there, not
    a picture, too many pixels, or several pictures in one file.
    """
    limit = MAX_PIXELS if max_pixels is None else max_pixels
    if isinstance(source, Image.Image):
        path = getattr(source, "filename", None)
        file = PictureFile(source, None, os.path.basename(path) if path else None)
        _check_size(source, file.name, limit)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        file = _open_bytes(bytes(source), None, limit)
    elif isinstance(source, (str, os.PathLike)) or is_remote(source):
        place = as_place(source)
        file = _open_bytes(_read_bytes(place), str(place), limit)
    else:
        raise PhotoError(
            f"a picture is a path, bytes, a PIL image or an array, not {type(source).__name__}"
        )
    # A phone's JPEG may hold a second, smaller picture or a depth map (MPO), and most GIFs are
    # animations: the first picture counts.
    kind = file.image.format
    if kind not in ("MPO", "GIF") and getattr(file.image, "is_animated", False):
        # A TIFF's pages are not counted: they may be a hundred thousand, or a ring.
        count = "several" if kind == "TIFF" else file.image.n_frames
        raise PhotoError(
            f"{_called(file.name)}: there are {count} pictures in this file (an animation or "
            "several pages); save the one to restore as a file of its own"
        )
    return file


def _check_size(image: Image.Image, name: str | None, max_pixels: float) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise PhotoError(
            f"{_called(name)}: the picture has too many pixels, {width} x {height}; the limit "
            f"is {max_pixels / 1e6:g} megapixels (max_pixels, --max-pixels)"
        )


def _read_bytes(path: Path) -> bytes:
    name = str(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise PhotoError(f"{_called(name)}: is no file but a device or a pipe")
        return path.read_bytes()
    except PhotoError:
        raise
    except FileNotFoundError as error:
        raise PhotoError(f"{_called(name)}: no such file") from error
    except IsADirectoryError as error:
        raise PhotoError(f"{_called(name)}: is a folder, not a picture") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PhotoError(f"{_called(name)}: cannot be read ({reason})") from error
    except Exception as error:
        if not is_remote(path):
            raise
        raise PhotoError(f"{_called(name)}: cannot be read ({error_line(error)})") from error


def _open_bytes(data: bytes, path: str | None, max_pixels: float) -> PictureFile:
    Image.init()
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        register_heif(path)
    with _explained(path):
        guards.check_bytes(data)
    with _explained(path), quiet():
        image = Image.open(
            io.BytesIO(data), formats=[kind for kind in _KINDS if kind in Image.OPEN]
        )
        _check_size(image, path, max_pixels)
        guards.check_opened(image)
        notices = _parse_exif(image)
    return PictureFile(image, data, path, notices)


def _parse_exif(image: Image.Image) -> tuple[str, ...]:
    """Here, where oddities in it stay unheard; what it costs, in words."""
    if image.format == "PNG" and "exif" not in image.info:  # it may follow the pixels
        image.load()
        guards.check_opened(image)
    try:
        image.getexif().get(_ORIENTATION)
    except MemoryError:
        raise
    # A parser of what anybody may have written; the picture is there without it.
    except Exception:
        for key in ("exif", "Raw profile type exif"):
            image.info.pop(key, None)
        return ("the EXIF data is damaged and left out",)
    return ()


def register_heif(name: str | None) -> None:
    """Teach Pillow HEIC. PhotoError, naming the picture, where the package for it is missing."""
    try:
        import pillow_heif
    except ImportError as error:
        raise PhotoError(
            f"{_called(name)}: HEIC photos need one more package: pip install pillow-heif, or "
            "choose another format"
        ) from error
    pillow_heif.register_heif_opener(thumbnails=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Without Pillow's warnings about odd metadata, and without its limit of pixels, for ours."""
    with _globals_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def _explained(name: str | None) -> Iterator[None]:
    try:
        yield
    except (PhotoError, MemoryError):
        raise
    except Image.UnidentifiedImageError as error:
        raise PhotoError(f"{_called(name)}: not a picture of a kind that can be read") from error
    # Decoders meet a damaged file with whatever error it leads them to.
    except Exception as error:
        reason = " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
        raise PhotoError(f"{_called(name)}: damaged or cut off ({reason})") from error


def _called(name: str | None) -> str:
    # A name may hold line ends, or what moves a terminal's cursor.
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", "?", name) if name else "the picture"
