"""A JPEG comes back with new coefficients in the blocks that the hole meets, and in no other."""

from __future__ import annotations

import io
import struct

import jpeglib
import numpy as np
import pytest
from PIL import Image

from inpaint._opencv import cv2
from inpaint.errors import PhotoError
from inpaint.formats.jpeg import edit_jpeg
from inpaint.photo import Photo
from inpaint.window import Window

HEIGHT, WIDTH = 150, 203  # no whole number of blocks, of any subsampling
FACTORS = {"4:2:0": 0x221111, "4:2:2": 0x211111, "4:4:0": 0x121111, "4:1:1": 0x411111}
KINDS = (
    "4:4:4",
    *FACTORS,
    "grey",
    "rgb",
    "rgb unmarked",
    "cmyk",
    "cmyk 4:2:0",
    "ycck",
    "ycck 4:2:0",
)
ORIENTATION, SOFTWARE = 0x0112, 0x0131
XMP = b"http://ns.adobe.com/xap/1.0/\0"
TIFF_HEADER = {"<": b"II*\0\x08\0\0\0", ">": b"MM\0*\0\0\0\x08"}


def encode(pixels: np.ndarray, kind: str = "4:2:0", progressive: bool = False, **options) -> bytes:
    """A JPEG file of one of KINDS, by Pillow or (for rare subsampling) by OpenCV."""
    if kind in ("4:4:0", "4:1:1"):
        parameters = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, FACTORS[kind], cv2.IMWRITE_JPEG_QUALITY, 88]
        parameters += [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
        return cv2.imencode(".jpg", pixels[..., ::-1], parameters)[1].tobytes()
    image = Image.fromarray(pixels)
    if kind == "grey":
        image = image.convert("L")
    elif kind.startswith(("cmyk", "ycck")):
        image = image.convert("CMYK")
    options |= {"keep_rgb": True} if kind.startswith("rgb") else {"subsampling": kind[-5:]}
    if options.get("subsampling") not in ("4:4:4", "4:2:2", "4:2:0"):
        options["subsampling"] = "4:4:4"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88, progressive=progressive, **options)
    data = buffer.getvalue()
    if kind.startswith("ycck"):
        # The Adobe marker's last byte says which: the same coefficients, read as YCCK.
        at = data.index(b"Adobe") + 11
        data = data[:at] + b"\2" + data[at + 1 :]
    if kind == "rgb unmarked":  # what is left to tell it are the components' names
        at = data.index(b"\xff\xee")
        data = data[:at] + data[at + 16 :]
    return data


def segments(data: bytes) -> list[tuple[int, bytes]]:
    """Marker and payload of all that stands before the first scan."""
    found, position = [], 2
    while data[position + 1] != 0xDA:
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        found.append((data[position + 1], data[position + 4 : position + 2 + length]))
        position += 2 + length
    return found


def with_segments(data: bytes, *added: tuple[int, bytes]) -> bytes:
    """The file with segments before all of its own."""
    parts = [
        b"\xff" + bytes([mark]) + struct.pack(">H", len(body) + 2) + body for mark, body in added
    ]
    return data[:2] + b"".join(parts) + data[2:]


def metadata(data: bytes) -> list[tuple[int, bytes]]:
    return [s for s in segments(data) if s[0] == 0xFE or 0xE0 <= s[0] <= 0xEF]


def frame(data: bytes) -> tuple[int, bytes]:
    """Kind, precision, size, components with their factors and tables."""
    (found,) = [s for s in segments(data) if s[0] in (0xC0, 0xC1, 0xC2)]
    return found


def tables(data: bytes) -> dict[int, list[int]]:
    with Image.open(io.BytesIO(data)) as image:
        return dict(image.quantization)


def coefficients(data: bytes, folder) -> list[np.ndarray]:
    path = folder / "coefficients.jpg"
    path.write_bytes(data)
    with jpeglib.version("turbo210"):
        file = jpeglib.read_dct(str(path))
        return [part for part in (file.Y, file.Cb, file.Cr, file.K) if part is not None]


