"""PNG, WebP, AVIF, HEIC, GIF, BMP, JPEG 2000 and PPM files that lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image
from valid import READ, REFUSED, HostileFile, chunk, deep_png, patched, png, save, with_chunk

SIZE_BOX = b"ispe\0\0\0\0"


def make(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    for maker in (_pngs, _webps, _containers, _gifs, _bmps, _ppms):
        yield from maker(valid)


def _pngs(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    plain = valid["alpha.png"]
    rows = bytes(3 * 8 + 1) * 8

    def file(name: str, data: bytes, expected: str | None = None) -> HostileFile:
        return HostileFile("png", f"{name}.png", data, expected)

    yield file("huge", png(100_000, 100_000, rows), REFUSED)
    yield file("largest", png(2**31 - 1, 2**31 - 1, rows), REFUSED)
    yield file("beyond-largest", png(2**32 - 1, 2**32 - 1, rows), REFUSED)
    yield file("just-allowed", png(14_000, 14_000, rows), REFUSED)
    yield file("just-allowed-deep", png(14_000, 14_000, rows, depth=16), REFUSED)
    yield file("no-width", png(0, 8, rows), REFUSED)
    yield file("no-height", png(8, 0, rows), REFUSED)
    yield file("zeros", png(3000, 2000, bytes((3 * 3000 + 1) * 2000)), READ)
    yield file("laced", png(8, 8, rows, laced=1))
    yield file("laced-2", png(8, 8, rows, laced=2))
    yield file("too-much", png(8, 8, rows * 1000))
    yield file("filter-9", png(8, 8, b"\x09" * len(rows)))
    for depth in (0, 3, 32, 255):
        yield file(f"depth-{depth}", png(8, 8, rows, depth=depth), REFUSED)
    for colour in (1, 3, 5, 7, 255):
        yield file(f"colour-{colour}", png(8, 8, rows, colour=colour))
    grey = png(8, 8, bytes(17) * 8, depth=16, colour=0)
    yield file("deep-grey-palette", with_chunk(grey, b"PLTE", bytes(6)))
    deep = deep_png(np.full((8, 8, 3), 999, np.uint16), (b"eXIf", b"II*\0\x08\0\0\0\0\0\0\0\0\0"))
    yield file("deep-cut", deep[:-30], REFUSED)
    end = chunk(b"IEND", b"")
    yield file("deep-no-end", deep[: -len(end)])
    other = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 16, 2, 0, 0, 0))
    yield file("two-headers", deep[:33] + other + deep[33:])
    yield file("two-headers-shallow", deep[:33] + other.replace(b"\x10", b"\x08") + deep[33:])
    yield file("bad-crc", patched(plain, 29, bytes(4)), REFUSED)
    yield file("bad-crc-of-text", with_chunk(plain, b"tEXt", b"a\0b", crc=0))
    bomb = zlib.compress(bytes(300_000_000), 9)
    yield file("profile-bomb", with_chunk(plain, b"iCCP", b"icc\0\0" + bomb))
    yield file("text-bomb", with_chunk(plain, b"zTXt", b"a\0\0" + bomb))
    yield file("text-bombs", plain[:33] + chunk(b"zTXt", b"a\0\0" + bomb[:3000]) * 99 + plain[33:])
    yield file("long-text-bomb", with_chunk(plain, b"iTXt", b"a\0\1\0\0\0" + bomb))
    yield file("late-text-bomb", plain[:-12] + chunk(b"zTXt", b"a\0\0" + bomb) + plain[-12:])
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0" + b"<xmp:Thumbnails " * 100_000
    yield file("xmp-thumbnails-open", with_chunk(plain, b"iTXt", xmp))
    yield file("xmp-not-text", with_chunk(plain, b"iTXt", xmp[:22] + b"\xff\xfe" * 40))
    yield file("chunk-beyond", with_chunk(plain, b"tEXt", b"")[:33] + b"\x7f\xff\xff\xfftEXt")
    yield file("chunk-without-name", with_chunk(plain, b"\0\0\0\0", b"x"))
    yield file("20000-chunks", plain[:33] + chunk(b"teSt", b"") * 20_000 + plain[33:], READ)
    yield file("late-text", plain[:-12] + chunk(b"iTXt", b"a\0\1\0\0\0bad") + plain[-12:])
    for name in (b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"tRNS", b"iCCP", b"tIME", b"cICP", b"iTXt"):
        told = name.decode()
        yield file(f"empty-{told}", with_chunk(plain, name, b""))
        yield file(f"long-{told}", with_chunk(plain, name, b"\xff" * 300))
        yield file(f"late-{told}", plain[:-12] + chunk(name, b"\xff" * 7) + plain[-12:])
    frames = struct.pack(">II", 2**31 - 1, 0)
    yield file("frames", with_chunk(plain, b"acTL", frames))
    control = struct.pack(">IIIIIHHBB", 0, 2**31 - 1, 2**31 - 1, 0, 0, 1, 1, 0, 0)
    one = plain[:33] + chunk(b"acTL", struct.pack(">II", 1, 0)) + chunk(b"fcTL", control)
    yield file("frame-of-another-size", one + plain[33:])


def _webps(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    def file(name: str, data: bytes, expected: str | None = None) -> HostileFile:
        return HostileFile("webp", f"{name}.webp", data, expected)

    data = valid["lossless.webp"]
    canvas = data.index(b"VP8X") + 12
    yield file("canvas-huge", patched(data, canvas, b"\xff" * 6), REFUSED)
    yield file("canvas-16383", patched(data, canvas, struct.pack("<HBHB", 16382, 0, 16382, 0)))
    yield file("canvas-small", patched(data, canvas, bytes(6)))
    yield file("flags", patched(data, canvas - 4, b"\xff"))
    pixels = data.index(b"VP8L") + 9
    yield file("pixels-huge", patched(data, pixels, b"\xff\xff\xff"))
    yield file("chunk-beyond", patched(data, pixels - 5, b"\xff\xff\xff\x7f"), REFUSED)
    yield file("size-beyond", patched(data, 4, b"\xff\xff\xff\xff"))
    yield file("size-zero", patched(data, 4, bytes(4)))
    yield file("empty-chunks", data + b"JUNK\0\0\0\0" * 100_000)
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    moving = save(pages[0], "WEBP", save_all=True, append_images=pages[1:])
    yield file("animation", moving, REFUSED)
    yield file("animation-cut", moving[: len(moving) * 2 // 3], REFUSED)


def _containers(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    """AVIF and HEIC, which are boxes in boxes."""
    for name in ("photo.avif", "photo.heic"):
        data = valid[name]
        size = data.index(SIZE_BOX) + len(SIZE_BOX)
        for width, height in ((2**31, 2**31), (1500, 1500), (0, 0), (1, 1), (57, 41)):
            lie = patched(data, size, struct.pack(">II", width, height))
            yield HostileFile("boxes", f"{width}-{height}-{name}", lie)
        for box in (b"meta", b"iloc", b"iprp", b"ipco", b"iinf", b"pitm", b"mdat", b"iref"):
            if (at := data.find(box)) < 0:
                continue
            told = box.decode()
            yield HostileFile("boxes", f"{told}-huge-{name}", patched(data, at - 4, b"\x7f" * 4))
            yield HostileFile("boxes", f"{told}-empty-{name}", patched(data, at - 4, bytes(4)))
            yield HostileFile("boxes", f"{told}-gone-{name}", patched(data, at, b"free"))
            filled = patched(data, at + 4, b"\xff" * 12)
            yield HostileFile("boxes", f"{told}-filled-{name}", filled)
        nested = b"".join(struct.pack(">I4s", 8 * (20_000 - i), b"moov") for i in range(20_000))
        yield HostileFile("boxes", f"nested-{name}", data + nested)
    codestream = valid["photo.jp2"]
    header = codestream.index(b"\xff\x4f\xff\x51") + 8
    for at, told in ((0, "size"), (8, "offset"), (16, "tile")):
        for value in (0, 1, 14_000, 2**31, 2**32 - 1):
            lie = patched(codestream, header + at, struct.pack(">II", value, value))
            yield HostileFile("boxes", f"{told}-{value}.jp2", lie)
    yield HostileFile("boxes", "components.jp2", patched(codestream, header + 32, b"\x40\0"))


def _gifs(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    def file(name: str, data: bytes, expected: str | None = None) -> HostileFile:
        return HostileFile("gif", f"{name}.gif", data, expected)

    data = valid["photo.gif"]
    frame = data.index(b",\0\0\0\0") + 5
    yield file("screen-huge", patched(data, 6, b"\xff" * 4), REFUSED)
    yield file("screen-zero", patched(data, 6, bytes(4)))
    yield file("frame-huge", patched(data, frame, b"\xff" * 4), REFUSED)
    yield file("frame-zero", patched(data, frame, bytes(4)))
    yield file("frame-beyond", patched(data, frame - 4, b"\xff" * 4), REFUSED)
    yield file("bits-of-a-code", patched(data, frame + 5, b"\xff"))
    yield file("no-frames", data[:13] + b";")
    pixel = b",\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    small = b"GIF89a\1\0\1\0\x80\0\0" + bytes(6)
    yield file("200000-frames", small + pixel * 200_000 + b";")
    yield file("long-comment", small + b"!\xfe" + (b"\xff" + b"c" * 255) * 20_000 + b"\0" + pixel)
    large = b",\0\0\0\0\xff\xff\xff\xff\0\2\2\x44\1\0"
    yield file("later-frame-huge", small + pixel + large + b";")


def _bmps(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    def file(name: str, data: bytes, expected: str | None = None) -> HostileFile:
        return HostileFile("bmp", f"{name}.bmp", data, expected)

    data = valid["photo.bmp"]
    for width, height in ((2**31 - 1, 2**31 - 1), (14_000, 14_000), (0, 8), (8, 0), (-8, 8)):
        lie = patched(data, 18, struct.pack("<ii", width, height))
        yield file(f"size-{width}-{height}", lie, REFUSED)
    yield file("upside-down", patched(data, 22, struct.pack("<i", -40)))
    yield file("height-least", patched(data, 22, struct.pack("<i", -(2**31))), REFUSED)
    for bits in (0, 1, 2, 7, 16, 32, 64, 65535):
        yield file(f"{bits}-bits", patched(data, 28, struct.pack("<H", bits)))
    for code in range(1, 8):
        yield file(f"compression-{code}", patched(data, 30, struct.pack("<I", code)))
    yield file("pixels-beyond", patched(data, 10, b"\xff\xff\xff\x7f"), REFUSED)
    yield file("header-size", patched(data, 14, struct.pack("<I", 2**31)), REFUSED)
    colours = patched(valid["palette.bmp"], 46, struct.pack("<I", 2**31))
    yield file("palette-huge", colours)
    # Pillow decodes run lengths pixel by pixel, and jumps without looking where to.
    yield file("runs-long-row", _run_lengths(150_000_000, 1, b"\1\5\0\0\0\1"), REFUSED)
    yield file("runs-jump", _run_lengths(150_000_000, 1, b"\0\2\xff\xff\0\1"), REFUSED)
    yield file("runs-many-jumps", _run_lengths(4000, 4000, b"\0\2\xff\xff" * 999))
    yield file("runs-missing", _run_lengths(4000, 4000, b"\1\5\0\0"))


def _run_lengths(width: int, height: int, runs: bytes) -> bytes:
    start = 14 + 40 + 1024
    head = struct.pack("<IHHI", start + len(runs), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + head + info + bytes(1024) + runs


def _ppms(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    for name, data in {
        "huge.ppm": b"P6 99999 99999 255\n" + bytes(99),
        "just-allowed.ppm": b"P6 14000 14000 255\n" + bytes(99),
        "minus.ppm": b"P6 -8 -8 255\n" + bytes(999),
        "no-size.ppm": b"P6 0 0 255\n" + bytes(999),
        "number-of-a-kilometre.ppm": b"P6 " + b"9" * 100_000 + b" 8 255\n",
        "levels.ppm": b"P6 8 8 99999999\n" + bytes(999),
        "no-levels.ppm": b"P6 8 8 0\n" + bytes(999),
        "text.ppm": b"P3 8 8 255\n" + b"1 x " * 99,
        "long-text.ppm": b"P3 8 8 255\n" + b"1" * 1_000_000,
        "comment.ppm": b"P6 #" + b"c" * 1_000_000,
        "floats.ppm": b"Pf 8 8 -1.0\n" + b"\xff" * 256,
        "scale.ppm": b"Pf 8 8 nan\n" + bytes(256),
    }.items():
        yield HostileFile("ppm", name, data, REFUSED)
