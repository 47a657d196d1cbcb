"""JPEG files whose structure lies."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from valid import HEIGHT, READ, REFUSED, SRGB, WIDTH, HostileFile, patched, segment


def make(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    plain = without_metadata(valid["baseline.jpg"])
    yield from _structures(plain, without_metadata(valid["progressive.jpg"]))
    yield from _segments(plain)


def without_metadata(data: bytes) -> bytes:
    """The file without its APPn segments, which come first."""
    start = 2
    while 0xE0 <= data[start + 1] <= 0xEF:
        start += 2 + struct.unpack_from(">H", data, start + 2)[0]
    return data[:2] + data[start:]


def _structures(plain: bytes, progressive: bytes) -> Iterator[HostileFile]:
    frame, tables = plain.index(b"\xff\xc0"), plain.index(b"\xff\xdb")
    huffman, scan = plain.index(b"\xff\xc4"), plain.index(b"\xff\xda")
    coded = scan + 2 + struct.unpack_from(">H", plain, scan + 2)[0]

    def jpeg(name: str, data: bytes, expected: str | None = None) -> HostileFile:
        return HostileFile("jpeg", f"{name}.jpg", data, expected)

    def sized(height: int, width: int) -> bytes:
        return patched(plain, frame + 5, struct.pack(">HH", height, width))

    yield jpeg("huge", sized(65500, 65500), REFUSED)
    yield jpeg("much-larger", sized(1500, 1500))
    yield jpeg("no-height", sized(0, WIDTH), REFUSED)
    yield jpeg("no-width", sized(HEIGHT, 0), REFUSED)
    yield jpeg("taller", sized(4 * HEIGHT, WIDTH))
    yield jpeg("wider", sized(HEIGHT, 4 * WIDTH))
    yield jpeg("smaller", sized(HEIGHT // 2, WIDTH // 2))
    lines = segment(0xDC, struct.pack(">H", HEIGHT))
    yield jpeg("lines-told-later", sized(0, WIDTH)[:-2] + lines + b"\xff\xd9", REFUSED)
    yield jpeg("lines-told-twice", plain[:-2] + lines + b"\xff\xd9")
    for factors in (0x00, 0x01, 0x10, 0x44, 0x4F, 0xFF, 0x31, 0x13, 0x53):
        yield jpeg(f"sampling-{factors:02x}", patched(plain, frame + 11, bytes([factors])))
        yield jpeg(f"sampling-last-{factors:02x}", patched(plain, frame + 17, bytes([factors])))
    for bits in (0, 7, 12, 16):
        yield jpeg(f"{bits}-bits", patched(plain, frame + 4, bytes([bits])), REFUSED)
    for kind in (0xC1, 0xC2, 0xC3, 0xC5, 0xC7, 0xC9, 0xCA, 0xCB, 0xCF):
        yield jpeg(f"frame-{kind:02x}", patched(plain, frame + 1, bytes([kind])))
    for parts in (0, 1, 2, 4, 5, 255):
        yield jpeg(f"{parts}-components", patched(plain, frame + 9, bytes([parts])), REFUSED)
    yield jpeg("same-components", patched(plain, frame + 13, plain[frame + 10 : frame + 11]))
    yield jpeg("no-end", plain[:-2])
    yield jpeg("no-scan", plain[:scan] + b"\xff\xd9", REFUSED)
    yield jpeg("no-tables", plain[:tables] + plain[frame:], REFUSED)
    yield jpeg("no-huffman", plain[:huffman] + plain[scan:])
    yield jpeg("two-frames", plain[:scan] + plain[frame:huffman] + plain[scan:])
    yield jpeg("two-scans", plain[:-2] + plain[scan:])
    scans = progressive[progressive.index(b"\xff\xc4") : -2]
    yield jpeg("many-scans", progressive[:-2] + scans * 200 + b"\xff\xd9")
    yield jpeg("zero-steps", patched(plain, tables + 5, bytes(64)))
    yield jpeg("steps-of-16-bits", patched(plain, tables + 4, b"\x10"))
    yield jpeg("table-15", patched(plain, tables + 4, b"\x0f"))
    yield jpeg("unknown-steps", patched(plain, frame + 12, b"\x07"))
    counts = huffman + 5
    yield jpeg("crowded-huffman", patched(plain, counts, b"\xff" * 16), REFUSED)
    yield jpeg("overfull-huffman", patched(plain, counts, b"\x03"))
    yield jpeg("empty-huffman", patched(plain, counts, bytes(16)))
    yield jpeg("long-huffman", patched(plain, huffman + 2, b"\xff\xff"), REFUSED)
    yield jpeg("scan-of-9", patched(plain, scan + 4, b"\x09"), REFUSED)
    yield jpeg("unknown-table-in-scan", patched(plain, scan + 6, b"\x33"))
    yield jpeg("spectral-range", patched(plain, coded - 3, b"\x3f\x00\xff"))
    yield jpeg("run-of-ff", plain[:coded] + b"\xff" * 2_000_000 + b"\0" + plain[coded:])
    yield jpeg("run-of-restarts", plain[:coded] + b"\xff\xd0" * 200_000 + plain[coded:])


def _segments(plain: bytes) -> Iterator[HostileFile]:
    def jpeg(name: str, segments: bytes, expected: str | None = READ) -> HostileFile:
        return HostileFile("jpeg", f"{name}.jpg", plain[:2] + segments + plain[2:], expected)

    yield jpeg("arithmetic-tables", segment(0xCC, b"\x00\xff\x11\xff"), None)
    yield jpeg("restart-every-block", segment(0xDD, b"\0\1"), None)
    yield jpeg("restart-cut", segment(0xDD, b"\0"), REFUSED)
    yield jpeg("empty-segment", b"\xff\xe1\0\0", None)
    yield jpeg("longest-segment", b"\xff\xe1\xff\xff", REFUSED)
    yield jpeg("120-comments", segment(0xFE, b"hello") * 120)
    yield jpeg("20000-comments", segment(0xFE, b"") * 20_000)
    yield jpeg("300-profiles", segment(0xE2, b"ICC_PROFILE\0\1\1" + SRGB) * 300)
    yield jpeg("120-adobes", segment(0xEE, b"Adobe\0\x64\0\0\0\0\1") * 120)
    yield jpeg("unknown-adobe", segment(0xEE, b"Adobe\0\x64\0\0\0\0\x63"))
    yield jpeg("short-adobe", segment(0xEE, b"Adobe"), None)
    yield jpeg("short-jfif", segment(0xE0, b"JFIF\0"), None)
    yield jpeg("thumbnail-lies", segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\xff\xff"))
    yield jpeg("no-dpi", segment(0xE0, b"JFIF\0\1\2\1\0\0\0\0\0\0"))
    pictures = b"MPF\0II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0xB001, 4, 1, 65535)
    yield jpeg("65535-pictures", segment(0xE2, pictures), None)
    pictures = b"MPF\0II*\0\x08\0\0\0" + b"\xff" * 40
    yield jpeg("pictures-cut", segment(0xE2, pictures), None)
    sizes = b"Photoshop 3.0\x008BIM\x03\xed\0\0\xff\xff\xff\xff8BIM\x04\x09\xff"
    yield jpeg("photoshop-sizes", segment(0xED, sizes))
    sizes = b"Photoshop 3.0\0" + b"8BIM\x04\x09\0\0\0\0\0\0" * 5000
    yield jpeg("photoshop-many", segment(0xED, sizes))
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + b"<xmp:Thumbnails " * 4000
    yield jpeg("xmp-thumbnails-open", segment(0xE1, xmp) * 20)
    extended = b"http://ns.adobe.com/xmp/extension/\0" + b"f" * 32 + b"\xff" * 8
    yield jpeg("extended-xmp", segment(0xE1, extended))
