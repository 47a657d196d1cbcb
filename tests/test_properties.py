"""What holds for any input, tried on inputs that hypothesis chooses."""

from __future__ import annotations

import io
import re
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from inpaint import Inpainter, InpaintError, MaskError, Photo, PhotoError, read_mask
from inpaint.formats import exif, guards, jpeg_segments, png, tiff
from inpaint.formats.jpeg_segments import Frame

settings.register_profile("here", derandomize=True, deadline=None, max_examples=100, database=None)
HERE = settings.get_profile("here")
FEWER = settings(HERE, max_examples=40)

SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9)
DTYPES = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(),
    arrays.unsigned_integer_dtypes(),
    arrays.floating_dtypes(),
    arrays.complex_number_dtypes(),
    arrays.datetime64_dtypes(),
    arrays.unicode_string_dtypes(max_len=3),
    arrays.array_dtypes(max_size=2),
    st.just(np.dtype(object)),
)
SIDES = st.integers(1, 24)
MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB")
MODES = (*MODES, "HSV", "I", "F", "I;16", "I;16B")


class Constant:
    name = "constant"
    max_side = None

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return np.full_like(image, (0.2, 0.4, 0.9))


@st.composite
def any_arrays(draw) -> np.ndarray:
    dtype, shape = draw(DTYPES), draw(SHAPES)
    if dtype.hasobject or dtype.names or dtype.subdtype:
        return np.zeros(shape, dtype)
    return draw(arrays.arrays(dtype, shape))


@st.composite
def photo_arrays(draw) -> np.ndarray:
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    channels = draw(st.sampled_from([(), (1,), (2,), (3,), (4,)]))
    seed = draw(st.integers(0, 2**32 - 1))
    shape = (draw(SIDES), draw(SIDES), *channels)
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


@st.composite
def holes(draw, height: int, width: int) -> np.ndarray:
    """Neither empty nor all."""
    hole = draw(arrays.arrays(bool, (height, width)))
    hole[0, 0], hole[-1, -1] = True, False
    return hole


def check_line(error: InpaintError) -> None:
    line = str(error)
    assert len(line.splitlines()) == 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", line), line
    assert 10 < len(line) < 1000


def check_too_dark(error: InpaintError) -> None:
    assert "nothing is painted: the lightest part" in str(error)


@HERE
@given(any_arrays())
def test_any_array_is_a_photo_or_a_clear_error(array):
    before = array.copy()
    kind = array.dtype in (np.uint8, np.uint16) and array.ndim in (2, 3) and array.size > 0
    shaped = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 2, 3, 4))
    if kind and shaped:
        photo = Photo.read(array)
        assert photo.pixels.shape == (*array.shape[:2], 3)
        assert photo.pixels.dtype == array.dtype
        np.testing.assert_array_equal(array, before)
    else:
        with pytest.raises(PhotoError) as caught:
            Photo.read(array)
        check_line(caught.value)


@settings(HERE, max_examples=300)
@given(any_arrays())
def test_any_array_is_a_mask_or_a_clear_error(array):
    try:
        mask = read_mask(array)
    except MaskError as error:
        check_line(error)
        if array.ndim == 2 and array.size and array.dtype.kind in "biu":
            check_too_dark(error)
    else:
        assert mask.dtype == bool
        assert mask.shape == array.shape[:2]


@HERE
@given(
    arrays.arrays(bool, st.tuples(SIDES, SIDES)), st.sampled_from(["uint8", "uint16", "float32"])
)
def test_a_mask_of_black_and_white_is_the_same_in_any_dtype(mask, dtype):
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    np.testing.assert_array_equal(read_mask((mask * white).astype(dtype)), mask)
    np.testing.assert_array_equal(read_mask(mask.astype(dtype)), mask)
    assert read_mask(mask).dtype == bool


