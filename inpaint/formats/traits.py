"""What a picture file carries beside its pixels, and how that goes into the file written."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image, JpegImagePlugin

from inpaint.formats import exif, png
from inpaint.formats.jpeg_segments import without_xmp_thumbnails
from inpaint.formats.picture_file import PictureFile

_PNG_XMP = "XML:com.adobe.xmp"
_JPEG_QUALITY = _WEBP_QUALITY = 95
_AVIF_QUALITY = 90
_LONGEST_JPEG_SEGMENT = 65000
_X_RESOLUTION = 282  # a TIFF's tag


@dataclass(frozen=True)
class FileTraits:
    """What a file carries beside its pixels.

    colour: "L", "RGB" or "CMYK", the samples that the file holds; orientation: EXIF's 1 to 8;
    jpeg: Pillow's options for the same tables, subsampling and order of scans; png: chunks.
    """

    format: str | None = None
    colour: str = "RGB"
    orientation: int = 1
    exif: bytes | None = None
    icc_profile: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    comment: bytes | None = None
    jpeg: dict[str, Any] = field(default_factory=dict)
    png: tuple[tuple[bytes, bytes], ...] = ()
    compressed_tiff: bool = True
    lossless_webp: bool = False
    stripped: bool = False

    def without_metadata(self) -> FileTraits:
        """Only what the colours and the way the picture lies need."""
        return replace(
            self,
            exif=exif.only_orientation(self.orientation),
            xmp=None,
            comment=None,
            png=tuple(chunk for chunk in self.png if chunk[0] in png.COLOURS),
            stripped=True,
        )


def read_traits(file: PictureFile) -> FileTraits:
    """The traits of an opened file whose pixels are not decoded yet."""
    image, info = file.image, file.image.info
    kind = "JPEG" if image.format == "MPO" else image.format
    xmp = info.get("xmp") or info.get(_PNG_XMP)
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    comment = info.get("comment") if kind == "JPEG" else None
    tags = image.tag_v2 if kind == "TIFF" else ()
    return FileTraits(
        format=kind,
        # Pillow opens grey with alpha of 16 bits as RGBA.
        colour="L" if kind == "PNG" and png.is_grey(file.data or b"") else _colour(image.mode),
        orientation=exif.find_orientation(image),
        exif=exif.read_exif(image),
        icc_profile=info.get("icc_profile") or None,
        xmp=without_xmp_thumbnails(xmp) if xmp else None,
        # Where a TIFF says nothing, Pillow says 1.
        dpi=None if kind == "TIFF" and _X_RESOLUTION not in tags else _read_dpi(info.get("dpi")),
        comment=comment if isinstance(comment, bytes) else None,
        jpeg=_read_jpeg(image) if kind == "JPEG" else {},
        png=tuple(png.read_chunks(file.data)) if kind == "PNG" and file.data else (),
        compressed_tiff=kind != "TIFF" or info.get("compression") != "raw",
        lossless_webp=kind == "WEBP" and any(n == b"VP8L" for n in _webp_chunks(file.data or b"")),
    )


def write_options(
    traits: FileTraits, target: str, mode: str, quality: int | None
) -> dict[str, Any]:
    """Pillow's options to save a picture of `mode` in the format `target` with these traits."""
    options: dict[str, Any] = {"dpi": traits.dpi, "exif": traits.exif}
    if profile_fits(traits.icc_profile, mode):
        options["icc_profile"] = traits.icc_profile
    options |= _WRITERS[target](traits, mode, quality)
    return {key: value for key, value in options.items() if value is not None}


def png_chunks(traits: FileTraits) -> list[tuple[bytes, bytes]]:
    """Name and content of the chunks that a PNG file gets beside EXIF and profile."""
    chunks = list(traits.png)
    if traits.dpi and all(name != b"pHYs" for name, _ in chunks):
        across, down = (round(dots / 0.0254) for dots in traits.dpi)
        chunks.append((b"pHYs", struct.pack(">IIB", across, down, 1)))
    if traits.xmp and traits.format != "PNG":
        # A text neither compressed nor in a language.
        chunks.append((b"iTXt", _PNG_XMP.encode() + b"\0\0\0\0\0" + traits.xmp))
    return chunks


def _jpeg_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "comment": traits.comment,
        "xmp": _segment(traits.xmp),
        "optimize": True,
    }
    if traits.exif and len(traits.exif) > _LONGEST_JPEG_SEGMENT:
        options["exif"] = None
    if quality is None and traits.jpeg:
        return options | traits.jpeg
    return options | {"quality": quality or _JPEG_QUALITY, "subsampling": 0}


def _webp_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    # "exact" keeps the colours of fully transparent pixels.
    lossless = traits.lossless_webp and quality is None
    quality = quality or _WEBP_QUALITY
    return {"xmp": traits.xmp, "exact": True, "lossless": lossless, "quality": quality}


def _avif_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    options = {"xmp": traits.xmp, "quality": quality or _AVIF_QUALITY, "subsampling": "4:4:4"}
    if traits.exif and not exif.is_whole(traits.exif):  # which the encoders would stumble over
        options["exif"] = None
    return options


def _bmp_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    return {"exif": None, "icc_profile": None}


_WRITERS = {
    "JPEG": _jpeg_options,
    "WEBP": _webp_options,
    "AVIF": _avif_options,
    "HEIF": _avif_options,
    "BMP": _bmp_options,
}


def _colour(mode: str) -> str:
    if mode in ("1", "L", "LA", "La", "I") or mode.startswith("I;16"):
        return "L"
    return "CMYK" if mode == "CMYK" else "RGB"


def profile_fits(profile: bytes | None, mode: str) -> bool:
    """Whether there is a profile, for samples of that mode.

    One for ink says nothing about light; libraries refuse or misread such a pair.
    """
    space = (profile or b"")[16:20]
    if mode == "CMYK":
        return space == b"CMYK"
    return space == b"RGB " or (space == b"GRAY" and mode in ("L", "LA"))


def _segment(data: bytes | None) -> bytes | None:
    return data if data and len(data) <= _LONGEST_JPEG_SEGMENT else None


def _read_dpi(dpi: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 1 <= across < 1e5 and 1 <= down < 1e5 else None


def _read_jpeg(image: Image.Image) -> dict[str, Any]:
    if not getattr(image, "quantization", None):
        return {}
    options: dict[str, Any] = {
        "qtables": dict(image.quantization),
        "progressive": bool(image.info.get("progressive")),
    }
    subsampling = JpegImagePlugin.get_sampling(image)
    if subsampling >= 0:
        options["subsampling"] = subsampling
    if image.mode == "RGB" and image.info.get("adobe_transform") == 0:
        options["keep_rgb"] = True  # stored as RGB, not as luminance and colour differences
    return options


def _webp_chunks(data: bytes) -> Iterator[bytes]:
    position = 12
    while position + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        yield name
        position += 8 + length + length % 2