def meets(hole: np.ndarray, data: bytes, shape: tuple[int, ...], component: int) -> np.ndarray:
    """bool rows x columns: which blocks of a component stand for a pixel of the stored hole."""
    header = frame(data)[1]
    factors = [divmod(header[7 + 3 * i], 16) for i in range(header[5])]
    across = 8 * max(h for h, _ in factors) // factors[component][0]
    down = 8 * max(v for _, v in factors) // factors[component][1]
    met = np.zeros(shape[:2], bool)
    for y, x in np.argwhere(hole):
        met[y // down, x // across] = True
    return met


def check_kept(before: bytes, after: bytes, hole: np.ndarray, folder) -> None:
    """All blocks that the stored hole does not meet are equal, and some that it meets are not."""
    olds, news = coefficients(before, folder), coefficients(after, folder)
    assert len(olds) == len(news)
    changed = 0
    for i, (old, new) in enumerate(zip(olds, news, strict=True)):
        assert old.shape == new.shape
        met = meets(hole, before, old.shape, i)
        assert not met.all()
        np.testing.assert_array_equal(new[~met], old[~met])
        changed += np.count_nonzero(new[met] != old[met])
    assert changed


def edit(photo: Photo, hole: np.ndarray, value: int = 77) -> Photo:
    return photo.with_edit(np.full_like(photo.pixels, value), hole)


def box(height: int, width: int, top: int = 37, left: int = 51, side: int = 49) -> np.ndarray:
    hole = np.zeros((height, width), bool)
    hole[top : top + side, left : left + side + 7] = True
    return hole


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("kind", KINDS)
def test_only_blocks_that_meet_the_hole_get_new_coefficients(kind, progressive, picture, tmp_path):
    data = encode(picture(HEIGHT, WIDTH), kind, progressive)
    hole = box(HEIGHT, WIDTH)
    photo = Photo.read(data)
    encoded = edit(photo, hole).encoded()
    assert encoded.coefficients_kept
    assert encoded.notices == ()
    assert frame(encoded.data) == frame(data)
    assert tables(encoded.data) == tables(data)
    assert metadata(encoded.data) == metadata(data)
    check_kept(data, encoded.data, hole, tmp_path)
    # A flat block has one coefficient a component, wrong by half a step at most: 1/16 of it.
    again = Photo.read(encoded.data)
    error = np.abs(again.pixels[60:72, 70:90].astype(int) - 77).max()
    if photo.ink is None:
        steps = [table[0] for table in tables(data).values()]
        assert error <= (steps[0] + 2 * max(steps)) / 16 + 2
    else:
        wanted = edit(photo, hole).ink[60:72, 70:90]
        assert np.abs(again.ink[60:72, 70:90].astype(int) - wanted).max() <= 6


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("kind", ["4:4:4", "4:2:2", "grey", "ycck"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_edit_turns_into_the_way_the_file_lies(
    kind, orientation, progressive, picture, tmp_path
):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = encode(picture(HEIGHT, WIDTH), kind, progressive, exif=exif.tobytes())
    photo = Photo.read(data)
    assert (photo.height, photo.width) == ((WIDTH, HEIGHT) if orientation > 4 else (HEIGHT, WIDTH))
    hole = box(photo.height, photo.width, 3, 90, 31)
    hole[100:140, 5:9] = True
    encoded = edit(photo, hole).encoded()
    # Pillow's own way of turning, so that one mistake in ours is not made twice.
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = Image.fromarray(hole)
    if orientation in turns:
        stored = stored.transpose(Image.Transpose(turns[orientation]))
    assert stored.size == (WIDTH, HEIGHT)
    check_kept(data, encoded.data, np.asarray(stored), tmp_path)
    again = Photo.read(encoded.data)
    assert again.traits.orientation == orientation
    inner = again.pixels[12:26, 104:112].astype(int)
    assert np.abs(inner - np.median(inner)).max() <= 8
    if photo.ink is None:
        assert abs(np.median(inner) - 77) <= 3


@pytest.mark.parametrize("hole_at", [(0, 0), (HEIGHT - 1, WIDTH - 1), (0, WIDTH - 1), (63, 64)])
@pytest.mark.parametrize("kind", ["4:2:0", "4:1:1", "4:4:0"])
def test_one_pixel_touches_one_block_of_each_component(kind, hole_at, picture, tmp_path):
    data = encode(picture(HEIGHT, WIDTH), kind)
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[hole_at] = True
    after = edit(Photo.read(data), hole, 255 if hole_at == (0, 0) else 0).encode()
    check_kept(data, after, hole, tmp_path)
    pairs = zip(coefficients(data, tmp_path), coefficients(after, tmp_path), strict=True)
    assert all((old != new).any(axis=(2, 3)).sum() <= 1 for old, new in pairs)


@pytest.mark.parametrize("kind", ["4:2:0", "4:4:4", "grey", "cmyk"])
def test_without_an_edit_no_coefficient_changes(kind, picture, tmp_path):
    data = encode(picture(HEIGHT, WIDTH), kind)
    encoded = Photo.read(data).encoded()
    pairs = zip(coefficients(data, tmp_path), coefficients(encoded.data, tmp_path), strict=True)
    assert all(np.array_equal(old, new) for old, new in pairs)
    assert (encoded.coefficients_kept, encoded.moved_pixels, encoded.largest_move) == (True, 0, 0)


@pytest.mark.parametrize("kind", ["4:4:4", "4:2:0", "grey"])
def test_pixels_that_move_outside_the_hole_are_counted(kind, picture):
    data = encode(picture(HEIGHT, WIDTH), kind)
    hole = box(HEIGHT, WIDTH)
    encoded = edit(Photo.read(data), hole, 250).encoded()
    with Image.open(io.BytesIO(data)) as old, Image.open(io.BytesIO(encoded.data)) as new:
        before, after = (np.atleast_3d(np.asarray(image, int)) for image in (old, new))
    moves = np.where(hole, 0, np.abs(after - before).max(axis=2))
    assert encoded.moved_pixels == np.count_nonzero(moves) > 0
    assert encoded.largest_move == moves.max()
    # Blocks that meet the hole, and for colour at half size one block's width beside them.
    reach = np.zeros_like(hole)
    margin = 0 if kind != "4:2:0" else 2
    side = 8 if kind != "4:2:0" else 16
    ys, xs = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    top, left = ys[0] // side * side - margin, xs[0] // side * side - margin
    bottom, right = (-(-(last + 1) // side) * side + margin for last in (ys[-1], xs[-1]))
    reach[top:bottom, left:right] = True
    assert not moves[~reach].any()


def test_two_edits_in_a_row_keep_what_neither_meets(picture, tmp_path):
    data = encode(picture(HEIGHT, WIDTH), "4:2:0")
    first, second = box(HEIGHT, WIDTH, 2, 3, 30), box(HEIGHT, WIDTH, 90, 120, 40)
    once = edit(Photo.read(data), first, 10)
    at_once = edit(once, second, 240)
    check_kept(data, at_once.encode(), first | second, tmp_path)
    saved_between = once.encode()
    last = edit(Photo.read(saved_between), second, 240).encode()
    check_kept(saved_between, last, second, tmp_path)
    check_kept(data, last, first | second, tmp_path)


def test_restart_intervals_are_read(picture, tmp_path):
    data = encode(picture(HEIGHT, WIDTH), "4:2:0", restart_marker_blocks=3)
    assert any(marker == 0xDD for marker, _ in segments(data))
    hole = box(HEIGHT, WIDTH)
    encoded = edit(Photo.read(data), hole).encoded()
    assert encoded.coefficients_kept
    check_kept(data, encoded.data, hole, tmp_path)


def test_extremes_are_coded(tmp_path):
    noise = np.random.default_rng(0).integers(0, 2, (64, 64, 1), np.uint8).repeat(3, axis=2) * 255
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=100, subsampling=0)
    hole = box(64, 64, 9, 9, 30)
    wanted = np.random.default_rng(1).integers(0, 2, noise.shape, np.uint8) * 255
    encoded = Photo.read(buffer.getvalue()).with_edit(wanted, hole).encoded()
    check_kept(buffer.getvalue(), encoded.data, hole, tmp_path)
    got = Photo.read(encoded.data).pixels[hole].astype(int)
    assert np.abs(got - wanted[hole]).max() <= 8


# --- what else stands in the file ---------------------------------------------------------------


def test_all_metadata_stays_byte_by_byte_and_in_its_order(picture, tmp_path):
    exif = Image.Exif()
    exif[SOFTWARE] = "camera"
    photoshop = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", 5) + b"IPTC!\0"
    extension = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + bytes(8) + b"<more/>"
    added = [
        (0xE1, b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")),
        (0xE1, XMP + b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"),
        (0xE1, extension),
        (0xED, photoshop),
        (0xE2, b"ICC_PROFILE\0\1\2" + b"first half, "),
        (0xE2, b"ICC_PROFILE\0\2\2" + b"second half"),
        (0xE5, b"nobody knows"),
        (0xEB, bytes(range(256)) * 200),
        (0xFE, "von Hand, für Käthe".encode()),
        (0xFE, b"a second comment \xff\xd8\xff\xd9"),
    ]
    data = with_segments(encode(picture(HEIGHT, WIDTH), "cmyk"), *added)
    encoded = edit(Photo.read(data), box(HEIGHT, WIDTH)).encoded()
    assert metadata(encoded.data) == metadata(data)
    assert metadata(data)[: len(added)] == added
    assert metadata(data)[-1][1].startswith(b"Adobe")
    check_kept(data, encoded.data, box(HEIGHT, WIDTH), tmp_path)


def test_more_segments_than_jpeglib_counts_are_kept(picture, tmp_path):
    added = [(0xEB, b"HDR_RI part %d" % number) for number in range(120)]
    data = with_segments(encode(picture(HEIGHT, WIDTH)), *added)
    encoded = edit(Photo.read(data), box(HEIGHT, WIDTH)).encoded()
    assert encoded.coefficients_kept
    assert metadata(encoded.data) == metadata(data)


SHOWN = b"the unrestored photo, small"


def exif_with_thumbnail(order: str) -> bytes:
    """A block whose second directory holds SHOWN, and whose first holds one text."""
    second = 8 + 2 + 12 + 4
    thumbnail = second + 2 + 24 + 4
    block = TIFF_HEADER[order] + struct.pack(f"{order}HHHI4s", 1, SOFTWARE, 2, 4, b"Ann\0")
    block += struct.pack(f"{order}IH", second, 2)
    block += struct.pack(f"{order}HHII", 0x201, 4, 1, thumbnail)
    block += struct.pack(f"{order}HHII", 0x202, 4, 1, len(SHOWN))
    return b"Exif\0\0" + block + bytes(4) + SHOWN


def photoshop_with(number: int) -> bytes:
    caption = b"8BIM\x04\x04\x03abc" + struct.pack(">I", 4) + b"IPTC"
    shown = b"8BIM" + struct.pack(">HBB", number, 0, 0) + struct.pack(">I", len(SHOWN)) + SHOWN
    return b"Photoshop 3.0\0" + caption + shown + b"\0" + caption


THUMBNAILS = {
    "exif, little-endian": (0xE1, exif_with_thumbnail("<")),
    "exif, big-endian": (0xE1, exif_with_thumbnail(">")),
    "jfif": (0xE0, b"JFIF\0\1\2\1\0\x48\0\x48\3\3" + SHOWN),
    "jfxx": (0xE0, b"JFXX\0\x10" + SHOWN),
    "photoshop 5": (0xED, photoshop_with(1036)),
    "photoshop 4": (0xED, photoshop_with(1033)),
    "xmp": (0xE1, XMP + b"<a><xmp:Thumbnails>" + SHOWN + b"</xmp:Thumbnails><b/></a>"),
    "xmp, old": (0xE1, XMP + b"<a><xap:Thumbnails x='1'>" + SHOWN + b"</xap:Thumbnails><b/></a>"),
    "second pictures": (0xE2, b"MPF\0" + SHOWN),
}


@pytest.mark.parametrize("segment", THUMBNAILS.values(), ids=list(THUMBNAILS))
def test_thumbnails_of_the_unrestored_photo_go(segment, picture):
    plain = encode(picture(HEIGHT, WIDTH))
    data = with_segments(plain, segment)
    assert SHOWN in data
    encoded = edit(Photo.read(data), box(HEIGHT, WIDTH)).encoded()
    assert SHOWN not in encoded.data
    assert encoded.coefficients_kept
    kept = b"".join(payload for _, payload in metadata(encoded.data))
    for text in (b"Ann\0", b"<b/>", b"IPTC", b"\x48\0\x48"):
        assert (text in kept) == (text in segment[1])
    # What the file has beside it is all there.
    assert [s for s in metadata(encoded.data) if s in metadata(plain)]


def test_nothing_follows_the_picture(picture):
    data = encode(picture(HEIGHT, WIDTH)) + b"a motion photo's video" * 9
    encoded = edit(Photo.read(data), box(HEIGHT, WIDTH)).encoded()
    assert encoded.data.endswith(b"\xff\xd9")
    assert b"video" not in encoded.data
    assert len(encoded.notices) == 1
    assert "198 bytes that follow the picture" in encoded.notices[0]


def test_without_metadata_only_what_shows_the_picture_stays(picture, tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION], exif[SOFTWARE] = 6, "camera"
    data = with_segments(
        encode(picture(HEIGHT, WIDTH), "rgb", exif=exif.tobytes(), comment=b"private"),
        (0xE1, XMP + b"<private/>"),
        (0xED, b"Photoshop 3.0\0private"),
        (0xE9, b"private"),
        (0xE2, b"ICC_PROFILE\0\1\1colours"),
    )
    photo = Photo.read(data)
    hole = box(photo.height, photo.width)
    encoded = edit(photo, hole).without_metadata().encoded()
    assert b"private" not in encoded.data
    assert b"camera" not in encoded.data
    kept = [payload[:5] for _, payload in metadata(encoded.data)]
    assert sorted(kept) == [b"Adobe", b"Exif\0", b"ICC_P"]
    assert Photo.read(encoded.data).traits.orientation == 6
    check_kept(data, encoded.data, np.rot90(hole), tmp_path)


# --- where it cannot be done --------------------------------------------------------------------


def arithmetic(data: bytes, folder) -> bytes:
    source, target = folder / "source.jpg", folder / "arithmetic.jpg"
    source.write_bytes(data)
    with jpeglib.version("turbo210"):
        file = jpeglib.read_dct(str(source))
        file.load()
        file.write_dct(str(target), flags=["+ARITH_CODE"])
    return target.read_bytes()


def test_arithmetic_coding_is_encoded_anew_with_its_tables_and_this_is_told(picture, tmp_path):
    data = arithmetic(encode(picture(HEIGHT, WIDTH), "4:2:2"), tmp_path)
    hole = box(HEIGHT, WIDTH)
    photo = Photo.read(data)
    encoded = edit(photo, hole).encoded()
    assert not encoded.coefficients_kept
    assert any("encoded again" in notice and "arithmetic" in notice for notice in encoded.notices)
    assert tables(encoded.data) == tables(data)
    again = Photo.read(encoded.data)
    moves = np.where(hole, 0, np.abs(again.pixels.astype(int) - photo.pixels).max(axis=2))
    assert (encoded.moved_pixels, encoded.largest_move) == (np.count_nonzero(moves), moves.max())


def test_a_quality_gives_up_the_coefficients_and_counts_what_moves(picture):
    data = encode(picture(HEIGHT, WIDTH))
    encoded = edit(Photo.read(data), box(HEIGHT, WIDTH)).encoded(quality=60)
    assert not encoded.coefficients_kept
    assert encoded.moved_pixels > HEIGHT * WIDTH / 2
    assert tables(encoded.data) != tables(data)


def edit_all(data, samples, hole):
    return edit_jpeg(data, samples, hole, Window(0, 0, *hole.shape), hole.shape, exif=None)


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (0, 12, "12 bits per sample"),
        (7, 0x31, "fractions"),
        (2, 0, "differ in size"),
        (-1, 0xC3, "rare way"),
        (-1, 0xC9, "rare way"),
    ],
)
def test_what_cannot_be_edited_is_named(offset, value, reason, picture, tmp_path):
    data = bytearray(encode(picture(HEIGHT, WIDTH), "4:2:2"))
    at = data.index(b"\xff\xc0")
    data[at + 4 + offset if offset >= 0 else at + 1] = value
    if value == 0x31:
        data[at + 4 + 10] = 0x21
    with pytest.raises(PhotoError, match=reason):
        edit_all(bytes(data), picture(HEIGHT, WIDTH), box(HEIGHT, WIDTH))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\xff\xff", b"\xff\xd8\xff\xd9"]
)
def test_what_is_no_jpeg_is_refused(data, picture):
    with pytest.raises(PhotoError):
        edit_all(data, picture(8, 8), np.ones((8, 8), bool))