@HERE
@given(st.sampled_from(MODES), SIDES, SIDES, st.integers(0, 2**32 - 1))
def test_a_picture_of_any_mode_is_read_or_refused_in_a_line(mode, height, width, seed):
    size = len(Image.new(mode, (width, height)).tobytes())
    data = np.random.default_rng(seed).bytes(size)
    image = Image.frombytes(mode, (width, height), data)
    for read in (Photo.read, read_mask):
        try:
            result = read(image)
        except InpaintError as error:
            check_line(error)
            if mode not in ("F", "I", "LAB", "I;16B", "HSV", "PA", "P"):
                assert read is read_mask
                check_too_dark(error)
        else:
            shape = result.shape if isinstance(result, np.ndarray) else result.pixels.shape[:2]
            assert shape == (height, width)


@HERE
@given(st.data(), st.sampled_from(["uint8", "uint16", "float32", "float64"]), SIDES, SIDES)
def test_outside_the_hole_all_is_equal_and_inputs_are_not_written(data, dtype, height, width):
    if height * width == 1:
        width = 2
    grey = data.draw(st.booleans())
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    image = rng.random((height, width) if grey else (height, width, 3))
    if dtype.startswith("u"):
        image = (image * np.iinfo(dtype).max).astype(dtype)
    image = image.astype(dtype)
    hole = data.draw(holes(height, width))
    before, hole_before = image.copy(), hole.copy()
    options = {
        "feather": data.draw(st.sampled_from([0, 0.5, 3])),
        "context": data.draw(st.sampled_from([None, 1, 7])),
    }
    result = Inpainter(Constant()).restore_array(image, hole, **options)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(hole, hole_before)
    assert (result.dtype, result.shape) == (image.dtype, image.shape)
    np.testing.assert_array_equal(result[~hole], image[~hole])
    assert not np.shares_memory(result, image)


@HERE
@given(photo_arrays(), st.sampled_from(["PNG", "TIFF"]))
def test_lossless_formats_give_back_any_photo(array, format):
    photo = Photo.read(array)
    again = Photo.read(photo.encode(format))
    assert again.format == format
    assert again.pixels.dtype == array.dtype
    np.testing.assert_array_equal(again.pixels, photo.pixels)
    np.testing.assert_array_equal(
        again.alpha if again.alpha is not None else 0,
        photo.alpha if photo.alpha is not None else 0,
    )


@FEWER
@given(st.data(), photo_arrays(), st.sampled_from(["PNG", "TIFF", "BMP"]))
def test_an_edit_goes_through_a_lossless_file(data, array, format):
    photo = Photo.read(array)
    if photo.alpha is not None or array.dtype != np.uint8 or photo.height * photo.width == 1:
        photo = Photo.read(np.zeros((4, 5, 3), np.uint8))
    photo = Photo.read(photo.encode(format))
    hole = data.draw(holes(photo.height, photo.width))
    edited = Inpainter(Constant()).restore(photo, hole)
    again = Photo.read(edited.encode())
    np.testing.assert_array_equal(again.pixels, edited.pixels)
    np.testing.assert_array_equal(again.pixels[~hole], photo.pixels[~hole])


TIFF_BYTES = st.builds(
    lambda order, first, rest: order + first.to_bytes(4, "little") + rest,
    st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]),
    st.integers(0, 40),
    st.binary(max_size=200),
)
ANY_BYTES = st.one_of(st.binary(max_size=300), TIFF_BYTES)


@settings(HERE, max_examples=400)
@given(ANY_BYTES)
def test_an_exif_block_of_any_bytes_keeps_its_length(data):
    block = exif.PREFIX + data
    without = exif.without_thumbnail(block)
    assert len(without) == len(block)
    assert without.startswith(exif.PREFIX)
    assert exif.without_thumbnail(without) == without
    assert isinstance(exif.is_whole(block), bool)
    assert guards.count_claimed(data) >= 0


@settings(HERE, max_examples=300)
@given(ANY_BYTES, photo_arrays())
def test_a_tiff_is_written_around_any_exif_block(data, array):
    photo = Photo.read(array if array.ndim == 2 else array[..., 0])
    encoded = tiff.encode(
        photo.pixels[..., :1],
        alpha=False,
        exif=data,
        icc_profile=None,
        xmp=None,
        dpi=None,
        compressed=False,
    )
    with Image.open(io.BytesIO(encoded)) as image:
        assert image.size == (photo.width, photo.height)


