"""What every method promises, the shipped networks' too."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint import Inpainter, create_method, list_methods
from inpaint.methods import CLASSICAL, Method

NAMES = [info.name for info in list_methods()]
SHAPES = [(1, 1), (1, 7), (7, 1), (2, 3), (37, 53), (64, 48)]


@pytest.fixture(scope="module", params=NAMES)
def method(request):
    return create_method(request.param, device="cpu")


def make_image(picture, shape: tuple[int, int]) -> np.ndarray:
    return (picture(*shape) / 255).astype(np.float32)


def check(filled: np.ndarray, shape: tuple[int, int]) -> None:
    assert filled.shape == (*shape, 3)
    assert filled.dtype == np.float32
    assert np.isfinite(filled).all()
    assert filled.min() >= 0
    assert filled.max() <= 1


def test_the_classical_ones_are_listed():
    assert set(CLASSICAL) <= set(NAMES)
    assert len(NAMES) == len(set(NAMES))


class TestMethod:
    def test_name_and_limit(self, method):
        assert isinstance(method, Method)
        assert method.name in NAMES
        assert method.max_side is None or method.max_side >= 64

    @pytest.mark.parametrize("shape", SHAPES)
    def test_any_size(self, method, shape, picture, hole):
        check(method.fill(make_image(picture, shape), hole(*shape)), shape)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_all_of_it_may_be_hole(self, method, shape, picture):
        hole = np.ones(shape, bool)
        filled = method.fill(make_image(picture, shape), hole)
        check(filled, shape)
        np.testing.assert_array_equal(filled, method.fill(np.zeros((*shape, 3), np.float32), hole))

    def test_one_pixel_may_be_hole_or_known(self, method, picture):
        for value in (False, True):
            hole = np.full((20, 30), value)
            hole[0, 0] = not value
            check(method.fill(make_image(picture, (20, 30)), hole), (20, 30))

    @pytest.mark.parametrize("place", [np.s_[:9, :9], np.s_[-9:, -9:], np.s_[:, 10:20]])
    def test_holes_may_touch_the_border(self, method, place, picture):
        hole = np.zeros((40, 50), bool)
        hole[place] = True
        check(method.fill(make_image(picture, (40, 50)), hole), (40, 50))

    @pytest.mark.parametrize("value", [0.0, 1.0, 0.3])
    def test_what_lies_under_the_hole_never_matters(self, method, value, picture, hole):
        image, mask = make_image(picture, (37, 53)), hole(37, 53)
        mask[:4, :6] = True  # the corner, where OpenCV looks at it
        other = image.copy()
        other[mask] = value
        np.testing.assert_array_equal(
            method.fill(image, mask)[mask], method.fill(other, mask)[mask]
        )

    def test_the_same_again(self, method, picture, hole):
        image, mask = make_image(picture, (37, 53)), hole(37, 53)
        np.testing.assert_array_equal(method.fill(image, mask), method.fill(image, mask))

    def test_inputs_are_not_written(self, method, picture, hole):
        image, mask = make_image(picture, (37, 53)), hole(37, 53)
        image_before, mask_before = image.copy(), mask.copy()
        image.flags.writeable = mask.flags.writeable = False
        method.fill(image, mask)
        np.testing.assert_array_equal(image, image_before)
        np.testing.assert_array_equal(mask, mask_before)

    def test_nan_under_the_hole_is_the_inpainters_business(self, method, picture, hole):
        image, mask = make_image(picture, (37, 53)), hole(37, 53)
        image[mask] = np.nan
        filled = Inpainter(method).restore_array(image, mask)
        check(filled, (37, 53))
        np.testing.assert_array_equal(filled[~mask], image[~mask])
