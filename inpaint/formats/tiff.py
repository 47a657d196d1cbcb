"""TIFF files written around an EXIF block, and read with 16 bits.

An EXIF block is a TIFF file without a picture: its directories, groups and values stay where they
are, and a new first directory says in addition how the picture lies behind them.
"""

from __future__ import annotations

import io
import logging
import struct
import zlib

import numpy as np

from inpaint.formats.exif import EXIF_GROUP, GPS_GROUP, TIFF_LAYOUT

_HEADERS = {"<": b"II*\0", ">": b"MM\0*"}
_STRIP_BYTES = 1 << 20
_SHORT, _LONG, _RATIONAL, _UNDEFINED, _BYTE = 3, 4, 5, 7, 1
_RAW, _DEFLATE = 1, 8
_CODES = {_SHORT: "H", _LONG: "I"}

WIDTH, HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_OFFSETS, _CHANNELS, _ROWS, _COUNTS = 273, 277, 278, 279
_ACROSS, _DOWN, _LAYOUT, _UNIT, _PREDICTOR = 282, 283, 284, 296, 317
_EXTRA, _XMP, _ICC = 338, 700, 34675
_BLACK_IS_ZERO, _RGB, _INK = 1, 2, 5
_MAXIMUM = 0xFFFFFFFF


def encode(
    samples: np.ndarray,
    *,
    alpha: bool,
    exif: bytes | None,
    icc_profile: bytes | None,
    xmp: bytes | None,
    dpi: tuple[float, float] | None,
    compressed: bool,
) -> bytes:
    """A TIFF file of uint8 or uint16 samples, H x W x channels: grey, RGB or CMYK, the last one
    alpha if `alpha`.

    exif: a TIFF block without its "Exif" prefix. ValueError if the file would pass 4 GiB.
    """
    height, width, channels = samples.shape
    order = next((o for o, mark in _HEADERS.items() if exif and exif[:4] == mark), "<")
    block = exif if exif and exif[:4] == _HEADERS[order] else _HEADERS[order] + bytes(4)
    entries = _first_directory(block, order)
    body = bytearray(block)
    depth = 8 * samples.dtype.itemsize
    colours = channels - alpha
    rows = max(1, _STRIP_BYTES // (width * channels * samples.dtype.itemsize))
    strips = [
        _encode_strip(samples[top : top + rows], order, compressed)
        for top in range(0, height, rows)
    ]
    offsets = []
    for strip in strips:
        offsets.append(len(body))
        body += strip
        body += bytes(len(body) % 2)
    numbers = {
        WIDTH: (_LONG, [width]),
        HEIGHT: (_LONG, [height]),
        _BITS: (_SHORT, [depth] * channels),
        _COMPRESSION: (_SHORT, [_DEFLATE if compressed else _RAW]),
        _PHOTOMETRIC: (_SHORT, [{1: _BLACK_IS_ZERO, 3: _RGB, 4: _INK}[colours]]),
        _OFFSETS: (_LONG, offsets),
        _CHANNELS: (_SHORT, [channels]),
        _ROWS: (_LONG, [rows]),
        _COUNTS: (_LONG, [len(strip) for strip in strips]),
        _LAYOUT: (_SHORT, [1]),
    }
    if compressed:
        numbers[_PREDICTOR] = (_SHORT, [2])
    if alpha:
        numbers[_EXTRA] = (_SHORT, [2])
    values = {
        tag: (kind, len(many), struct.pack(f"{order}{len(many)}{_CODES[kind]}", *many))
        for tag, (kind, many) in numbers.items()
    }
    if dpi:
        for tag, dots in zip((_ACROSS, _DOWN), dpi, strict=True):
            values[tag] = (_RATIONAL, 1, struct.pack(f"{order}II", round(dots * 1000), 1000))
        values[_UNIT] = (_SHORT, 1, struct.pack(f"{order}H", 2))
    if icc_profile:
        values[_ICC] = (_UNDEFINED, len(icc_profile), icc_profile)
    if xmp:
        values[_XMP] = (_BYTE, len(xmp), xmp)
    for tag, (kind, count, data) in values.items():
        place = data.ljust(4, b"\0")
        if len(data) > 4:
            place = struct.pack(f"{order}I", len(body))
            body += data
            body += bytes(len(body) % 2)
        entries[tag] = struct.pack(f"{order}HHI", tag, kind, count) + place
    start = len(body)
    if start > _MAXIMUM - (1 << 16):
        raise ValueError("a TIFF file holds at most 4 GiB")
    struct.pack_into(f"{order}I", body, 4, start)
    body += struct.pack(f"{order}H", len(entries))
    body += b"".join(entries[tag] for tag in sorted(entries))
    body += bytes(4)
    return bytes(body)


# What they think of a damaged file is said by the error, in one line.
for _name in ("tifffile", "PIL.TiffImagePlugin"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


def decode_16_bits(data: bytes, shape: tuple[int, int]) -> np.ndarray | None:
    """uint16 H x W, H x W x 2 (grey, alpha), x 3 (RGB) or x 4 (RGBA); None for other kinds, or
    where it is not of `shape` (height, width)."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        if page.dtype != np.uint16 or page.photometric not in (_BLACK_IS_ZERO, _RGB):
            return None
        # Of two sizes in one directory, Pillow, which has checked one, may take the other.
        if (page.imagelength, page.imagewidth) != shape or page.imagedepth != 1:
            return None
        levels = _levels(page, data)
    if levels is None or levels.dtype != np.uint16:
        return None
    channels = page.samplesperpixel
    if channels > 1 and page.planarconfig == 2:
        levels = np.moveaxis(levels, 0, -1)
    fits = {1: (_BLACK_IS_ZERO,), 2: (_BLACK_IS_ZERO,), 3: (_RGB,), 4: (_RGB,)}
    if page.photometric not in fits.get(channels, ()):
        return None
    wanted = (page.imagelength, page.imagewidth) + ((channels,) if channels > 1 else ())
    return levels if levels.shape == wanted else None


def _levels(page, data: bytes) -> np.ndarray | None:
    try:
        return page.asarray()
    except ValueError:
        # LZW, say: tifffile needs another package for it. OpenCV has libtiff, but mixes up
        # separate planes.
        from inpaint._opencv import cv2

        if page.planarconfig == 2 or page.samplesperpixel == 2:
            return None
        levels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if levels is None or levels.ndim == 2:
            return levels
        return levels[..., [2, 1, 0, 3][: levels.shape[2]]]


def _encode_strip(samples: np.ndarray, order: str, compressed: bool) -> bytes:
    if compressed:  # differences to the left neighbour, which deflate better
        samples = np.diff(samples, axis=1, prepend=samples.dtype.type(0))
    if samples.dtype == np.uint16:
        samples = samples.astype(f"{order}u2")
    data = np.ascontiguousarray(samples).tobytes()
    return zlib.compress(data) if compressed else data


def _first_directory(block: bytes, order: str) -> dict[int, bytes]:
    """The entries of the block's first directory as they are; none if it is damaged."""
    try:
        (start,) = struct.unpack_from(f"{order}I", block, 4)
        if start == 0:
            return {}
        (count,) = struct.unpack_from(f"{order}H", block, start)
        places = range(start + 2, start + 2 + 12 * count, 12)
        entries = {struct.unpack_from(f"{order}H", block, i)[0]: block[i : i + 12] for i in places}
    except struct.error:
        return {}
    foreign = TIFF_LAYOUT - {EXIF_GROUP, GPS_GROUP}
    return {tag: e for tag, e in entries.items() if len(e) == 12 and tag not in foreign}
