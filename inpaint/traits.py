"""What a picture file carries beside its pixels, and how that goes into the file written."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, JpegImagePlugin, PngImagePlugin

from inpaint import exif
from inpaint.picture_file import PictureFile

_PNG_CHUNKS = frozenset([b"cHRM", b"cICP", b"gAMA", b"sRGB", b"tEXt", b"zTXt", b"iTXt"])
_PNG_XMP = "XML:com.adobe.xmp"
_LOSSLESS_TIFF = frozenset(["raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "lzma", "zstd"])
_JPEG_QUALITY = _WEBP_QUALITY = 95
_AVIF_QUALITY = 90
_LONGEST_JPEG_SEGMENT = 65000


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
    tiff_compression: str | None = None
    lossless_webp: bool = False


def read_traits(file: PictureFile) -> FileTraits:
    """The traits of an opened file whose pixels are not decoded yet."""
    image, info = file.image, file.image.info
    kind = "JPEG" if image.format == "MPO" else image.format
    xmp = info.get("xmp") or info.get(_PNG_XMP)
    comment = info.get("comment") if kind == "JPEG" else None
    return FileTraits(
        format=kind,
        colour=_colour(image.mode),
        orientation=exif.find_orientation(image),
        exif=exif.read_exif(image),
        icc_profile=info.get("icc_profile") or None,
        xmp=xmp.encode() if isinstance(xmp, str) else xmp or None,
        dpi=_read_dpi(info.get("dpi")),
        comment=comment if isinstance(comment, bytes) else None,
        jpeg=_read_jpeg(image) if kind == "JPEG" else {},
        png=tuple(_read_png(file.data)) if kind == "PNG" and file.data else (),
        tiff_compression=info.get("compression") if kind == "TIFF" else None,
        lossless_webp=kind == "WEBP" and any(n == b"VP8L" for n in _webp_chunks(file.data or b"")),
    )


def write_options(
    traits: FileTraits, target: str, mode: str, quality: int | None
) -> dict[str, Any]:
    """Pillow's options to save a picture of `mode` in the format `target` with these traits."""
    options: dict[str, Any] = {"dpi": traits.dpi, "exif": traits.exif}
    if traits.icc_profile and _profile_fits(traits.icc_profile, mode):
        options["icc_profile"] = traits.icc_profile
    options |= _WRITERS[target](traits, mode, quality)
    return {key: value for key, value in options.items() if value is not None}


def _jpeg_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {"comment": traits.comment, "xmp": _segment(traits.xmp)}
    if traits.exif and len(traits.exif) > _LONGEST_JPEG_SEGMENT:
        options["exif"] = None
    if quality is None and traits.jpeg:
        return options | traits.jpeg
    return options | {"quality": quality or _JPEG_QUALITY, "subsampling": 0}


def _png_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    chunks = PngImagePlugin.PngInfo()
    for name, data in traits.png:
        chunks.add(name, data)
    if traits.xmp and traits.format != "PNG":
        chunks.add_itxt(_PNG_XMP, traits.xmp.decode("utf-8", "replace"))
    return {"pnginfo": chunks}


def _webp_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    # "exact" keeps the colours of fully transparent pixels.
    lossless = traits.lossless_webp and quality is None
    quality = quality or _WEBP_QUALITY
    return {"xmp": traits.xmp, "exact": True, "lossless": lossless, "quality": quality}


def _avif_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    return {"xmp": traits.xmp, "quality": quality or _AVIF_QUALITY, "subsampling": "4:4:4"}


def _tiff_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    tags = Image.Exif()
    if traits.exif:
        tags.load(traits.exif)
    if traits.xmp:
        tags[exif.XMP] = traits.xmp
    compression = traits.tiff_compression
    if compression not in _LOSSLESS_TIFF:
        compression = "tiff_adobe_deflate"
    # Pillow hands compressed files to libtiff, which refuses EXIF's groups from it.
    if traits.exif and exif.has_groups(traits.exif):
        compression = "raw"
    return {"exif": tags, "compression": compression}


def _bmp_options(traits: FileTraits, mode: str, quality: int | None) -> dict[str, Any]:
    return {"exif": None, "icc_profile": None}


_WRITERS = {
    "JPEG": _jpeg_options,
    "PNG": _png_options,
    "WEBP": _webp_options,
    "AVIF": _avif_options,
    "TIFF": _tiff_options,
    "BMP": _bmp_options,
}


def _colour(mode: str) -> str:
    if mode in ("1", "L", "LA", "La", "I") or mode.startswith("I;16"):
        return "L"
    return "CMYK" if mode == "CMYK" else "RGB"


def _profile_fits(profile: bytes, mode: str) -> bool:
    """A profile for ink says nothing about light; libraries refuse or misread such a pair."""
    space = profile[16:20]
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


def _read_png(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The file's texts (XMP is one) and what it says about its colours."""
    position = 8
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        chunk = data[position + 8 : position + 8 + length]
        # EXIF in a text is written as EXIF; here it would bring its thumbnail back.
        old_exif = chunk.startswith((b"Raw profile type exif", b"Raw profile type APP1"))
        if name in _PNG_CHUNKS and not old_exif:
            yield name, chunk
        position += 12 + length


def _webp_chunks(data: bytes) -> Iterator[bytes]:
    position = 12
    while position + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        yield name
        position += 8 + length + length % 2
