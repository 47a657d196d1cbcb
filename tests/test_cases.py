"""The damaged photos: the damage is drawn, and the mask covers it."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from inpaint.cases import cases, list_cases, make_case

DRAWN = {
    "scratches": data.astronaut,
    "date-stamp": data.chelsea,
    "torn-corner": data.coffee,
    "wire": data.camera,
    "text": data.hubble_deep_field,
}
SHOWN = {"masts": data.rocket, "spoon": data.coffee}


def test_all_are_here():
    assert sorted(list_cases()) == sorted([*DRAWN, *SHOWN])
    assert [case.name for case in cases()] == list_cases()


@pytest.mark.parametrize("name", [*DRAWN, *SHOWN])
def test_a_case_is_a_photo_and_a_mask_of_a_small_part_of_it(name):
    case = make_case(name)
    assert case.damaged.dtype == np.uint8
    assert case.damaged.shape == (*case.mask.shape, 3)
    assert case.mask.dtype == bool
    assert 0.005 < case.mask.mean() < 0.15


@pytest.mark.parametrize("name", DRAWN)
def test_all_damage_lies_under_the_mask_with_a_margin(name):
    case = make_case(name)
    photo = DRAWN[name]()
    changed = (case.damaged != (photo if photo.ndim == 3 else photo[..., None])).any(axis=2)
    assert changed.sum() > 0.2 * case.mask.sum()
    for shift in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
        beside = np.roll(changed, shift, (0, 1))[2:-2, 2:-2]
        assert not (beside & ~case.mask[2:-2, 2:-2]).any()


@pytest.mark.parametrize("name", SHOWN)
def test_what_the_photo_itself_shows_is_not_drawn(name):
    assert np.array_equal(make_case(name).damaged, SHOWN[name]())


def test_a_case_is_always_the_same():
    for name in ("date-stamp", "text"):
        first, second = make_case(name), make_case(name)
        assert np.array_equal(first.damaged, second.damaged)
        assert np.array_equal(first.mask, second.mask)
