"""PNG files: every sample outside the hole, every text, every bit of depth."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from inpaint import Inpainter, Photo
from inpaint._opencv import cv2

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, position = [], len(SIGNATURE)
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        found.append((name, data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def write(samples: np.ndarray, *added: tuple[bytes, bytes]) -> bytes:
    """A PNG file of H x W x 1 to 4 samples, uint8 or uint16, with more chunks."""
    height, width, channels = samples.shape
    bits = 8 * samples.dtype.itemsize
    rows = b"".join(b"\0" + row.tobytes() for row in samples.astype(f">u{bits // 8}"))
    header = struct.pack(">IIBBBBB", width, height, bits, COLOUR_TYPES[channels], 0, 0, 0)
    parts = [(b"IHDR", header), *added, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return SIGNATURE + b"".join(chunk(*part) for part in parts)


def read(data: bytes) -> np.ndarray:
    """Samples, by the text of the standard: all filters, no interlacing."""
    parts = chunks(data)
    width, height, bits, kind = struct.unpack_from(">IIBB", parts[0][1])
    channels = {value: key for key, value in COLOUR_TYPES.items()}[kind]
    step = channels * bits // 8
    raw = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    before = bytearray(width * step)
    rows = []
    for top in range(0, len(raw), width * step + 1):
        kind, row = raw[top], bytearray(raw[top + 1 : top + 1 + width * step])
        for i in range(len(row)):
            left, up = row[i - step] if i >= step else 0, before[i]
            corner = before[i - step] if i >= step else 0
            near = [abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]
            paeth = (left, up, corner)[near.index(min(near))]
            row[i] = (row[i] + (0, left, up, (left + up) // 2, paeth)[kind]) % 256
        before = row
        rows.append(bytes(row))
    return np.frombuffer(b"".join(rows), f">u{bits // 8}").reshape(height, width, channels)


class Constant:
    name = "constant"
    max_side = None

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return np.full_like(image, (0.3, 0.6, 0.9))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_samples_and_their_kind_stay(channels, dtype, hole):
    rng = np.random.default_rng(channels)
    top = np.iinfo(dtype).max
    samples = rng.integers(0, top + 1, (18, 25, channels), dtype)
    data = write(samples)
    np.testing.assert_array_equal(read(data), samples)
    mask = hole(18, 25)
    encoded = Inpainter(Constant()).restore(data, mask).encoded()
    again = read(encoded.data)
    assert encoded.notices == ()
    assert again.shape == samples.shape
    assert again.dtype.itemsize == samples.dtype.itemsize
    np.testing.assert_array_equal(again[~mask], samples[~mask])
    if channels in (2, 4):
        np.testing.assert_array_equal(again[..., -1], samples[..., -1])
    if channels > 2:
        wanted = np.rint(np.float32([0.3, 0.6, 0.9]) * top)
        np.testing.assert_array_equal(again[mask][:, :3], np.tile(wanted, (mask.sum(), 1)))


def test_transparent_parts_under_the_mask_become_opaque_when_asked(hole):
    samples = np.zeros((18, 25, 4), np.uint16)
    mask = hole(18, 25)
    restored = Inpainter(Constant()).restore(write(samples), mask, opaque=True)
    again = read(restored.encode())
    assert (again[mask][:, 3] == 65535).all()
    assert (again[~mask] == 0).all()


EXIF = b"II*\0\x08\0\0\0\1\0\x31\1\2\0\4\0\0\0Ann\0\0\0\0\0"
XMP = b"XML:com.adobe.xmp\0\0\0\0\0<x><xmp:Thumbnails>unrestored</xmp:Thumbnails><y/></x>"
KEPT = [
    (b"tEXt", b"Author\0Ann"),
    (b"tEXt", b"Author\0Bob"),
    (b"zTXt", b"Comment\0\0" + zlib.compress(b"long")),
    (b"iTXt", "Title\0\0\0de\0Titel\0Straße".encode()),
    (b"gAMA", struct.pack(">I", 45455)),
    (b"cHRM", bytes(32)),
    (b"cICP", bytes([12, 13, 0, 1])),
    (b"mDCV", bytes(24)),
    (b"cLLI", bytes(8)),
    (b"pHYs", struct.pack(">IIB", 3, 4, 0)),
    (b"oFFs", bytes(9)),
    (b"prVt", b"a program's own, safe to copy"),
]
LEFT_OUT = [(b"tIME", bytes(7)), (b"prVT", b"not to be copied"), (b"bKGD", bytes(6))]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_chunks_that_hold_for_an_edited_picture_stay_byte_by_byte(dtype, hole, picture):
    samples = picture(18, 25).astype(dtype)
    data = write(samples, *KEPT, *LEFT_OUT, (b"eXIf", EXIF), (b"iTXt", XMP))
    encoded = Inpainter(Constant()).restore(data, hole(18, 25)).encode()
    found = chunks(encoded)
    assert [one for one in found if one[0] not in (b"IHDR", b"IDAT", b"IEND")] == [
        *KEPT,
        (b"iTXt", XMP.replace(b"<xmp:Thumbnails>unrestored</xmp:Thumbnails>", b"")),
        (b"eXIf", EXIF),
    ]
    # Another reader takes the file as a whole.
    with Image.open(io.BytesIO(encoded)) as image:
        image.load()
        assert image.text["Title"] == "Straße"


def test_without_metadata_the_colours_and_the_resolution_stay(hole, picture):
    told = [*KEPT[:-3], (b"pHYs", struct.pack(">IIB", 11811, 11811, 1))]
    photo = Photo.read(write(picture(18, 25), *told, (b"eXIf", EXIF)))
    names = [name for name, _ in chunks(photo.without_metadata().encode())]
    assert sorted(names[1:-1]) == sorted(
        [b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI", b"pHYs", b"IDAT"]
    )


def test_interlaced_files_are_read(hole, picture):
    # Written by hand: seven passes, each a small picture.
    samples = picture(17, 23)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    raw = b""
    for top, left, down, across in [*passes, (1, 0, 2, 1)]:
        for row in samples[top::down, left::across]:
            raw += b"\0" + row.tobytes() if row.size else b""
    header = struct.pack(">IIBBBBB", 23, 17, 8, 2, 0, 0, 1)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    data = SIGNATURE + b"".join(chunk(*part) for part in parts)
    again = read(Inpainter(Constant()).restore(data, hole(17, 23)).encode())
    np.testing.assert_array_equal(again[~hole(17, 23)], samples[~hole(17, 23)])


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_grey_of_few_bits_gets_eight(bits, hole):
    levels = np.random.default_rng(0).integers(0, 2**bits, (9, 16), np.uint8)
    bit = np.unpackbits(levels[..., None], axis=2)[..., 8 - bits :].reshape(9, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(bit, axis=1))
    header = struct.pack(">IIBBBBB", 16, 9, bits, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    data = SIGNATURE + b"".join(chunk(*part) for part in parts)
    again = read(Inpainter(Constant()).restore(data, hole(9, 16)).encode())[..., 0]
    scaled = levels * (255 // (2**bits - 1))
    np.testing.assert_array_equal(again[~hole(9, 16)], scaled[~hole(9, 16)])


def test_opencv_reads_16_bits_as_we_write_them(hole):
    levels = np.random.default_rng(1).integers(0, 65536, (20, 30, 4), np.uint16)
    data = Inpainter(Constant()).restore(write(levels), hole(20, 30)).encode()
    again = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]]
    np.testing.assert_array_equal(again[~hole(20, 30)], levels[~hole(20, 30)])
