"""What counts as painted, and how it grows and fades."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from inpaint.errors import MaskError
from inpaint.mask import check_hole, feather, grow, read_hole, read_mask


def to_bytes(image: Image.Image, format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def levels(hole: np.ndarray) -> Image.Image:
    return Image.fromarray(np.where(hole, 255, 0).astype(np.uint8))


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("TIFF", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
    ],
)
def test_white_counts_in_any_mode(format, mode, hole):
    expected = hole(30, 40)
    if mode == "I;16":
        image = Image.fromarray(np.where(expected, 65535, 0).astype(np.uint16))
    else:
        image = levels(expected).convert(mode)
    np.testing.assert_array_equal(read_mask(to_bytes(image, format)), expected)
    np.testing.assert_array_equal(read_mask(image, (30, 40)), expected)


def test_the_threshold_lies_above_127():
    image = Image.fromarray(np.array([[0, 1, 127, 128, 255]], np.uint8))
    assert read_mask(image).tolist() == [[False, False, False, True, True]]


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 0, 0), (255, 255, 255)])
@pytest.mark.parametrize("clear", [(0, 0, 0), (255, 255, 255)])
def test_what_is_opaque_counts_where_strokes_have_one_colour(colour, clear, hole):
    expected = hole(12, 15)
    pixels = np.where(expected[..., None], (*colour, 255), (*clear, 0)).astype(np.uint8)
    np.testing.assert_array_equal(read_mask(to_bytes(Image.fromarray(pixels))), expected)
    np.testing.assert_array_equal(read_mask(pixels), expected)


def test_white_counts_where_opaque_parts_differ(hole):
    expected = hole(12, 15)
    pixels = np.where(expected[..., None], 255, 0).astype(np.uint8).repeat(4, axis=2)
    pixels[..., 3] = 255
    pixels[0, 0] = (255, 255, 255, 0)
    np.testing.assert_array_equal(read_mask(Image.fromarray(pixels)), expected)


def test_nothing_opaque_is_nothing_painted():
    assert not read_mask(np.zeros((4, 5, 4), np.uint8)).any()


def test_orientation_is_applied(hole):
    exif = Image.Exif()
    exif[0x0112] = 6
    expected = hole(20, 30)
    expected[0, 0] = True
    data = to_bytes(levels(expected), exif=exif.tobytes())
    np.testing.assert_array_equal(read_mask(data, (30, 20)), np.rot90(expected, -1))


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[True, False]]), [[True, False]]),
        (np.array([[0, 1]], np.uint8), [[False, True]]),
        (np.array([[0, 127, 128]], np.uint8), [[False, False, True]]),
        (np.array([[0, 1, 200]], np.int64), [[False, False, True]]),
        (np.array([[255, 32768]], np.uint16), [[False, True]]),
        (np.array([[0.5, 0.6, np.nan]], np.float32), [[False, True, False]]),
        (np.array([[[0], [255]]], np.uint8), [[False, True]]),
        (np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8), [[False, True]]),
    ],
)
def test_arrays(array, expected):
    before = array.copy()
    mask = read_mask(array)
    assert mask.dtype == bool
    assert mask.tolist() == expected
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 4, 5), np.uint8),
        np.zeros(3, bool),
        np.zeros((0, 3), bool),
        np.full((3, 3), 255.0),
        np.zeros((2, 2), complex),
        np.zeros((2, 2, 3)),
    ],
)
def test_arrays_that_are_no_mask(array):
    with pytest.raises(MaskError):
        read_mask(array)


def test_another_size_states_both(hole):
    with pytest.raises(MaskError, match=r"40 x 30 pixels, the photo 41 x 30"):
        read_mask(hole(30, 40), (30, 41))
    with pytest.raises(MaskError, match="turned by 90 degrees"):
        read_mask(hole(30, 40), (40, 30))


def test_no_picture(tmp_path):
    (tmp_path / "text.png").write_text("hello")
    for name in ("text.png", "missing.png"):
        with pytest.raises(MaskError, match=name):
            read_mask(tmp_path / name)
    with pytest.raises(MaskError):
        read_mask(b"hello")
    with pytest.raises(MaskError):
        read_mask(3)


def test_nothing_painted_is_said(hole):
    check_hole(hole(9, 9))
    with pytest.raises(MaskError, match="nothing is painted"):
        check_hole(np.zeros((9, 9), bool))


@pytest.mark.parametrize("pixels", [0, 1, 2, 7, 30])
def test_growing_is_a_disc(pixels):
    mask = np.zeros((40, 30), bool)
    mask[4, 25] = mask[20, 3] = True
    y, x = np.mgrid[0:40, 0:30]
    near = [np.hypot(y - row, x - column) <= pixels for row, column in ((4, 25), (20, 3))]
    before = mask.copy()
    np.testing.assert_array_equal(grow(mask, pixels), near[0] | near[1])
    np.testing.assert_array_equal(mask, before)


def test_growing_nothing_and_everything():
    for mask in (np.zeros((5, 6), bool), np.ones((5, 6), bool)):
        np.testing.assert_array_equal(grow(mask, 3), mask)
    with pytest.raises(MaskError, match="-1"):
        grow(np.ones((5, 6), bool), -1)


def test_feathering_stays_inside():
    hole = np.zeros((21, 31), bool)
    hole[5:16, 8:23] = True
    weights = feather(hole, 3)
    assert weights.dtype == np.float32
    assert (weights[~hole] == 0).all()
    np.testing.assert_allclose(weights[10, 8:13], [0.25, 0.5, 0.75, 1, 1], atol=1e-6)
    np.testing.assert_array_equal(feather(hole, 0), hole.astype(np.float32))


def test_the_photos_border_is_no_edge():
    hole = np.zeros((10, 10), bool)
    hole[:, :5] = True
    assert (feather(hole, 2)[:, 0] == 1).all()
    assert (feather(np.ones((4, 5), bool), 2) == 1).all()
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(MaskError, match="feather"):
            feather(hole, wrong)


# --- what a mask for a photo says ---------------------------------------------------------------


def test_a_wrong_size_names_both_sizes_and_no_remedy_that_would_not_help(hole):
    with pytest.raises(MaskError) as caught:
        read_hole(hole(30, 40), (31, 41), orientation=6)
    assert str(caught.value) == ("the mask is 40 x 30 pixels, the photo 41 x 31 (width x height)")


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_of_the_stored_photo_is_explained_by_exif_and_turns(orientation, hole):
    stored = hole(30, 40)
    stored[0, 0] = stored[2, 5:9] = True
    data = to_bytes(levels(stored))
    with pytest.raises(MaskError, match=r"40 x 30 .* 30 x 40 .*EXIF orientation.*--mask-turned"):
        read_hole(data, (40, 30), orientation=orientation)
    mask, notices = read_hole(data, (40, 30), orientation=orientation, turned=True)
    turn = {5: 5, 6: 4, 7: 6, 8: 2}[orientation]
    wanted = levels(stored).transpose(Image.Transpose(turn))
    np.testing.assert_array_equal(mask, np.asarray(wanted) > 127)
    assert notices == ()


def test_a_turned_mask_that_fitted_already_is_told_so(hole):
    with pytest.raises(MaskError, match="fits the upright photo, so it needs no turning"):
        read_hole(hole(40, 30), (40, 30), orientation=6, turned=True)


@pytest.mark.parametrize("orientation", [2, 3, 4])
def test_turning_counts_where_the_size_does_not_tell(orientation):
    corner = np.zeros((4, 6), bool)
    corner[0, 0] = True
    mask, _ = read_hole(corner, (4, 6), orientation=orientation, turned=True)
    assert mask[{2: (0, 5), 3: (3, 5), 4: (3, 0)}[orientation]]
    assert mask.sum() == 1


@pytest.mark.parametrize(("rows", "said"), [(6, False), (7, True), (10, False)])
def test_more_than_60_percent_may_be_the_wrong_way_round(rows, said):
    mask = np.zeros((10, 8), bool)
    mask[:rows] = True
    read, notices = read_hole(to_bytes(levels(mask)), (10, 8))
    assert (read == mask).all()
    assert bool(notices) == said
    if said:
        assert "70%" in notices[0]
        assert "--invert" in notices[0]
    inverted, notices = read_hole(to_bytes(levels(mask)), (10, 8), invert=True)
    assert (inverted == ~mask).all()
    assert notices == ()


def test_grey_levels_are_divided_in_the_middle():
    ramp = np.tile(np.arange(256, dtype=np.uint8), (3, 1))
    mask, notices = read_hole(to_bytes(Image.fromarray(ramp)), (3, 256))
    assert (mask == (ramp > 127)).all()
    assert notices == ()


@pytest.mark.parametrize("quality", [20, 75])
def test_what_jpeg_makes_of_a_masks_edges_does_not_matter(quality, hole):
    expected = hole(64, 80)
    data = to_bytes(levels(expected), "JPEG", quality=quality)
    noisy = np.asarray(Image.open(io.BytesIO(data)))
    assert len(np.unique(noisy)) > 2
    np.testing.assert_array_equal(read_hole(data, (64, 80))[0], expected)


def test_strokes_on_a_transparent_layer_count(hole):
    expected = hole(12, 15)
    layer = np.zeros((12, 15, 4), np.uint8)
    layer[expected] = (200, 30, 30, 255)
    np.testing.assert_array_equal(
        read_hole(to_bytes(Image.fromarray(layer)), (12, 15))[0], expected
    )


def test_all_white_is_said_to_leave_nothing():
    with pytest.raises(MaskError, match="all of the photo is painted"):
        check_hole(read_hole(to_bytes(levels(np.ones((9, 8), bool))), (9, 8))[0])


def test_all_black_is_said_to_be_nothing():
    with pytest.raises(MaskError, match="no white part"):
        check_hole(read_hole(to_bytes(levels(np.zeros((9, 8), bool))), (9, 8))[0])


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_a_file_of_zeros_and_ones_counts_ones(mode, hole):
    ones = hole(20, 30).astype(np.uint16 if mode == "I;16" else np.uint8)
    image = Image.fromarray(np.dstack([ones] * 3) if mode == "RGB" else ones)
    np.testing.assert_array_equal(read_mask(to_bytes(image)), hole(20, 30))


@pytest.mark.parametrize("source", ["file", "integers", "floats"])
def test_a_mask_too_dark_to_count_says_how_light_it_is(source, hole):
    dark = hole(20, 30) * np.uint8(100)
    made = {"file": to_bytes(Image.fromarray(dark)), "integers": dark, "floats": dark / 255}
    lightest = "0.392157 of 1" if source == "floats" else "100 of 255"
    with pytest.raises(MaskError, match=f"nothing is painted.*{lightest}"):
        read_mask(made[source])


def test_a_feather_wider_than_the_hole_reaches_its_middle(hole):
    wide, wider = (feather(hole(60, 80), pixels) for pixels in (1000.0, 1e300))
    np.testing.assert_array_equal(wide, wider)
    assert 0.8 < wide.max() <= 1
