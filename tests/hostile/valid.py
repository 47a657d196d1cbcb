"""Valid pictures of all kinds that are read, and the pieces that files are made of."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms

REFUSED, READ = "refused", "read"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
HEIGHT, WIDTH = 40, 56


@dataclass(frozen=True)
class HostileFile:
    """kind: the folder; expected: "refused", "read", or None where either is right."""

    kind: str
    name: str
    data: bytes
    expected: str | None = None


def make_valid() -> Iterator[tuple[str, bytes]]:
    """Names with suffix, and files."""
    pillow_heif.register_heif_opener(thumbnails=False)
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    samples = np.stack([x * 4, y * 6, (x + y) * 2], -1) + rng.integers(0, 12, (HEIGHT, WIDTH, 3))
    picture = Image.fromarray(samples.astype(np.uint8))
    grey, alpha = picture.convert("L"), picture.copy()
    alpha.putalpha(grey)
    deep = (samples * 250).astype(np.uint16)
    exif = _exif_with_thumbnail(picture)
    told = {"exif": exif, "icc_profile": SRGB, "dpi": (300, 300)}

    yield "baseline.jpg", save(picture, "JPEG", quality=88, subsampling=2, **told)
    yield "progressive.jpg", save(picture, "JPEG", progressive=True, subsampling=1, **told)
    yield "grey.jpg", save(grey, "JPEG", exif=exif)
    yield "ink.jpg", save(picture.convert("CMYK"), "JPEG", quality=90)
    yield "restart.jpg", save(picture, "JPEG", restart_marker_rows=1, subsampling=0)
    yield "plain.png", save(picture, "PNG", **told)
    yield "alpha.png", save(alpha, "PNG")
    yield "palette.png", save(picture.quantize(16), "PNG", exif=exif)
    yield "deep.png", deep_png(deep, (b"eXIf", exif[6:]))
    yield "raw.tif", save(picture, "TIFF", **told)
    yield "deflate.tif", save(alpha, "TIFF", compression="tiff_adobe_deflate")
    yield "lzw.tif", save(picture, "TIFF", compression="tiff_lzw")
    yield "jpeg.tif", save(picture, "TIFF", compression="jpeg")
    yield "deep.tif", write_tiff(deep, predictor=True, compression="zlib")
    yield "tiled.tif", write_tiff(deep, tile=(16, 16))
    yield "big.tif", write_tiff(deep, bigtiff=True, rowsperstrip=8)
    yield "lossy.webp", save(picture, "WEBP", quality=80, exif=exif, icc_profile=SRGB)
    yield "lossless.webp", save(alpha, "WEBP", lossless=True, exif=exif)
    yield "photo.avif", save(picture, "AVIF", quality=70, exif=exif, icc_profile=SRGB)
    yield "photo.heic", save(picture, "HEIF", quality=70, exif=exif)
    yield "photo.gif", save(picture.quantize(32), "GIF")
    yield "photo.bmp", save(picture, "BMP")
    yield "palette.bmp", save(picture.quantize(64), "BMP")
    yield "photo.jp2", save(picture, "JPEG2000")
    yield "photo.ppm", save(picture, "PPM")


def save(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image.save(buffer, format, **options)
    return buffer.getvalue()


def write_tiff(samples: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, samples, photometric="rgb", metadata=None, **options)
    return buffer.getvalue()


def deep_png(samples: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    rows = samples.astype(">u2").reshape(len(samples), -1).view(np.uint8)
    rows = np.insert(rows, 0, 0, axis=1)
    return png(samples.shape[1], samples.shape[0], rows.tobytes(), *chunks, depth=16)


def png(
    width: int, height: int, rows: bytes, *chunks: tuple[bytes, bytes], depth=8, colour=2, laced=0
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, laced)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def chunk(name: bytes, content: bytes, crc: int | None = None) -> bytes:
    """A PNG's."""
    crc = zlib.crc32(name + content) if crc is None else crc
    return struct.pack(">I4s", len(content), name) + content + struct.pack(">I", crc)


def with_chunk(data: bytes, name: bytes, content: bytes, crc: int | None = None) -> bytes:
    """A PNG with one more chunk behind its header."""
    return data[:33] + chunk(name, content, crc) + data[33:]


def segment(marker: int, payload: bytes) -> bytes:
    """A JPEG's."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def directory(entries: list[tuple[int, int, int, int]], next: int = 0) -> bytes:
    """A TIFF's, of (tag, kind, count, value or place), little-endian."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", next)


def patched(data: bytes, at: int, content: bytes) -> bytes:
    return data[:at] + content + data[at + len(content) :]


def _exif_with_thumbnail(picture: Image.Image) -> bytes:
    """A block of two directories, the second one with a small JPEG."""
    small = save(picture.resize((16, 12)), "JPEG", quality=50)
    first = [(0x0112, 3, 1, 1), (0x0132, 2, 4, 0x00303032)]
    at = 8 + 2 * (2 + 12 * 2 + 4)
    second = [(0x0201, 4, 1, at), (0x0202, 4, 1, len(small))]
    start = b"II*\0\x08\0\0\0" + directory(first, next=8 + 2 + 12 * 2 + 4)
    return b"Exif\0\0" + start + directory(second) + small
