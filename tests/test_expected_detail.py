"""A hole is expected to show as much detail as there is near by in its colours."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint.expected_detail import expect_detail

DARK, BRIGHT = 0.2, 0.7
STRENGTH = 0.08


def wall(height: int = 121, width: int = 160) -> np.ndarray:
    """Above bright and rough, below dark and plain."""
    picture = np.full((height, width, 3), DARK, np.float32)
    grain = np.random.default_rng(2).standard_normal((height // 2, width, 3))
    picture[: height // 2] = BRIGHT + STRENGTH * grain
    return picture


def square(shape: tuple[int, int]) -> np.ndarray:
    hole = np.zeros(shape, bool)
    hole[35:85, 51:110] = True
    return hole


@pytest.mark.parametrize(("colour", "rough"), [(BRIGHT, True), (DARK, False)])
def test_colours_tell_what_it_is(colour, rough):
    picture = wall()
    hole = square(picture.shape[:2])
    filled = np.where(hole[..., None], np.float32(colour), picture)
    expected = expect_detail(picture, hole, filled)[45:75, 61:100]
    assert expected.shape == (30, 39)
    assert (expected > STRENGTH / 2).all() if rough else (expected < STRENGTH / 4).all()


def test_nothing_in_the_hole_counts():
    picture = wall()
    hole = square(picture.shape[:2])
    other = np.where(hole[..., None], np.float32(1), picture)
    filled = np.where(hole[..., None], np.float32(BRIGHT), picture)
    np.testing.assert_array_equal(
        expect_detail(picture, hole, filled), expect_detail(other, hole, filled)
    )


def test_what_is_known_stays_what_it_is():
    picture = wall()
    hole = square(picture.shape[:2])
    expected = expect_detail(picture, hole, picture)
    assert expected.dtype == np.float32
    assert expected[10:20, 10:20].mean() == pytest.approx(STRENGTH, rel=0.3)
    assert expected[100:, :40].max() < 0.001
