"""The segments of a JPEG file: what lies before, between and after its coded pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from inpaint.errors import PhotoError

SOI, EOI, SOS, DHT, DQT, DRI, COM = 0xD8, 0xD9, 0xDA, 0xC4, 0xDB, 0xDD, 0xFE
APP0, APP1, APP2, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {DHT, 0xC8, 0xCC})
_ALONE = frozenset([0x01, SOI, *range(0xD0, 0xD8)])

# What ends coded pixels: not a stuffed zero, a fill byte or a restart marker.
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")

EXIF = b"Exif\0\0"
_MULTI_PICTURE = b"MPF\0"
_THUMBNAIL = b"JFXX\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_PHOTOSHOP_THUMBNAILS = (1033, 1036)
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_NEEDED = (b"JFIF\0", b"ICC_PROFILE\0", b"Adobe", EXIF)
_XMP_THUMBNAILS = re.compile(rb"<(x[am]p):Thumbnails\b")


@dataclass(frozen=True)
class Segment:
    """One marker with its payload (without the length), and where it lies in the file."""

    marker: int
    payload: bytes
    start: int
    end: int

    @property
    def is_metadata(self) -> bool:
        return self.marker == COM or APP0 <= self.marker <= 0xEF

    @property
    def is_frame(self) -> bool:
        return self.marker in _FRAMES

    def encode(self) -> bytes:
        length = (len(self.payload) + 2).to_bytes(2, "big")
        return bytes([0xFF, self.marker]) + length + self.payload


@dataclass(frozen=True)
class Frame:
    """What the frame header says: its kind (0 baseline, 2 progressive ...), sizes, factors.

    factors: (horizontal, vertical) of each component; numbers: what scans call it, which may tell
    the colours ("R", "G", "B").
    """

    kind: int
    precision: int
    height: int
    width: int
    factors: tuple[tuple[int, int], ...]
    numbers: bytes

    @classmethod
    def parse(cls, segment: Segment) -> Frame:
        payload = segment.payload
        if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
            raise PhotoError("the JPEG's frame header is cut off")
        factors = tuple(divmod(payload[7 + 3 * i], 16) for i in range(payload[5]))
        height, width = (int.from_bytes(payload[i : i + 2], "big") for i in (1, 3))
        numbers = payload[6 : 6 + 3 * payload[5] : 3]
        return cls(segment.marker & 15, payload[0], height, width, factors, numbers)


def read_segments(data: bytes) -> Iterator[Segment]:
    """All segments from SOI to the first EOI, each SOS with its header only.

    The last one is EOI where the file has one. PhotoError if the structure breaks before that.
    """
    if data[:2] != b"\xff\xd8":
        raise PhotoError("the file does not start as a JPEG does")
    position = 2
    while True:
        found = _NEXT_MARKER.search(data, position)
        if found is None:
            raise PhotoError("the JPEG has no end")
        marker, start = data[found.end() - 1], found.end()
        if marker == EOI:
            yield Segment(marker, b"", start - 2, start)
            return
        if marker in _ALONE:
            position = start
            continue
        length = int.from_bytes(data[start : start + 2], "big")
        position = start + length
        if length < 2 or position > len(data):
            raise PhotoError("a segment of the JPEG is cut off")
        yield Segment(marker, data[start + 2 : position], start - 2, position)


def join(segments: list[Segment], body: bytes) -> bytes:
    """A JPEG file of these segments, followed by `body` (tables, frame, scans, EOI)."""
    return b"\xff\xd8" + b"".join(segment.encode() for segment in segments) + body


def without_metadata(data: bytes) -> bytes:
    """What follows the metadata: tables, frame, scans, EOI, with nothing of APPn and comments."""
    parts, start = [], 2
    for segment in read_segments(data):
        if segment.is_metadata:
            parts.append(data[start : segment.start])
            start = segment.end
        end = segment.end
    return b"".join([*parts, data[start:end]])


def renumber(body: bytes, numbers: bytes) -> bytes:
    """Tables, frame and scans with other numbers for the components, in their order."""
    data = b"\xff\xd8" + body
    parts, start, found = [], 2, b""
    for segment in read_segments(data):
        payload = bytearray(segment.payload)
        if segment.is_frame:
            found = Frame.parse(segment).numbers
            payload[6 : 6 + 3 * len(found) : 3] = numbers
        elif segment.marker == SOS:
            places = slice(1, 1 + 2 * payload[0], 2)
            payload[places] = payload[places].translate(bytes.maketrans(found, numbers))
        else:
            continue
        parts += [data[start : segment.start], replace(segment, payload=bytes(payload)).encode()]
        start = segment.end
    return b"".join([*parts, data[start:]])


def without_xmp_thumbnails(xmp: bytes) -> bytes:
    """An XMP packet without the small pictures in it."""
    # By hand: a pattern up to the end would search the whole packet at each of many openings.
    kept, position = [], 0
    while found := _XMP_THUMBNAILS.search(xmp, position):
        ending = b"</" + found[1] + b":Thumbnails>"
        end = xmp.find(ending, found.end())
        if end < 0:
            break
        kept.append(xmp[position : found.start()])
        position = end + len(ending)
    return b"".join([*kept, xmp[position:]])


def count_trailing(data: bytes) -> int:
    """Bytes behind the picture (a phone's film, say); those of further pictures, which the file
    announces, and padding are not counted."""
    segments = list(read_segments(data))
    if any(segment.payload.startswith(_MULTI_PICTURE) for segment in segments):
        return 0
    return len(data[segments[-1].end :].strip(b"\0"))


def keep_metadata(
    segments: list[Segment], exif: bytes | None, metadata: bool = True
) -> list[Segment]:
    """The metadata that still holds for an edited picture: no thumbnails, no second pictures.

    exif: the block for the EXIF segment, with its thumbnail gone; None leaves it out. Without
    `metadata` only that and what tells the colours stays.
    """
    kept = []
    for segment in segments:
        payload = segment.payload
        if not segment.is_metadata or payload.startswith((_MULTI_PICTURE, _THUMBNAIL)):
            continue
        if not metadata and not payload.startswith(_NEEDED):
            continue
        if segment.marker == APP0 and payload.startswith(b"JFIF\0") and len(payload) > 14:
            payload = payload[:12] + b"\0\0"
        elif segment.marker == APP1 and payload.startswith(EXIF):
            if exif is None:
                continue
            payload, exif = exif, None
        elif segment.marker == APP1 and payload.startswith(_XMP):
            payload = without_xmp_thumbnails(payload)
        elif segment.marker == APP13 and payload.startswith(_PHOTOSHOP):
            payload = _without_photoshop_thumbnails(payload)
        kept.append(replace(segment, payload=payload))
    return kept


def _without_photoshop_thumbnails(payload: bytes) -> bytes:
    """Photoshop's resources: 8BIM, number, name (even length), size, data (even length)."""
    kept, position = [_PHOTOSHOP], len(_PHOTOSHOP)
    while payload[position : position + 4] == b"8BIM" and position + 7 <= len(payload):
        number = int.from_bytes(payload[position + 4 : position + 6], "big")
        size_at = position + 6 + (payload[position + 6] + 2) // 2 * 2
        size = int.from_bytes(payload[size_at : size_at + 4], "big")
        end = size_at + 4 + (size + 1) // 2 * 2
        if number not in _PHOTOSHOP_THUMBNAILS:
            kept.append(payload[position:end])
        position = end
    return b"".join([*kept, payload[position:]])
