"""Deep in a hole a fill takes its colours from the photo, and half its lightness."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint.colours import settle_colours
from inpaint.large_holes import fill_window

ORANGE, GREEN = (0.9, 0.5, 0.2), (0.05, 0.12, 0.06)
LUMINANCE = np.array([0.299, 0.587, 0.114])


def lake(side: int = 160) -> np.ndarray:
    """Orange above, dark green below."""
    picture = np.empty((side, side, 3), np.float32)
    picture[: side // 2], picture[side // 2 :] = ORANGE, GREEN
    return picture


def square(side: int = 160, margin: int = 40) -> np.ndarray:
    hole = np.zeros((side, side), bool)
    hole[margin:-margin, margin:-margin] = True
    return hole


def paint(picture: np.ndarray, hole: np.ndarray, colour) -> np.ndarray:
    return np.where(hole[..., None], np.float32(colour), picture)


def chroma(picture: np.ndarray) -> np.ndarray:
    return picture - (picture @ LUMINANCE)[..., None]


@pytest.mark.parametrize("colour", [ORANGE, GREEN])
def test_grey_becomes_the_colour_of_what_is_as_light(colour):
    grey = [float(LUMINANCE @ colour)] * 3
    deep = square(margin=60)
    settled = settle_colours(paint(lake(), square(), grey), square())
    wanted = np.float32(colour) - LUMINANCE @ colour
    assert np.abs(chroma(settled)[deep] - wanted).max() < 0.03


def test_lightness_goes_half_the_way():
    orange = np.broadcast_to(np.float32(ORANGE), (160, 160, 3))
    settled = settle_colours(paint(orange, square(), [0.4, 0.4, 0.4]), square())
    half_way = (0.4 + LUMINANCE @ ORANGE) / 2
    assert np.abs((settled @ LUMINANCE)[square(margin=60)] - half_way).max() < 0.01


def test_detail_stays_the_fills_own():
    down, across = np.mgrid[0:160, 0:160]
    checks = np.where((down + across) % 2, 0.45, 0.55)[..., None].repeat(3, 2)
    filled = np.where(square()[..., None], checks, lake()).astype(np.float32)
    settled = settle_colours(filled, square()) @ LUMINANCE
    steps = np.abs(np.diff(settled, axis=1))[square(margin=60)[:, 1:]]
    np.testing.assert_allclose(steps, 0.1, atol=0.01)


def test_what_is_known_or_near_it_stays():
    filled = paint(lake(), square(), (0.5, 0.5, 0.5))
    settled = settle_colours(filled, square())
    shallow = ~square(margin=43)
    np.testing.assert_array_equal(settled[shallow], filled[shallow])


def test_a_grey_photo_stays_grey():
    rng = np.random.default_rng(1)
    filled = rng.random((160, 160, 1), np.float32).repeat(3, axis=2)
    settled = settle_colours(filled, square())
    assert np.abs(settled - filled).max() > 0.01
    assert np.ptp(settled, axis=2).max() < 1e-6


@pytest.mark.parametrize(
    "hole", [np.ones((90, 70), bool), square(60, 5), square(100, 3), square(40, 18)]
)
def test_without_a_palette_or_depth_nothing_changes(hole):
    filled = np.random.default_rng(2).random((*hole.shape, 3), np.float32)
    assert settle_colours(filled, hole) is filled


def test_colours_from_far_away_are_not_taken():
    """A long strip, thin enough for 90 pixels and more on both sides of it to be near."""
    picture = np.empty((160, 900, 3), np.float32)
    picture[:, :700], picture[:, 700:] = GREEN, ORANGE
    hole = np.zeros((160, 900), bool)
    hole[60:100, 20:500] = True
    filled = paint(picture, hole, ORANGE)
    assert np.abs(settle_colours(filled, hole)[80, 40:480] - ORANGE).min() > 0.1


@pytest.mark.parametrize("shape", [(163, 97), (61, 240)])
def test_sides_need_not_be_multiples_of_anything(shape):
    filled = np.random.default_rng(3).random((*shape, 3), np.float32)
    hole = np.zeros(shape, bool)
    hole[10:-8, -40:] = True  # up to the border
    settled = settle_colours(filled, hole)
    assert settled.shape == filled.shape
    assert settled.dtype == np.float32
    assert 0 <= settled.min() <= settled.max() <= 1
    np.testing.assert_array_equal(settled[~hole], filled[~hole])


@pytest.mark.parametrize(("thickness", "settles"), [(128, True), (None, False)])
def test_fills_of_networks_are_settled(thickness, settles):
    """Methods that name no limit fill as they are."""

    def fill_grey(picture, hole):
        return np.full_like(picture, float(LUMINANCE @ ORANGE))

    filled = fill_window(fill_grey, lake(), square(), 1024, thickness)
    deep = square(margin=60)
    assert (np.ptp(filled[deep], axis=1).mean() > 0.3) == settles
