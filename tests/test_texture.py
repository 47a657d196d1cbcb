"""A thick hole is continued with what the rest of the photo shows, without a seam."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint.gradients import join_steps
from inpaint.texture import continue_texture


def disc(side: int, radius: float) -> np.ndarray:
    down, across = np.mgrid[0:side, 0:side] - side / 2
    return np.hypot(down, across) < radius


def stripes(side: int, period: float) -> np.ndarray:
    down, across = np.mgrid[0:side, 0:side]
    wave = 0.5 + 0.3 * np.sin(2 * np.pi * (0.6 * down + 0.8 * across) / period)
    return wave[..., None].repeat(3, axis=2).astype(np.float32)


def continued(picture: np.ndarray, hole: np.ndarray, first: np.ndarray | None = None) -> np.ndarray:
    """Of a picture with its hole cut out; the first fill is its mean colour."""
    if first is None:
        first = np.broadcast_to(picture[~hole].mean(axis=0), picture.shape).astype(np.float32)
    return continue_texture(np.where(hole[..., None], np.float32(0), picture), hole, first)


@pytest.mark.parametrize("period", [14, 24])
def test_a_pattern_goes_on(period):
    picture, hole = stripes(240, period), disc(240, 60)
    filled = continued(picture, hole)
    assert np.corrcoef(filled[hole].ravel(), picture[hole].ravel())[0, 1] > 0.9
    assert filled[hole].std() == pytest.approx(picture[hole].std(), rel=0.1)
    np.testing.assert_array_equal(filled[~hole], picture[~hole])


def test_whole_pieces_are_copied():
    """Of noise no place is like another: means of many places would be grey."""
    rng = np.random.default_rng(0)
    picture, hole = rng.random((200, 200, 3), np.float32), disc(200, 40)
    filled = continued(picture, hole)
    assert filled[hole].std() > 0.8 * picture[~hole].std()


def test_it_looks_like_the_first_fill():
    """Left of the middle dark grain, right of it light: and so in the hole."""
    rng = np.random.default_rng(1)
    picture = 0.1 * rng.standard_normal((240, 240, 3)) + 0.5
    picture[:, :120] -= 0.2
    picture[:, 120:] += 0.2
    picture, hole = picture.astype(np.float32), disc(240, 60)
    first = np.full_like(picture, 0.3)
    first[:, 120:] = 0.7
    filled = continued(picture, hole, first)
    left, right = hole.copy(), hole.copy()
    left[:, 112:] = right[:, :128] = False
    assert filled[left].mean() == pytest.approx(0.3, abs=0.03)
    assert filled[right].mean() == pytest.approx(0.7, abs=0.03)


def test_colours_that_are_nowhere_else_join_without_an_edge():
    """Of a gradient in two directions every colour is in one place only: here in the hole."""
    down, across = np.mgrid[0:240, 0:240].astype(np.float32) / 240
    picture, hole = np.stack([down, across, (down + across) / 2], axis=-1), disc(240, 50)
    filled = continued(picture, hole, picture)
    assert np.abs(filled - picture)[hole].max() < 10 / 255
    assert np.abs(np.diff(filled, axis=0)).max() < 3 / 255


@pytest.mark.parametrize(
    ("shape", "known"), [((6, 90), 20), ((90, 6), 2), ((90, 90), 5), ((1, 1), 0)]
)
def test_the_first_fill_stays_where_nothing_can_be_searched(shape, known):
    rng = np.random.default_rng(2)
    picture, first = rng.random((2, *shape, 3), np.float32)
    hole = np.ones(shape, bool)
    hole[:, :known] = False
    filled = continue_texture(picture, hole, first)
    np.testing.assert_allclose(filled[hole], first[hole], atol=1e-6)
    np.testing.assert_array_equal(filled[~hole], picture[~hole])


def test_it_is_the_same_every_time():
    picture, hole = stripes(120, 13), disc(120, 30)
    np.testing.assert_array_equal(continued(picture, hole), continued(picture, hole))


def test_steps_that_fit_give_the_picture_whatever_the_colours():
    rng = np.random.default_rng(3)
    picture, hole = rng.random((40, 50, 3), np.float32), np.zeros((40, 50), bool)
    hole[10:30, 12:50] = True  # up to the picture's border
    steps = np.diff(picture, axis=1), np.diff(picture, axis=0)
    cut, trust = np.where(hole[..., None], np.float32(0), picture), np.ones((40, 50), np.float32)
    joined = join_steps(cut, hole, np.full_like(picture, 0.5), *steps, trust)
    np.testing.assert_allclose(joined, picture, atol=0.03)


def test_a_known_pixel_without_trust_does_not_colour_the_hole():
    picture, hole = np.full((40, 40, 3), 0.2, np.float32), np.zeros((40, 40), bool)
    hole[10:30, 10:30] = True
    picture[10:30, 30] = 1
    across, down = np.zeros((40, 39, 3), np.float32), np.zeros((39, 40, 3), np.float32)
    trust = np.ones((40, 40), np.float32)
    glows = join_steps(picture, hole, picture, across, down, trust)
    trust[10:30, 30] = 0.001
    calm = join_steps(picture, hole, picture, across, down, trust)
    assert glows[20, 29, 0] > 0.6
    assert calm[20, 29, 0] < 0.23
