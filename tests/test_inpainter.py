"""What the Inpainter promises whatever the method is."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
from PIL import Image

from inpaint import Inpainter, Photo
from inpaint.errors import MaskError, MethodError, PhotoError


class Constant:
    """Fills with one colour and notes what it was given."""

    name = "constant"

    def __init__(self, value: float = 0.25, max_side: int | None = None) -> None:
        self.value = value
        self.max_side = max_side
        self.calls: list[tuple[np.ndarray, np.ndarray]] = []

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        self.calls.append((image.copy(), hole.copy()))
        return np.full_like(image, self.value)


def convert(pixels: np.ndarray, dtype: type) -> np.ndarray:
    if dtype is np.uint16:
        return pixels.astype(np.uint16) * 257 - (pixels > 100)
    return pixels if dtype is np.uint8 else (pixels / 255).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("grey", [False, True])
def test_only_the_hole_changes(dtype, grey, picture, hole):
    image = convert(picture(40, 50)[..., 0] if grey else picture(40, 50), dtype)
    mask = hole(40, 50)
    before, mask_before = image.copy(), mask.copy()
    result = Inpainter(Constant()).restore_array(image, mask)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result[~mask], image[~mask])
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    np.testing.assert_allclose(result[mask], np.rint(0.25 * top) if top > 1 else 0.25, rtol=1e-6)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(mask, mask_before)
    assert not np.shares_memory(result, image)


def test_the_method_sees_nothing_of_the_hole(picture, hole):
    image = (picture(40, 50) / 255).astype(np.float32)
    mask = hole(40, 50)
    image[mask] = np.nan
    for limit in (None, 16):
        method = Constant(max_side=limit)
        Inpainter(method).restore_array(image, mask)
        seen, _ = method.calls[0]
        assert np.isfinite(seen).all()
        assert seen.dtype == np.float32
        assert max(seen.shape) <= (limit or 50)


class Slanted:
    """Fills with what grows from left to right: never as the mirror image is filled."""

    name, max_side = "slanted", None

    def __init__(self, max_mirrored_area: int) -> None:
        self.max_mirrored_area = max_mirrored_area

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        _, width = hole.shape
        slope = np.linspace(0, 0.5, width, dtype=np.float32)[:, None]
        return np.where(hole[..., None], slope + image.max() / 2, image)


def test_small_windows_are_filled_as_their_mirror_image_is(picture, hole):
    image, mask = picture(40, 51), hole(40, 51)
    for area, as_mirrored in ((40 * 51, True), (40 * 51 - 1, False), (0, False)):
        inpainter = Inpainter(Slanted(area))
        found = inpainter.restore_array(image, mask, context=100)
        mirrored = inpainter.restore_array(image[:, ::-1], mask[:, ::-1], context=100)
        assert np.array_equal(found, mirrored[:, ::-1]) == as_mirrored


def test_what_was_in_the_hole_never_matters(picture, hole):
    image, mask = picture(64, 80), hole(64, 80)
    other = image.copy()
    other[mask] = 255 - other[mask]
    inpainter = Inpainter("navier-stokes")
    for options in ({}, {"feather": 5}, {"grow": 2}):
        np.testing.assert_array_equal(
            inpainter.restore_array(image, mask, **options)[mask],
            inpainter.restore_array(other, mask, **options)[mask],
        )


def test_shrinking_uses_known_pixels_only():
    image = np.zeros((100, 100, 3), np.uint8)
    image[:] = 200
    mask = np.zeros((100, 100), bool)
    mask[41:58, 39:61] = True
    image[mask] = 0
    method = Constant(max_side=25)
    Inpainter(method).restore_array(image, mask)
    assert method.calls
    for seen, seen_hole in method.calls:
        assert max(seen_hole.shape) <= 25
        # What is known has the picture's colour, or the fill's of a tile before.
        known = seen[~seen_hole]
        assert np.isclose(known, 200 / 255, atol=1e-5).sum() >= known.size / 2
        assert not np.isclose(known, 0, atol=0.1).any()


def test_scratches_everywhere_are_filled_in_tiles_at_full_size():
    image = np.full((64, 64, 3), 120, np.uint8)
    mask = np.zeros((64, 64), bool)
    mask[:, ::4] = True
    image[mask] = 0
    method = Constant(max_side=8)
    result = Inpainter(method).restore_array(image, mask)
    assert max(max(hole.shape) for _, hole in method.calls) <= 8
    assert (result[mask] == 64).all()
    assert (result[~mask] == 120).all()


def test_a_window_within_the_limit_is_not_shrunk(picture, hole):
    method = Constant(max_side=60)
    Inpainter(method).restore_array(picture(40, 60), hole(40, 60))
    assert method.calls[0][0].shape == (40, 60, 3)


def test_every_part_gets_a_window_and_progress_is_told(picture):
    image = picture(300, 400)
    mask = np.zeros((300, 400), bool)
    mask[10, 10] = mask[290, 390] = mask[10, 390] = True
    method, told = Constant(), []
    Inpainter(method).restore_array(image, mask, progress=lambda *step: told.append(step))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]  # pixels of the hole, one in each window
    assert all(seen.sum() == 1 for _, seen in method.calls)
    narrow = Constant()
    Inpainter(narrow).restore_array(image, mask, context=4)
    assert [seen.shape for _, seen in narrow.calls] == [(9, 9)] * 3


def test_progress_is_told_within_a_large_window(picture):
    image, mask = picture(90, 200), np.zeros((90, 200), bool)
    mask[40:44, 10:190] = True
    method, told = Constant(max_side=64), []
    Inpainter(method).restore_array(image, mask, progress=lambda *step: told.append(step))
    done = [pixels for pixels, _ in told]
    assert done == sorted(done)
    assert len(set(done)) > 3
    assert {type(number) for step in told for number in step} == {int}  # the app sends them on
    assert {total for _, total in told} == {mask.sum()}
    assert done[0] == 0
    assert done[-1] == mask.sum()


def test_progress_can_stop(picture, hole):
    class StopError(Exception):
        pass

    def progress(done: int, total: int) -> None:
        raise StopError

    with pytest.raises(StopError):
        Inpainter(Constant()).restore_array(picture(20, 20), hole(20, 20), progress=progress)


def test_growing_comes_first(picture):
    mask = np.zeros((30, 30), bool)
    mask[15, 15] = True
    image = picture(30, 30)
    changed = (Inpainter(Constant()).restore_array(image, mask, grow=3) != image).any(axis=2)
    assert changed[12, 15]
    assert changed[15, 18]
    assert not changed[11, 15]
    assert not changed[13, 12]


def test_feathering_moves_the_fill_towards_its_surroundings():
    image = np.full((60, 60, 3), 200, np.uint8)
    mask = np.zeros((60, 60), bool)
    mask[15:45, 15:45] = True
    image[mask] = 0
    plain = Inpainter(Constant()).restore_array(image, mask)
    soft = Inpainter(Constant()).restore_array(image, mask, feather=6)
    assert (plain[mask] == 64).all()
    row = soft[30, 15:31, 0].astype(int)
    assert row[0] > 170
    assert (np.diff(row) <= 0).all()
    assert row[-1] == 64
    np.testing.assert_array_equal(soft[~mask], image[~mask])


def test_feathering_leaves_a_fill_that_fits_alone():
    image = np.full((40, 40, 3), 64, np.uint8)
    mask = np.zeros((40, 40), bool)
    mask[10:30, 10:30] = True
    result = Inpainter(Constant(64 / 255)).restore_array(image, mask, feather=5)
    assert (result == 64).all()


def test_a_feather_wider_than_the_photo_is_as_wide_as_the_hole(picture, hole):
    wide, wider = (
        Inpainter("telea").restore_array(picture(60, 80), hole(60, 80), feather=pixels)
        for pixels in (500, 1e300)
    )
    np.testing.assert_array_equal(wide, wider)


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (37, 53)])
def test_all_but_one_pixel_may_be_hole(shape, picture):
    mask = np.ones(shape, bool)
    mask[0, 0] = False
    result = Inpainter(Constant()).restore_array(picture(*shape), mask)
    assert (result[mask] == 64).all()


def test_masks_of_other_kinds(picture, hole):
    mask = hole(20, 30)
    expected = Inpainter(Constant()).restore_array(picture(20, 30), mask)
    for kind in (mask.astype(np.uint8) * 255, mask.astype(float), Image.fromarray(mask)):
        result = Inpainter(Constant()).restore_array(picture(20, 30), kind)
        np.testing.assert_array_equal(result, expected)


def test_wrong_masks(picture):
    inpainter = Inpainter(Constant())
    with pytest.raises(MaskError, match="nothing is painted"):
        inpainter.restore_array(picture(9, 9), np.zeros((9, 9), bool))
    with pytest.raises(MaskError, match="all of the photo is painted"):
        inpainter.restore_array(picture(9, 9), np.ones((9, 9), bool))
    with pytest.raises(MaskError, match="8 x 9 pixels, the photo 9 x 9"):
        inpainter.restore(picture(9, 9), np.ones((9, 8), bool))
    with pytest.raises(MaskError, match="grows"):
        inpainter.restore(picture(9, 9), np.eye(9, dtype=bool), grow=-1)
    with pytest.raises(MaskError, match="feather"):
        inpainter.restore(picture(9, 9), np.eye(9, dtype=bool), feather=-1)
    with pytest.raises(MethodError, match="context"):
        inpainter.restore(picture(9, 9), np.eye(9, dtype=bool), context=0)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((9, 9, 3), np.int32),
        np.zeros(9, np.uint8),
        [[0, 1]],
        np.full((9, 9, 3), 255.0),
    ],
)
def test_wrong_images(image, hole):
    with pytest.raises(PhotoError):
        Inpainter(Constant()).restore_array(image, hole(9, 9))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(value, picture, hole):
    image = picture(9, 9) / 255
    image[0, 0, 0] = value
    with pytest.raises(PhotoError, match="not numbers"):
        Inpainter(Constant()).restore_array(image, hole(9, 9))


@pytest.mark.parametrize("answer", [np.zeros((3, 3, 3)), np.full((9, 9, 3), np.nan)])
def test_a_method_that_fails_is_named(answer, picture, hole):
    method = Constant()
    method.fill = lambda image, hole: answer
    with pytest.raises(MethodError, match="constant"):
        Inpainter(method).restore_array(picture(9, 9), hole(9, 9))


def test_a_photo_keeps_everything_else(tmp_path, picture, hole):
    rgba = np.dstack([picture(40, 50), picture(40, 50)[..., 0]])
    path, mask_path = tmp_path / "photo.png", tmp_path / "mask.png"
    Image.fromarray(rgba).save(path)
    Image.fromarray(hole(40, 50)).save(mask_path)
    restored = Inpainter("telea").restore(path, mask_path)
    again = Photo.read(restored.write(tmp_path / "restored.png").data)
    mask = hole(40, 50)
    np.testing.assert_array_equal(again.pixels[~mask], rgba[..., :3][~mask])
    np.testing.assert_array_equal(again.alpha, rgba[..., 3])
    assert (again.pixels[mask] != rgba[..., :3][mask]).any()


def test_threads_share_one_inpainter(picture, hole):
    inpainter = Inpainter("telea")
    images = [picture(40, 50, seed) for seed in range(6)]
    expected = [inpainter.restore_array(image, hole(40, 50)) for image in images]
    results: list[np.ndarray | None] = [None] * len(images)

    def work(index: int) -> None:
        results[index] = inpainter.restore_array(images[index], hole(40, 50))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result, wanted in zip(results, expected):
        np.testing.assert_array_equal(result, wanted)


def test_a_wrong_method_is_an_error_at_once():
    with pytest.raises(MethodError, match="did you mean 'telea'"):
        Inpainter("tela")
    with pytest.raises(MethodError, match="device"):
        Inpainter("telea", device="gpu")


def test_a_mask_of_the_stored_photo_turns_with_it(picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(picture(20, 30)).save(buffer, "PNG", exif=exif.tobytes())
    stored = np.zeros((20, 30), bool)
    stored[1:4, 2:9] = True
    with pytest.raises(MaskError, match="--mask-turned"):
        Inpainter(Constant()).restore(buffer.getvalue(), stored)
    restored = Inpainter(Constant()).restore(buffer.getvalue(), stored, turned=True)
    written = np.asarray(Image.open(io.BytesIO(restored.encode())))
    np.testing.assert_array_equal((written != picture(20, 30)).any(axis=2), stored)


def test_a_mask_that_may_be_inverted_is_told_and_inverts(picture, hole):
    method = Constant()
    restored = Inpainter(method).restore(picture(30, 40), ~hole(30, 40))
    assert any("--invert" in notice for notice in restored.notices)
    turned_round = Inpainter(method).restore(picture(30, 40), ~hole(30, 40), invert=True)
    assert turned_round.notices == ()
    changed = (turned_round.pixels != picture(30, 40)).any(axis=2)
    assert not changed[~hole(30, 40)].any()
    assert (turned_round.pixels[hole(30, 40)] == 64).all()


def test_a_photo_keeps_what_is_transparent_unless_asked(picture, hole):
    rgba = np.dstack([picture(30, 40), np.zeros((30, 40), np.uint8)])
    mask = hole(30, 40)
    assert (Inpainter(Constant()).restore(rgba, mask).alpha == 0).all()
    opaque = Inpainter(Constant()).restore(rgba, mask, opaque=True)
    np.testing.assert_array_equal(opaque.alpha, np.where(mask, 255, 0))


@pytest.mark.parametrize("options", [{"grow": 3}, {"feather": 4}, {"grow": 2, "feather": 2.5}])
def test_growing_and_feathering_work_on_photos_as_on_arrays(options, picture, hole):
    photo = Inpainter(Constant()).restore(picture(40, 50), hole(40, 50), **options)
    array = Inpainter(Constant()).restore_array(picture(40, 50), hole(40, 50), **options)
    np.testing.assert_array_equal(photo.pixels, array)
    plain = Inpainter(Constant()).restore_array(picture(40, 50), hole(40, 50))
    assert (array != plain).any()
