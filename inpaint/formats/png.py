"""PNG chunks, and PNG files of 16 bits, which Pillow neither reads nor writes in colour."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from inpaint._opencv import cv2
from inpaint.formats.jpeg_segments import without_xmp_thumbnails

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What a file says about its colours.
COLOURS = frozenset([b"cHRM", b"cICP", b"cLLI", b"gAMA", b"mDCV", b"sRGB"])
_HEADER_LENGTH = 13


def read_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of the chunks to keep: what tells the colours, and all that a small last
    letter marks as true of the file even when its picture is edited (texts, XMP, resolution)."""
    position = len(SIGNATURE)
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        if name == b"IEND":  # an archive may follow, say
            return
        chunk = data[position + 8 : position + 8 + length]
        # EXIF in a text is written as EXIF; here it would bring its thumbnail back.
        old_exif = chunk.startswith((b"Raw profile type exif", b"Raw profile type APP1"))
        lasting = name.isalpha() and name[3:].islower() and name != b"eXIf" and not old_exif
        if name in COLOURS or lasting:
            yield name, without_xmp_thumbnails(chunk) if name == b"iTXt" else chunk
        position += 12 + length


def has_16_bits(data: bytes) -> bool:
    """Whether the file's header says so."""
    return data.startswith(SIGNATURE) and data[24:25] == b"\x10"


def is_grey(data: bytes) -> bool:
    """Whether the file's header says so, with alpha or without."""
    return data[25:26] in (b"\x00", b"\x04")


def decode_16_bits(data: bytes) -> np.ndarray | None:
    """uint16 H x W, or H x W x 3 (RGB) or x 4 (RGBA); None if OpenCV cannot."""
    levels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if levels is None or levels.dtype != np.uint16:
        return None
    return levels if levels.ndim == 2 else levels[..., [2, 1, 0, 3][: levels.shape[2]]]


def encode_16_bits(samples: np.ndarray) -> bytes:
    """A PNG file of uint16 samples, H x W x 1 to 4 channels: grey or RGB, with alpha or without."""
    if samples.shape[2] == 2:
        return _encode_grey_alpha(samples)
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[samples.shape[2]]
    return cv2.imencode(".png", np.ascontiguousarray(samples[..., order]))[1].tobytes()


def insert_chunks(
    data: bytes, chunks: list[tuple[bytes, bytes]], icc_profile: bytes | None, exif: bytes | None
) -> bytes:
    """The file with these chunks, its profile and EXIF behind its header."""
    told = list(chunks)
    if icc_profile:
        told.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile)))
    if exif:
        told.append((b"eXIf", exif))
    start = len(SIGNATURE) + 12 + _HEADER_LENGTH
    return data[:start] + b"".join(_encode_chunk(*chunk) for chunk in told) + data[start:]


def _encode_grey_alpha(samples: np.ndarray) -> bytes:
    """As OpenCV does not write it: each row as differences from its left neighbours."""
    height, width, _ = samples.shape
    levels = np.ascontiguousarray(samples, ">u2").view(np.uint8).reshape(height, width, 4)
    rows = np.ones((height, 1 + 4 * width), np.uint8)  # 1: the filter "sub"
    rows[:, 1:] = np.diff(levels, axis=1, prepend=np.uint8(0)).reshape(height, -1)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 4, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows.tobytes())),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(_encode_chunk(*chunk) for chunk in chunks)


def _encode_chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
