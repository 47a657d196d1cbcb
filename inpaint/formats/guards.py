"""Files that would cost far more than they hold: recognised before they do.

A limit of pixels is not enough: decoders copy and loop as metadata tells them to. All of these
raise a ValueError that says what the file claims.
"""

from __future__ import annotations

import contextlib
import re

import numpy as np
from PIL import Image

from inpaint.errors import PhotoError
from inpaint.formats import jpeg_segments
from inpaint.formats.exif import EXIF_GROUP, GPS_GROUP, VALUE_SIZES

_MEBIBYTE = 1 << 20
_TIFF_STARTS = re.compile(rb"II\*\0|MM\0\*|II\+\0|MM\0\+")
_GROUPS = (EXIF_GROUP, GPS_GROUP, 0xA005)  # directories that Pillow reads too
_DEEPEST_GROUP = 2
_MANY_BLOCKS = 1000
_LONGEST_PROFILE_TEXT = 300_000
_COMMENT = b"!\xfe\xff"
# Run lengths are decoded pixel by pixel; a jump in them fills up to 255 rows.
_MOST_RUN_PIXELS, _LONGEST_RUN_ROW = 16_000_000, 65_535


def check_bytes(data: bytes) -> None:
    """Before anything looks into the file."""
    if _TIFF_STARTS.match(data):
        _check_values([data])
    elif data.startswith(b"\xff\xd8"):
        _check_values([_join_exif(data)])
    elif data[4:8] == b"ftyp":
        starts = [match.start() for match in _TIFF_STARTS.finditer(data)]
        if len(starts) > _MANY_BLOCKS:
            raise ValueError(f"it holds {len(starts):,} blocks of EXIF")
        _check_values([memoryview(data)[start:] for start in starts])
    elif data.startswith(b"GIF8"):
        _check_comments(data)


def check_opened(image: Image.Image) -> None:
    """Before the opened picture is decoded, or its EXIF read."""
    exif = image.info.get("exif")
    if isinstance(exif, bytes):
        _check_values([exif])
    if len(image.info.get("Raw profile type exif", "")) > _LONGEST_PROFILE_TEXT:
        raise ValueError("its EXIF is too long a text")
    width, height = image.size
    tiles = getattr(image, "tile", [])
    if len(tiles) > 4 * width * height:
        raise ValueError(f"{len(tiles):,} strips of pixels for {width} x {height}")
    large = width * height > _MOST_RUN_PIXELS or width > _LONGEST_RUN_ROW
    if large and tiles and tiles[0][0] == "bmp_rle":
        raise ValueError(f"run lengths for {width} x {height} pixels; save it as PNG")


def _check_values(blocks: list[bytes | memoryview]) -> None:
    for block in blocks:
        while block[:6] == jpeg_segments.EXIF:  # as often as it is there, as Pillow does
            block = block[6:]
        claimed = count_claimed(block)
        if claimed > 2 * len(block) + _MEBIBYTE:
            raise ValueError(
                f"values that overlap: {claimed / 1e6:,.0f} MB in {len(block) / 1e6:,.1f} MB"
            )


def count_claimed(block: bytes | memoryview) -> int:
    """Bytes of all values in the first directory of a TIFF block, and in its groups."""
    start = bytes(block[:4])
    if not _TIFF_STARTS.match(start):
        return 0
    order, big = "<" if start[:1] == b"I" else ">", b"+" in start
    number = np.dtype(f"{order}u8" if big else f"{order}u4")
    amount = np.dtype(f"{order}u8" if big else f"{order}u2")
    entry = np.dtype(
        [("tag", f"{order}u2"), ("kind", f"{order}u2"), ("count", number), ("value", number)]
    )
    claimed, seen = 0, set()
    at = 8 if big else 4
    if len(block) < at + number.itemsize:
        return 0
    todo = [(int(np.frombuffer(block, number, 1, at)[0]), 0)]
    while todo:
        place, depth = todo.pop()
        if place in seen or place + amount.itemsize > len(block):
            continue
        seen.add(place)
        (count,) = np.frombuffer(block, amount, 1, place)
        first = place + amount.itemsize
        fitting = min(int(count), (len(block) - first) // entry.itemsize)
        entries = np.frombuffer(block, entry, fitting, first) if fitting else np.empty(0, entry)
        sizes = entries["count"].astype(float) * _unit_sizes(entries["kind"])
        ends = entries["value"].astype(float) + sizes
        there = (sizes > number.itemsize) & (ends <= len(block))
        # Of entries with the same tag the last one counts, but each is copied.
        claimed += int(sizes[there].sum())
        if depth < _DEEPEST_GROUP:
            lists = [entries["value"][entries["tag"] == tag][-1:] for tag in _GROUPS]
            todo += [(int(value), depth + 1) for values in lists for value in values]
    return claimed


def _unit_sizes(kinds: np.ndarray) -> np.ndarray:
    table = np.zeros(1 << 16)
    table[list(VALUE_SIZES)] = list(VALUE_SIZES.values())
    return table[kinds]


def _join_exif(data: bytes) -> bytes:
    """All EXIF segments of a JPEG, which Pillow takes for one block."""
    parts = []
    with contextlib.suppress(PhotoError):  # what is wrong with it is for the decoder to say
        for segment in jpeg_segments.read_segments(data):
            if segment.marker == jpeg_segments.SOS:
                break
            if segment.payload.startswith(jpeg_segments.EXIF):
                parts.append(segment.payload.removeprefix(jpeg_segments.EXIF))
    return b"".join(parts)


def _check_comments(data: bytes) -> None:
    """Pillow joins a GIF's comment piece by piece, each time anew."""
    position = data.find(_COMMENT)
    while position >= 0:
        start = position = position + 2
        while position < len(data) and data[position]:
            position += 1 + data[position]
        if position - start > _MEBIBYTE:
            raise ValueError(f"a comment of {(position - start) / 1e6:,.0f} MB")
        position = data.find(_COMMENT, position)