@settings(HERE, max_examples=300)
@given(ANY_BYTES)
def test_any_bytes_as_a_tiff_of_16_bits_are_read_or_refused(data):
    try:
        assert Photo.read(data).pixels.size
    except PhotoError as error:
        check_line(error)


JPEG_BYTES = st.builds(
    lambda parts: b"\xff\xd8" + b"".join(parts),
    st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.builds(
                lambda marker, payload: (
                    bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload
                ),
                st.integers(0, 255),
                st.one_of(st.binary(max_size=30), st.just(b"Photoshop 3.0\x008BIM\4\x0c")),
            ),
            st.sampled_from([b"\xff\xd9", b"\xff", b"\xff\xda\0\2"]),
        )
    ),
)


@settings(HERE, max_examples=400)
@given(JPEG_BYTES)
def test_jpeg_segments_of_any_bytes_tile_the_file_or_are_refused(data):
    try:
        segments = list(jpeg_segments.read_segments(data))
        assert segments[-1].marker == jpeg_segments.EOI
        places = [place for s in segments for place in (s.start, s.end)]
        assert places == sorted(places)
        assert places[-1] <= len(data)
        kept = jpeg_segments.keep_metadata(segments, None)
        body = jpeg_segments.without_metadata(data)
        joined = jpeg_segments.join(kept, body)
        again = [s.payload for s in jpeg_segments.read_segments(joined) if s.is_metadata]
        assert again == [s.payload for s in kept]
        assert jpeg_segments.count_trailing(data) <= len(data)
        for segment in segments:
            if segment.is_frame:
                Frame.parse(segment)
    except PhotoError as error:
        check_line(error)


PNG_BYTES = st.builds(
    lambda parts: png.SIGNATURE + b"".join(parts),
    st.lists(
        st.builds(
            lambda lie, name, content: (
                (len(content) + lie).to_bytes(4, "big") + name + content
                + zlib.crc32(name + content).to_bytes(4, "big")
            ),
            st.sampled_from([0, 0, 0, 1, 2**31]),
            st.sampled_from([b"IHDR", b"tEXt", b"iTXt", b"gAMA", b"IEND", b"eXIf", b"\0\0\0\0"]),
            st.binary(max_size=20),
        )
    ),
)  # fmt: skip


@settings(HERE, max_examples=300)
@given(st.one_of(PNG_BYTES, st.binary(max_size=100)))
def test_png_chunks_of_any_bytes_are_kept_from_before_the_end_only(data):
    chunks = list(png.read_chunks(data))
    assert sum(len(content) for _, content in chunks) <= len(data)
    assert not {b"IHDR", b"IEND", b"eXIf", b"\0\0\0\0"} & {name for name, _ in chunks}
    end = png.SIGNATURE + b"\0\0\0\0IEND\0\0\0\0"
    assert list(png.read_chunks(end + data[8:])) == []


@settings(HERE, max_examples=200)
@given(st.binary(max_size=40), st.binary(max_size=40), st.sampled_from([b"xmp", b"xap"]))
def test_thumbnails_go_out_of_xmp_and_nothing_else(before, after, prefix):
    thumbnails = b"<" + prefix + b":Thumbnails><a/></" + prefix + b":Thumbnails>"
    assert jpeg_segments.without_xmp_thumbnails(before + thumbnails + after) == before + after
    open_only = before + b"<" + prefix + b":Thumbnails>" + after
    assert jpeg_segments.without_xmp_thumbnails(open_only) == open_only


@settings(HERE, max_examples=200)
@given(
    st.one_of(st.binary(max_size=200), st.none(), st.integers(), st.text(max_size=30), st.floats())
)
def test_what_is_no_picture_is_refused_in_a_line(source):
    for read in (Photo.read, read_mask):
        with pytest.raises(InpaintError) as caught:
            read(source)
        check_line(caught.value)
