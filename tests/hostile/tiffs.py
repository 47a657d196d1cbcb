"""TIFF files whose directories lie."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image
from valid import READ, REFUSED, HostileFile, directory, save, write_tiff

SHORT, LONG, RATIO = 3, 4, 5
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
OFFSETS, CHANNELS, ROWS, COUNTS, PLANES = 273, 277, 278, 279, 284
PIXELS = bytes(range(192))
START = b"II*\0"


def make(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    def tiff(name: str, data: bytes, expected: str | None = None) -> HostileFile:
        return HostileFile("tiff", f"{name}.tif", data, expected)

    for bits in (8, 16):
        for name, changes in _changes().items():
            yield tiff(f"{name}-{bits}", _tiff(bits, changes), REFUSED if "!" in name else None)
    yield tiff("no-directory", START + bytes(4), REFUSED)
    yield tiff("directory-beyond", START + b"\xf0\xff\xff\xff", REFUSED)
    yield tiff("cycle", _tiff(8, {}, next=200), None)
    yield tiff(
        "ring", START + struct.pack("<I", 8) + directory([], next=14) + directory([], next=8)
    )
    chain = b"".join(directory([], next=14 + 6 * i) for i in range(200_000))
    yield tiff("200000-directories", START + struct.pack("<I", 8) + chain, REFUSED)
    pages = b"".join(directory([], next=1206 + 6 * i) for i in range(200_000))
    yield tiff("200000-pages", _tiff(8, {}, next=1200).ljust(1200, b"\0") + pages, REFUSED)
    count, start = 200_000, 400
    many = {OFFSETS: (LONG, count, start), COUNTS: (LONG, count, start), ROWS: (LONG, 1, 1)}
    yield tiff("200000-strips", _tiff(8, many).ljust(start, b"\0") + b"\x08\0\0\0" * count, REFUSED)
    yield tiff(
        "big-tiff-endless", b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**63) + bytes(40), REFUSED
    )
    twice = _tiff(16, {}, extra=[(WIDTH, LONG, 1, 60_000), (HEIGHT, LONG, 1, 60_000)])
    yield tiff("two-sizes", twice)
    deep = np.zeros((8, 8, 3), np.uint16)
    for name in ("lzma", "zstd", "webp", "jpeg", "lerc"):
        code = {"lzma": 34925, "zstd": 50000, "webp": 50001, "jpeg": 7, "lerc": 34887}[name]
        data = write_tiff(deep, compression="zlib")
        coded = struct.pack("<HHI", COMPRESSION, SHORT, 1)
        at = data.index(coded) + len(coded)
        yield tiff(f"not-{name}", data[:at] + struct.pack("<H", code) + data[at + 2 :])
    bomb = write_tiff(np.zeros((2000, 2000, 3), np.uint16), compression="zlib")
    yield tiff("zeros", bomb, READ)
    floats = save(Image.fromarray(np.full((8, 8), np.nan, np.float32)), "TIFF")
    yield tiff("not-numbers", floats, REFUSED)
    yield tiff("below-zero", save(Image.fromarray(np.full((8, 8), -5, np.int32)), "TIFF"), REFUSED)


def _changes() -> dict[str, dict[int, tuple[int, int, int] | None]]:
    """Tags of a picture of 8 x 8 pixels with other values; "!" where no picture is left."""
    return {
        "huge!": {WIDTH: (LONG, 1, 100_000), HEIGHT: (LONG, 1, 100_000)},
        "just-allowed!": {WIDTH: (LONG, 1, 14_000), HEIGHT: (LONG, 1, 14_000)},
        "wide!": {WIDTH: (LONG, 1, 0xFFFFFFFF)},
        "no-width!": {WIDTH: (LONG, 1, 0)},
        "no-height!": {HEIGHT: (LONG, 1, 0)},
        "many-widths": {WIDTH: (SHORT, 90, 8)},
        "width-is-text!": {WIDTH: (2, 4, 0x38383838)},
        "width-missing!": {WIDTH: None},
        "larger": {HEIGHT: (LONG, 1, 800)},
        "strips-beyond": {OFFSETS: (LONG, 1, 0x7FFFFFFF)},
        "strip-at-0": {OFFSETS: (LONG, 1, 0)},
        "strips-missing": {OFFSETS: None},
        "strips-of-1-GB": {COUNTS: (LONG, 1, 1 << 30)},
        "strips-of-0": {COUNTS: (LONG, 1, 0)},
        "counts-missing": {COUNTS: None},
        "huge-count": {OFFSETS: (LONG, 0x3FFFFFFF, 8)},
        "no-rows": {ROWS: (LONG, 1, 0)},
        "rows-beyond": {ROWS: (LONG, 1, 0xFFFFFFFF)},
        "65535-channels": {CHANNELS: (SHORT, 1, 65535)},
        "no-channels": {CHANNELS: (SHORT, 1, 0)},
        "planes-of-nothing": {PLANES: (SHORT, 1, 2)},
        "planes-9": {PLANES: (SHORT, 1, 9)},
        "bits-of-65535": {BITS: (SHORT, 1, 65535)},
        "no-bits": {BITS: (SHORT, 1, 0)},
        "bits-missing": {BITS: None},
        "photometric-99": {PHOTOMETRIC: (SHORT, 1, 99)},
        "palette-missing": {PHOTOMETRIC: (SHORT, 1, 3), CHANNELS: (SHORT, 1, 1)},
        "lab": {PHOTOMETRIC: (SHORT, 1, 8)},
        "deflate-of-nothing": {COMPRESSION: (SHORT, 1, 8)},
        "fax-of-nothing": {COMPRESSION: (SHORT, 1, 4)},
        "jpeg-of-nothing": {COMPRESSION: (SHORT, 1, 7)},
        "old-jpeg": {COMPRESSION: (SHORT, 1, 6)},
        "tile-of-nothing": {322: (LONG, 1, 0), 323: (LONG, 1, 0)},
        "tile-of-1-TB": {322: (LONG, 1, 1 << 20), 323: (LONG, 1, 1 << 20), 324: (LONG, 1, 300)},
        "deep-picture": {32997: (LONG, 1, 100_000)},
        "no-resolution": {282: (RATIO, 1, 300), 283: (RATIO, 1, 300)},
        "groups-cycle": {0x8769: (LONG, 1, 8), 0x8825: (LONG, 1, 8), 330: (LONG, 1, 8)},
        "odd-groups": {0x8769: (RATIO, 1, 8), 0x8825: (2, 9, 8), 0x010F: (SHORT, 9, 8)},
        "profile-beyond": {34675: (7, 0xFFFFFFF, 8)},
        "predictor-9": {317: (SHORT, 1, 9), COMPRESSION: (SHORT, 1, 8)},
    }


def _tiff(bits: int, changes: dict, next: int = 0, extra: list | None = None) -> bytes:
    tags = {
        WIDTH: (LONG, 1, 8),
        HEIGHT: (LONG, 1, 8),
        BITS: (SHORT, 1, bits),
        COMPRESSION: (SHORT, 1, 1),
        PHOTOMETRIC: (SHORT, 1, 1),
        OFFSETS: (LONG, 1, 8),
        CHANNELS: (SHORT, 1, 1),
        ROWS: (LONG, 1, 8),
        COUNTS: (LONG, 1, 64 * bits // 8),
        PLANES: (SHORT, 1, 1),
    }
    entries = [(tag, *value) for tag, value in sorted((tags | changes).items()) if value]
    at = 8 + len(PIXELS)
    body = directory((extra or []) + entries, next)
    return START + struct.pack("<I", at) + PIXELS + body
