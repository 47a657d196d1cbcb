"""The classical fills continue what surrounds a hole."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint import create_method
from inpaint.methods import CLASSICAL, classical

HEIGHT, WIDTH = 120, 160


def gradient() -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    channels = [40 + 0.8 * x, 200 - 0.9 * y, 60 + 0.5 * x + 0.4 * y]
    return (np.stack(channels, axis=-1) / 255).astype(np.float32)


def box(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[top:bottom, left:right] = True
    return hole


# The largest mean error in levels of 255: Telea keeps colours, not slopes.
MEAN_ERROR = {"telea": 7, "navier-stokes": 5, "biharmonic": 0.6}
HOLES = {
    "middle": box(40, 80, 50, 100),
    "top": box(0, 40, 50, 100),
    "left": box(40, 80, 0, 40),
    "corner": box(0, 30, 0, 30),
    "bottom": box(80, 120, 50, 100),
}


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("place", HOLES)
def test_a_gradient_is_continued(name, place):
    image, hole = gradient(), HOLES[place]
    damaged = np.where(hole[..., None], np.float32(1), image)
    filled = create_method(name).fill(damaged, hole)
    error = np.abs(filled - image)[hole].mean() * 255
    assert error < MEAN_ERROR[name] * (1 if place == "middle" or name != "biharmonic" else 6)


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_scratch_in_a_gradient_disappears(name):
    image, hole = gradient(), box(60, 62, 5, 150)
    filled = create_method(name).fill(np.where(hole[..., None], np.float32(0), image), hole)
    assert np.abs(filled - image)[hole].max() * 255 < 4


@pytest.mark.parametrize("name", ["telea", "navier-stokes"])
def test_the_fill_stays_within_the_colours_around_it(name):
    rng = np.random.default_rng(0)
    image = (rng.integers(90, 160, (HEIGHT, WIDTH, 3)) / 255).astype(np.float32)
    for hole in (rng.random((HEIGHT, WIDTH)) < 0.4, HOLES["middle"], HOLES["corner"]):
        filled = create_method(name).fill(np.where(hole[..., None], np.float32(1), image), hole)
        assert filled[hole].min() * 255 >= 89.5
        assert filled[hole].max() * 255 <= 159.5


def test_single_pixels_in_corners_are_not_saturated():
    """The case of opencv/opencv issue 28648."""
    image = np.full((25, 25, 3), (200, 30, 120), np.float32) / 255
    hole = np.zeros((25, 25), bool)
    corners = [(0, 0), (0, 24), (1, 1), (1, 23), (23, 1), (23, 23), (24, 0), (24, 24)]
    for row, column in corners:
        hole[row, column] = True
    filled = create_method("telea").fill(np.where(hole[..., None], np.float32(0), image), hole)
    np.testing.assert_allclose(filled, image, atol=1 / 255)


@pytest.mark.parametrize("name", CLASSICAL)
def test_nothing_known_gives_mid_grey(name):
    filled = create_method(name).fill(np.zeros((5, 6, 3), np.float32), np.ones((5, 6), bool))
    np.testing.assert_array_equal(filled, 0.5)


def test_a_large_hole_is_solved_smaller(monkeypatch):
    sizes = []
    solve = classical._solve

    def watched(image, hole):
        sizes.append(int(hole.sum()))
        return solve(image, hole)

    monkeypatch.setattr(classical, "_solve", watched)
    y, x = np.mgrid[0:400, 0:500] / 1000
    image = np.stack([x, y, x + y], axis=-1).astype(np.float32)
    hole = np.zeros((400, 500), bool)
    hole[50:350, 50:450] = True
    filled = create_method("biharmonic").fill(np.where(hole[..., None], 0, image), hole)
    assert sizes[0] < 25_000
    assert np.abs(filled - image)[hole].mean() < 0.002


@pytest.mark.parametrize("name", ["telea", "navier-stokes"])
def test_a_photo_of_16_bits_gets_more_than_8(name):
    levels = np.linspace(20_000, 24_000, WIDTH).round().astype(np.float32) / 65535
    image = np.repeat(np.broadcast_to(levels, (HEIGHT, WIDTH))[..., None], 3, axis=2)
    hole = HOLES["middle"]
    filled = create_method(name).fill(np.where(hole[..., None], np.float32(0), image), hole)
    assert np.abs(filled - image)[hole].max() * 255 < 4
    assert len(np.unique(filled[hole])) > 100  # there are 16 levels of 8 bits
