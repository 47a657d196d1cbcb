"""Photo: a picture file and its pixels, and writing it back as it was.

What the file carries beside its pixels (FileTraits: EXIF, ICC profile, XMP, resolution, a JPEG's
tables ...) goes into the file that is written. Pixels are held upright, as a person sees them;
the edited picture is turned back into the way the file stores it.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint import cmyk
from inpaint.errors import PhotoError
from inpaint.exif import find_orientation, turn_back, turn_upright
from inpaint.picture_file import PictureFile, open_picture
from inpaint.traits import FileTraits, read_traits, write_options
from inpaint.whole_file import write_whole
from inpaint.window import bounding_box

# Formats that are written, by suffix; the first suffix of a format is the one for new files.
FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".avif": "AVIF",
}
# Suffixes of all that is read.
SUFFIXES = frozenset({*FORMATS, ".gif", ".jp2", ".mpo", ".pbm", ".pgm", ".pnm", ".ppm"})

# What red, green and blue add to a grey.
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)

_WITH_ALPHA = frozenset(["PNG", "WEBP", "TIFF", "AVIF"])
_WITH_GREY = frozenset(["JPEG", "PNG", "TIFF", "BMP"])
_WITH_CMYK = frozenset(["JPEG", "TIFF"])
_WITHOUT_EXIF = frozenset(["BMP"])


@dataclass(frozen=True, eq=False)
class Photo:
    """Pixels as a person sees them, and all it takes to write their file again.

    pixels: uint8 (uint16 for uint16 arrays) H x W x 3 RGB, upright, read-only. alpha: H x W of
    the same dtype, or None. name: the file's name for messages, or None. notices: what could not
    be kept, in words. ink: a CMYK file's own samples, uint8 H x W x 4, else None.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    name: str | None = None
    notices: tuple[str, ...] = ()
    traits: FileTraits = field(default_factory=FileTraits)
    ink: np.ndarray | None = None

    def __post_init__(self) -> None:
        for array in (self.pixels, self.alpha, self.ink):
            if array is not None:
                array.flags.writeable = False

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def format(self) -> str | None:
        """The file's format as Pillow names it ("JPEG", "PNG"), None for an array."""
        return self.traits.format

    @classmethod
    def read(cls, source: str | os.PathLike | bytes | Image.Image | np.ndarray | Photo) -> Photo:
        """From a path, a file's bytes, a PIL image, an array, or a Photo (returned as it is).

        Arrays: uint8 or uint16, H x W or H x W x 1 (grey), x 2 (grey, alpha), x 3 (RGB) or
        x 4 (RGBA). PhotoError says in one line which file it is and what is wrong with it.
        """
        if isinstance(source, Photo):
            return source
        if isinstance(source, np.ndarray):
            return _from_array(source)
        return _from_file(open_picture(source))

    def with_edit(self, pixels: np.ndarray, hole: np.ndarray) -> Photo:
        """This photo with `pixels` (like its own) inside the bool H x W hole, itself outside.

        A grey photo takes their luminance, a CMYK one converts them by its colour profile.
        """
        if pixels.shape != self.pixels.shape or pixels.dtype != self.pixels.dtype:
            raise PhotoError(
                f"an edit is {self.pixels.dtype} {self.pixels.shape} like its photo, "
                f"not {pixels.dtype} {pixels.shape}"
            )
        box = bounding_box(hole)
        if box is None:
            return self
        part, patch = hole[box.slices][..., None], pixels[box.slices]
        if self.traits.colour == "L":
            grey = np.rint(patch @ LUMINANCE).astype(patch.dtype)
            patch = np.broadcast_to(grey[..., None], patch.shape)
        edited = self.pixels.copy()
        np.copyto(edited[box.slices], patch, where=part)
        ink = None
        if self.ink is not None:
            ink = self.ink.copy()
            np.copyto(
                ink[box.slices],
                cmyk.to_ink(np.ascontiguousarray(patch), self.traits.icc_profile),
                where=part,
            )
        return replace(self, pixels=edited, ink=ink)

    def encode(self, format: str | None = None, quality: int | None = None) -> bytes:
        """The bytes of a file in `format`; by default the photo's own, or PNG if that is not one
        of FORMATS or there is none.

        quality: 1 to 100 for JPEG, WebP and AVIF (a JPEG's own tables without it); the others
        are lossless. PhotoError for another format or quality, or where alpha would be lost.
        """
        target = self._choose_format(format)
        if quality is not None and not 1 <= quality <= 100:
            raise PhotoError(f"quality is {quality}; it goes from 1 to 100")
        if self.pixels.dtype == np.uint16 and target == "PNG":
            return _encode_16_bits(self.pixels, self.alpha)
        picture = self._arrange(target)
        options = write_options(self.traits, target, picture.mode, quality)
        try:
            return _save(picture, target, options)
        except (OSError, ValueError, KeyError) as error:
            name = self.name or "the photo"
            raise PhotoError(f"{name}: cannot be written as {target} ({error})") from error

    def write(
        self, path: str | os.PathLike, format: str | None = None, quality: int | None = None
    ) -> Path:
        """Encode into the file `path`, which appears whole or not at all; the path.

        The format is the one given, else the one that the suffix names, else the photo's own.
        PhotoError if it cannot be written there.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if format is None and suffix in SUFFIXES and suffix not in FORMATS:
            raise PhotoError(f"{path}: {suffix} files are read only; use {' '.join(FORMATS)}")
        data = self.encode(format or FORMATS.get(suffix), quality)
        try:
            return write_whole(path, data)
        except OSError as error:
            raise PhotoError(f"{path}: cannot be written ({error.strerror or error})") from error

    def _choose_format(self, format: str | None) -> str:
        known = sorted(set(FORMATS.values()))
        if format is None:
            return self.format if self.format in known else "PNG"
        target = FORMATS.get(f".{format.lower()}", format.upper())
        if target not in known:
            raise PhotoError(f"{format!r} is no format to write; there are {', '.join(known)}")
        return target

    def _arrange(self, target: str) -> Image.Image:
        """The picture as it lies in a file of that format: its channels, turned back."""
        pixels, alpha = self.pixels, self.alpha
        if pixels.dtype == np.uint16:
            pixels, alpha = _to_8_bits(pixels), None if alpha is None else _to_8_bits(alpha)
        if alpha is not None and target not in _WITH_ALPHA:
            if alpha.min() < 255:
                raise PhotoError(
                    f"{self.name or 'the photo'}: has transparent parts, which {target} cannot "
                    f"hold; use {', '.join(sorted(_WITH_ALPHA))}"
                )
            alpha = None
        if self.ink is not None and target in _WITH_CMYK:
            size = (self.width, self.height)
            picture = Image.frombuffer("CMYK", size, self.ink, "raw", "CMYK", 0, 1)
        elif self.traits.colour == "L" and target in _WITH_GREY:
            picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
        else:
            picture = Image.fromarray(pixels)
        if alpha is not None:
            picture.putalpha(Image.fromarray(alpha))
        return picture if target in _WITHOUT_EXIF else turn_back(picture, self.traits.orientation)


def _from_array(array: np.ndarray) -> Photo:
    shaped = array[..., None] if array.ndim == 2 else array
    channels = shaped.shape[2] if shaped.ndim == 3 else 0
    if array.dtype not in (np.uint8, np.uint16) or channels not in (1, 2, 3, 4) or not array.size:
        raise PhotoError(
            "a photo array is uint8 or uint16 and H x W or H x W x 1 to 4 channels, "
            f"not {array.dtype} {array.shape}"
        )
    alpha = shaped[..., -1].copy() if channels in (2, 4) else None
    if channels > 2:
        return Photo(shaped[..., :3].copy(), alpha)
    return Photo(np.repeat(shaped[..., :1], 3, axis=2), alpha, traits=FileTraits(colour="L"))


def _from_file(file: PictureFile) -> Photo:
    traits = read_traits(file)
    file.decode()
    image, notices = _convert(file)
    # After decoding: Pillow turns TIFFs upright while it decodes them, and says so.
    image = turn_upright(image, find_orientation(file.image))
    alpha = ink = None
    if image.mode in ("LA", "RGBA"):
        alpha = np.array(image.getchannel("A"))
    if image.mode == "CMYK":
        ink = np.array(image)
        image = cmyk.to_rgb(image, traits.icc_profile)
    pixels = np.array(image.convert("RGB"))
    name = os.path.basename(file.name) if file.name else None
    return Photo(pixels, alpha, name, tuple(notices), traits, ink)


def _convert(file: PictureFile) -> tuple[Image.Image, list[str]]:
    """The decoded picture as L, LA, RGB, RGBA or CMYK of 8 bits, and what that costs."""
    image, notices = file.image, []
    if image.format == "MPO":
        notices.append("only the first of the pictures in this file is kept")
    elif image.format is not None and image.format not in FORMATS.values():
        notices.append(f"{image.format} is read only; the restored photo is written as PNG")
    if _is_16_bit(file):
        notices.append("16 bits per channel are reduced to 8")
    if image.mode == "1":
        notices.append("black and white becomes grey, for a fill in between")
    if image.mode in ("P", "PA"):
        notices.append("the palette becomes full colour, for a fill of any colour")
    if image.mode in ("LAB", "YCbCr", "HSV"):
        notices.append(f"{image.mode} colours become RGB")
    if image.mode == "CMYK":
        return image, notices
    try:
        return _to_plain_mode(image), notices
    except ValueError as error:
        name = file.name or "the picture"
        raise PhotoError(f"{name}: colours of kind {image.mode} are not read ({error})") from error


def _to_plain_mode(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray(_to_8_bits(np.asarray(image)))
    if image.mode == "F":
        raise ValueError("save it with 8 or 16 bits per channel")
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        # "La" and "RGBa", premultiplied, have no direct way to the other.
        return image.convert("LA" if grey else "RGBA")
    return image.convert("L" if grey else "RGB")


def _is_16_bit(file: PictureFile) -> bool:
    image = file.image
    if image.mode.startswith("I"):
        return True
    if image.format == "PNG" and file.data:
        return file.data[24] == 16  # Pillow has reduced it already; the header still says so
    return image.format == "TIFF" and max(image.tag_v2.get(258, (8,))) > 8


def _to_8_bits(levels: np.ndarray) -> np.ndarray:
    if levels.dtype != np.uint16 and not 0 <= levels.min() <= levels.max() <= 65535:
        raise ValueError("save it with 8 or 16 bits per channel")
    return ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _encode_16_bits(pixels: np.ndarray, alpha: np.ndarray | None) -> bytes:
    # Pillow has no colour of 16 bits; OpenCV writes it, with blue first.
    from inpaint._opencv import cv2

    channels = [*np.moveaxis(pixels[..., ::-1], 2, 0)]
    if alpha is not None:
        channels.append(alpha)
    return cv2.imencode(".png", np.stack(channels, axis=2))[1].tobytes()


def _save(picture: Image.Image, target: str, options: dict) -> bytes:
    buffer = io.BytesIO()
    try:
        picture.save(buffer, target, **options)
    except OSError:
        # Pillow's buffer is too small for the scans of some very detailed pictures.
        if not options.get("progressive"):
            raise
        buffer = io.BytesIO()
        picture.save(buffer, target, **{**options, "progressive": False})
    return buffer.getvalue()
