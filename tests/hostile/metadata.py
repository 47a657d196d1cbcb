"""EXIF and colour profiles that lie, in files of several formats."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from jpegs import without_metadata
from PIL import Image
from valid import READ, REFUSED, SRGB, HostileFile, directory, patched, save, segment, with_chunk

START = b"II*\0\x08\0\0\0"


def make(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    jpeg, png = without_metadata(valid["baseline.jpg"]), valid["alpha.png"]
    for name, block in _exif_blocks():
        payload = segment(0xE1, b"Exif\0\0" + block)
        yield HostileFile("exif", f"{name}.jpg", jpeg[:2] + payload + jpeg[2:], READ)
        yield HostileFile("exif", f"{name}.png", with_chunk(png, b"eXIf", block), READ)
        yield HostileFile("exif", f"{name}.webp", _with_exif(valid["lossless.webp"], block), READ)
    yield from _exif_bombs(jpeg, png, valid)
    for name, profile in _profiles():
        payload = segment(0xE2, b"ICC_PROFILE\0\1\1" + profile)
        yield HostileFile("profile", f"{name}.jpg", jpeg[:2] + payload + jpeg[2:], READ)
        packed = b"icc\0\0" + zlib.compress(profile)
        yield HostileFile("profile", f"{name}.png", with_chunk(png, b"iCCP", packed), READ)


def _exif_blocks() -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "no-tiff", b"Exif, but not at all"
    yield "header-only", START
    yield "far-directory", b"II*\0\xf0\xff\xff\xff"
    yield "cycle", START + directory([(0x0112, 3, 1, 1)], next=8)
    yield "group-cycle", START + directory([(0x8769, 4, 1, 8), (0x8825, 4, 1, 8)])
    yield "65535-entries", START + b"\xff\xff" + bytes(60)
    yield "huge-count", START + directory([(0x010F, 2, 0xFFFFFFFF, 8)])
    yield "huge-shorts", START + directory([(0x0112, 3, 0x7FFFFFFF, 8)])
    yield "orientation-99", START + directory([(0x0112, 3, 1, 99)])
    yield "orientation-text", START + directory([(0x0112, 2, 4, 0x36363636)])
    yield "orientation-ratio", START + directory([(0x0112, 5, 1, 8)])
    yield "orientation-many", START + directory([(0x0112, 3, 2, 6 | 6 << 16)])
    yield "unknown-kinds", START + directory([(0x0112, 99, 1, 1), (0x010F, 0, 9, 9)])
    yield "no-resolution", START + directory([(0x011A, 5, 1, 38), (0x0128, 3, 1, 2)]) + bytes(8)
    yield (
        "thumbnail-beyond",
        (
            START
            + directory([], next=14)
            + directory([(0x0201, 4, 1, 30), (0x0202, 4, 1, 2**32 - 1)])
        ),
    )
    yield (
        "thumbnail-on-directory",
        (START + directory([], next=14) + directory([(0x0201, 4, 1, 0), (0x0202, 4, 1, 40)])),
    )
    yield "big-tiff", b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**63) + bytes(20)


def _exif_bombs(jpeg: bytes, png: bytes, valid: dict[str, bytes]) -> Iterator[HostileFile]:
    """Thousands of values that are all the same bytes: gigabytes, once each is copied."""
    large = _overlapping(30_000, 1_000_000)
    for name, block in (("bomb", _overlapping(5000, 3_000_000)), ("split-bomb", large)):
        parts = [block[i : i + 65_000] for i in range(0, len(block), 65_000)]
        segments = b"".join(segment(0xE1, b"Exif\0\0" + part) for part in parts)
        yield HostileFile("exif", f"{name}.jpg", jpeg[:2] + segments + jpeg[2:], REFUSED)
    yield HostileFile("exif", "bomb.png", with_chunk(png, b"eXIf", large), REFUSED)
    text = b"Raw profile type exif\0\0" + zlib.compress(
        b"\nexif\n%8d\n" % (400_000 + 6)
        + (b"Exif\0\0" + _overlapping(15_000, 400_000)).hex().encode()
    )
    yield HostileFile("exif", "text-bomb.png", with_chunk(png, b"zTXt", text), REFUSED)
    yield HostileFile("exif", "bomb.webp", _with_exif(valid["lossless.webp"], large), REFUSED)
    yield HostileFile("exif", "bomb.tif", large, REFUSED)
    group = START + directory([(0x8769, 4, 1, 26)]) + _overlapping(30_000, 1_000_000, at=26)[8:]
    yield HostileFile("exif", "group-bomb.png", with_chunk(png, b"eXIf", group), REFUSED)
    tags = [(256, 4, 1, 1), (257, 4, 1, 1), (273, 4, 1, 8), (279, 4, 1, 1), (0x8769, 4, 1, 74)]
    bomb = START + directory(tags) + _overlapping(30_000, 1_000_000, at=74)[8:]
    yield HostileFile("exif", "group-bomb.tif", bomb, REFUSED)
    picture = Image.fromarray(np.zeros((16, 16, 3), np.uint8))
    marker = START + directory([(0x010F, 2, 2_000_000, 26)]) + b"x" * 2_000_000
    for format in ("AVIF", "HEIF"):
        data = save(picture, format, exif=marker)
        assert marker in data
        bombed = data.replace(marker, _overlapping(30_000, len(marker)), 1)
        yield HostileFile("exif", f"bomb.{format.lower()}", bombed, REFUSED)


def _overlapping(count: int, size: int, at: int = 8) -> bytes:
    """A block of `size` bytes with `count` values, each of which is its whole rest."""
    start = at + 2 + 12 * count + 4
    entries = [(1000 + i, 7, size - start, start) for i in range(count)]
    return (START + directory(entries)).ljust(size, b"x")


def _with_exif(webp: bytes, block: bytes) -> bytes:
    """A WebP file, the last chunk of which is its EXIF, with another one."""
    at = webp.rindex(b"EXIF")
    data = webp[:at] + b"EXIF" + struct.pack("<I", len(block)) + block + bytes(len(block) % 2)
    return patched(data, 4, struct.pack("<I", len(data) - 8))


def _profiles() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(2)
    yield "short", b"icc"
    yield "header-only", SRGB[:128]
    yield "cut", SRGB[:300]
    yield "noise", rng.bytes(3000)
    yield "noise-of-rgb", patched(rng.bytes(3000), 16, b"RGB ")
    yield "ink-for-light", patched(SRGB, 16, b"CMYK")
    yield "grey-for-colour", patched(SRGB, 16, b"GRAY")
    yield "lab-between", patched(SRGB, 20, b"Lab ")
    yield "device-link", patched(SRGB, 12, b"link")
    yield "65535-tags", patched(SRGB, 128, struct.pack(">I", 65535))
    yield "tags-beyond", patched(SRGB, 136, b"\xff" * 8)
    yield "size-lies", patched(SRGB, 0, b"\xff" * 4)
    for number in range(4):
        broken = bytearray(SRGB)
        for place in rng.integers(128, len(SRGB), 30):
            broken[place] = rng.integers(0, 256)
        yield f"flipped-{number}", bytes(broken)
