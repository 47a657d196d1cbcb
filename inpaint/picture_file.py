"""Opening a picture file that may be anything."""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from inpaint.errors import PhotoError

# Photos and scans only: what else Pillow opens (EPS, WMF) runs other programs or has no pixels.
_KINDS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM")

_warnings_lock = threading.Lock()


@dataclass(frozen=True)
class PictureFile:
    """A picture whose header is read; `data` is the file, None if it came as a PIL image."""

    image: Image.Image
    data: bytes | None = None
    name: str | None = None

    def decode(self) -> None:
        """Read the pixels. PhotoError if the file is damaged or cut off."""
        with _explained(self.name):
            self.image.load()


def open_picture(source: str | os.PathLike | bytes | Image.Image) -> PictureFile:
    """A picture from a path, a file's bytes or a PIL image, its pixels not decoded yet.

    PhotoError, in one line that names the file: not there, not a picture, too many pixels, or
    several pictures in one file.
    """
    if isinstance(source, Image.Image):
        path = getattr(source, "filename", None)
        file = PictureFile(source, None, os.path.basename(path) if path else None)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        file = _open_bytes(bytes(source), None)
    elif isinstance(source, (str, os.PathLike)):
        file = _open_bytes(_read_bytes(source), os.fsdecode(source))
    else:
        raise PhotoError(f"a picture is a path, bytes, a PIL image or an array, not {source!r}")
    # A phone's JPEG may hold a second, smaller picture or a depth map (MPO): the first counts.
    count = 1 if file.image.format == "MPO" else getattr(file.image, "n_frames", 1)
    if count > 1:
        raise PhotoError(
            f"{_called(file.name)}: there are {count} pictures in this file (an animation or "
            "several pages); save the one to restore as a file of its own"
        )
    return file


def _read_bytes(path: str | os.PathLike) -> bytes:
    name = os.fsdecode(path)
    try:
        return Path(name).read_bytes()
    except FileNotFoundError as error:
        raise PhotoError(f"{name}: no such file") from error
    except IsADirectoryError as error:
        raise PhotoError(f"{name}: is a folder, not a picture") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PhotoError(f"{name}: cannot be read ({reason})") from error


def _open_bytes(data: bytes, path: str | None) -> PictureFile:
    Image.init()
    with _explained(path), _quiet():
        image = Image.open(
            io.BytesIO(data), formats=[kind for kind in _KINDS if kind in Image.OPEN]
        )
        image.getexif()  # parsed here, where oddities in it stay unheard
    return PictureFile(image, data, path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow's warnings about odd metadata and large pictures are nothing a person can act on."""
    with _warnings_lock, warnings.catch_warnings():  # one list of filters for all threads
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _explained(name: str | None) -> Iterator[None]:
    try:
        yield
    except (PhotoError, MemoryError):
        raise
    except Image.UnidentifiedImageError as error:
        raise PhotoError(f"{_called(name)}: not a picture of a kind that can be read") from error
    except Image.DecompressionBombError as error:
        raise PhotoError(f"{_called(name)}: the picture has too many pixels") from error
    # Decoders meet a damaged file with whatever error it leads them to.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise PhotoError(f"{_called(name)}: damaged or cut off ({reason})") from error


def _called(name: str | None) -> str:
    return name or "the picture"
