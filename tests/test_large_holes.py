"""Thick holes get the texture and detail of their surroundings, long ones no seams."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from inpaint import create_method
from inpaint._opencv import cv2
from inpaint.depth import find_thickness
from inpaint.detail import transfer_detail
from inpaint.inpainter import Inpainter
from inpaint.large_holes import fill_window


def gradient(height: int, width: int) -> np.ndarray:
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack([down / height, across / width, (down + across) / (height + width)], axis=-1)


def disc(height: int, width: int, radius: float) -> np.ndarray:
    down, across = np.mgrid[0:height, 0:width]
    return np.hypot(down - height / 2, across - width / 2) < radius


def fill_gradient(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Exact for `gradient`: a plane through the known pixels."""
    down, across = np.mgrid[0 : hole.shape[0], 0 : hole.shape[1]]
    places = np.stack([down, across, np.ones_like(down)], axis=-1).astype(np.float32)
    planes = np.linalg.lstsq(places[~hole], picture[~hole], rcond=None)[0]
    return (places @ planes).astype(np.float32)


def fill_mean(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return np.broadcast_to(picture[~hole].mean(axis=0), picture.shape).astype(np.float32)


def fill_grid(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """What a network of stride 8 makes of a smooth hole: the same every 8 pixels."""
    down, across = np.mgrid[0 : hole.shape[0], 0 : hole.shape[1]]
    grid = 0.08 * np.sin(2 * np.pi * down / 8) * np.sin(2 * np.pi * across / 8)
    return np.clip(0.5 + grid, 0, 1).astype(np.float32)[..., None].repeat(3, axis=2)


def noisy(side: int, strength: float) -> np.ndarray:
    grain = np.random.default_rng(6).standard_normal((side, side, 3))
    return (0.5 + strength * grain).clip(0, 1).astype(np.float32)


def cut(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return np.where(hole[..., None], np.float32(0), picture)


def test_a_gradient_is_continued_without_a_seam():
    picture, hole = gradient(400, 400), disc(400, 400, 80)
    filled = fill_window(fill_gradient, cut(picture, hole), hole, 1024, 128)
    assert np.abs(filled - picture)[hole].max() < 16 / 255  # every colour is in one place only
    steps = np.abs(np.diff(np.where(hole[..., None], filled, picture), axis=1))
    assert steps.max() < 6 / 255


@pytest.mark.parametrize("radius", [85, 110])
def test_noise_is_continued_as_noise(radius):
    rng = np.random.default_rng(0)
    picture = (0.5 + 0.1 * rng.standard_normal((480, 480, 3))).clip(0, 1).astype(np.float32)
    hole = disc(480, 480, radius)
    filled = fill_window(fill_mean, cut(picture, hole), hole, 1024, 128)
    inside, outside = filled[hole], picture[~hole]
    assert abs(inside.mean() - outside.mean()) < 0.01
    assert 0.7 < inside.std() / outside.std() < 1.2
    edge = hole & ~disc(480, 480, radius - 4)
    assert abs(filled[edge].mean() - outside.mean()) < 0.02  # no halo


def test_a_network_alone_leaves_noise_smooth():
    """What the test above would see without the second pass."""
    rng = np.random.default_rng(0)
    picture = (0.5 + 0.1 * rng.standard_normal((480, 480, 3))).clip(0, 1).astype(np.float32)
    hole = disc(480, 480, 90)
    filled = fill_window(fill_mean, cut(picture, hole), hole, None, None)
    assert filled[hole].std() / picture[~hole].std() < 0.1


def test_long_thin_holes_are_filled_in_tiles_that_join():
    picture = gradient(700, 900)
    hole = np.abs(np.subtract.outer(np.arange(700) * 9 / 7, np.arange(900))) < 5
    seen = []

    def fill(part, mask):
        assert mask.any()
        assert not mask.all()
        seen.append(mask.shape)
        return fill_gradient(part, mask)

    filled = fill_window(fill, cut(picture, hole), hole, 256, 128)
    assert len(seen) > 5
    assert max(max(shape) for shape in seen) <= 256
    assert np.abs(filled - picture)[hole].max() < 1 / 255


def test_holes_that_fit_go_to_the_method_as_they_are():
    picture, hole = gradient(100, 120), disc(100, 120, 10)
    calls = []
    fill_window(lambda *seen: calls.append(seen) or seen[0], picture, hole, 128, 128)
    assert len(calls) == 1
    assert calls[0][0] is picture


@pytest.mark.parametrize("shape", [(300, 300), (90, 1500), (1500, 90)])
@pytest.mark.parametrize("share", [0.1, 0.6])
def test_windows_of_any_shape_are_filled(shape, share):
    rng = np.random.default_rng(1)
    picture = rng.random((*shape, 3), np.float32)
    hole = np.zeros(shape, bool)
    hole[: int(shape[0] * share**0.5), : int(shape[1] * share**0.5)] = True
    one = fill_window(fill_mean, cut(picture, hole), hole, 256, 64)
    other = fill_window(fill_mean, cut(picture, hole), hole, 256, 64)
    assert one.shape == picture.shape
    assert np.isfinite(one).all()
    assert 0 <= one[hole].min() <= one[hole].max() <= 1
    np.testing.assert_array_equal(one, other)


def test_thickness_is_the_widest_disc():
    hole = np.zeros((200, 300), bool)
    hole[50:54, 20:280] = True
    assert 3 <= find_thickness(hole) <= 5
    assert find_thickness(disc(200, 300, 40)) == pytest.approx(80, abs=3)
    assert find_thickness(np.ones((4, 9), bool)) == 9


def test_the_default_network_is_as_sharp_as_noise_around_it():
    rng = np.random.default_rng(2)
    picture = rng.integers(60, 200, (480, 480, 3)).astype(np.uint8)
    hole = disc(480, 480, 135)
    filled = Inpainter("default").restore_array(picture, hole)
    assert filled[hole].std() > 0.6 * picture[~hole].std()
    np.testing.assert_array_equal(filled[~hole], picture[~hole])


@pytest.mark.parametrize(("side", "thickness"), [(256, 174), (400, 144)])
def test_thick_holes_become_texture_if_they_take_a_third_of_a_large_window(side, thickness):
    """Of a small window they are filled as they are, for there is little to take."""
    picture, hole = noisy(side, 0.1), disc(side, side, 0.34 * side)
    seen = []

    def fill(part, mask):
        seen.append(find_thickness(mask))
        return fill_mean(part, mask)

    fill_window(fill, cut(picture, hole), hole, 1024, 256)
    assert seen == [pytest.approx(thickness, abs=3)]


def is_texture(filled: np.ndarray, part: np.ndarray) -> bool:
    """Whether a part of noise that was filled with its mean is noise again."""
    return filled[part].std() > 0.05


@pytest.mark.parametrize(
    ("side", "radius", "texture_from", "texture"),
    [
        (240, 13, 24, True),
        (240, 11, 24, False),
        (240, 20, None, False),
        (240, 3, 0, True),
        (70, 13, 24, True),  # 4,373 pixels are known
        (66, 13, 24, False),  # 3,829
        (240, 67, 24, True),  # 24.5 % of the window are hole
        (240, 70, 24, False),  # 26.7 %
        (100, 31, 24, True),  # 30 %, but no thicker than 64 pixels
        (116, 35, 24, False),
        (520, 160, 24, True),  # 30 %, but much is known
        (520, 160, None, True),
    ],
)
def test_a_method_says_from_which_thickness_on_texture_is_better(
    side, radius, texture_from, texture
):
    picture, hole = noisy(side, 0.1), disc(side, side, radius)
    filled = fill_window(fill_mean, cut(picture, hole), hole, 1024, 512, texture_from)
    assert is_texture(filled, disc(side, side, 0.8 * radius)) == texture
    np.testing.assert_array_equal(filled[~hole], picture[~hole])


@pytest.mark.parametrize(("texture_from", "texture"), [(24, True), (None, False)])
def test_where_much_is_known_the_method_says_so_as_well(texture_from, texture):
    picture, hole = noisy(520, 0.1), disc(520, 520, 160)
    spot = np.roll(disc(520, 520, 15), (220, 220), (0, 1))
    filled = fill_window(fill_mean, cut(picture, hole | spot), hole | spot, 1024, 512, texture_from)
    assert is_texture(filled, np.roll(disc(520, 520, 11), (220, 220), (0, 1))) == texture


@pytest.mark.parametrize(("thickness", "texture"), [(9, False), (15, True)])
def test_an_end_of_less_than_half_that_thickness_is_filled_as_it_is(thickness, texture):
    picture, hole = noisy(300, 0.1), disc(300, 300, 20)
    hole[150 : 150 + thickness, 150:280] = True
    filled = fill_window(fill_mean, cut(picture, hole), hole, 1024, 512, 24)
    assert is_texture(filled, np.s_[152 : 148 + thickness, 200:270]) == texture


def restore_by_mean(picture: np.ndarray, hole: np.ndarray, **limits: int | None) -> np.ndarray:
    method = SimpleNamespace(name="mean", max_side=1024, fill=fill_mean, **limits)
    return Inpainter(method).restore_array(picture, hole)


@pytest.mark.parametrize("side", [129, 130])
def test_any_compact_hole_has_enough_around_it(side):
    """The context around it is half its side, rounded down, and 64 pixels at least."""
    picture, hole = noisy(500, 0.1), np.zeros((500, 500), bool)
    hole[180 : 180 + side, 190 : 190 + side] = True
    filled = restore_by_mean(picture, hole, max_thickness=256, texture_from=24)
    assert is_texture(filled, np.s_[200:280, 210:290])


def test_a_thick_spot_among_the_scratches_of_a_scan_is_texture_by_itself(monkeypatch):
    """And comes first. What is thin follows, made of what is near it."""
    seen = []

    def continue_texture(picture, hole, first, on_round):
        seen.append(np.count_nonzero(hole))
        return picture

    monkeypatch.setattr("inpaint.large_holes.continue_texture", continue_texture)
    hole = np.zeros((300, 700), bool)
    hole[100:106] = hole[200:206] = True
    spot = np.roll(disc(300, 700, 35), (0, 200), (0, 1))
    picture = np.broadcast_to(noisy(700, 0.1)[:300], (300, 700, 3))
    fill_window(fill_mean, cut(picture, hole | spot), hole | spot, 512, 256, 0)
    assert np.count_nonzero(spot) < seen[0] < 0.6 * np.count_nonzero(hole | spot)
    assert sum(seen[1:]) >= np.count_nonzero(hole & ~spot)


def test_scratches_across_a_scan_are_texture_of_what_is_near():
    """In tiles of 512 pixels, although 1,024 would be allowed: so little shows enough of it."""
    picture, hole = noisy(1100, 0.1)[:300], np.zeros((300, 1100), bool)
    hole[100:106] = hole[196:204] = True
    seen = []

    def fill(part, mask):
        seen.append(mask.shape)
        return fill_mean(part, mask)

    filled = fill_window(fill, cut(picture, hole), hole, 1024, 256, 0)
    assert max(max(shape) for shape in seen) == 512
    assert 0.7 < filled[hole].std() / picture[~hole].std() < 1.2
    np.testing.assert_array_equal(filled[~hole], picture[~hole])


def test_of_a_speck_on_a_scan_only_what_is_near_is_seen():
    picture, hole = noisy(800, 0.1)[:300], np.zeros((300, 800), bool)
    hole[150:153, 100:103] = hole[150:153, 700:704] = True
    seen = []

    def fill(part, mask):
        seen.append(mask.shape)
        return fill_mean(part, mask)

    fill_window(fill, cut(picture, hole), hole, 512, 256, 0)
    assert seen == [(131, 131), (131, 132)]  # 64 pixels on each side


def test_thin_holes_of_a_scan_are_texture_whatever_lies_beside_them():
    picture, hole = noisy(1100, 0.1)[:300], np.zeros((300, 1100), bool)
    hole[:, :300] = True  # too little around it
    hole[100:110, 700:1000] = True
    filled = fill_window(fill_mean, cut(picture, hole), hole, 512, 1000, 0)
    thin = hole.copy()
    thin[:, :300] = False
    assert not is_texture(filled, hole & ~thin)
    assert is_texture(filled, thin)


@pytest.mark.parametrize("limits", [(512, None, None), (512, 256, None)])
def test_of_a_scan_strokes_that_shall_not_become_texture_do_not_at_a_tiles_border(limits):
    picture, hole = noisy(1100, 0.1), np.zeros((1100, 1100), np.uint8)
    cv2.line(hole, (60, 90), (1000, 900), 1, 50)
    hole = hole.astype(bool)
    filled = fill_window(fill_mean, cut(picture, hole), hole, *limits)
    for top, left in np.ndindex(11, 11):
        part = (slice(100 * top, 100 * top + 100), slice(100 * left, 100 * left + 100))
        if hole[part].sum() > 500:
            assert not is_texture(filled[part], hole[part])


@pytest.mark.parametrize("max_thickness", [256, None])
def test_large_windows_tell_how_much_is_filled(max_thickness):
    picture, hole = noisy(1100, 0.1)[:300], np.zeros((300, 1100), bool)
    hole[100:210, 50:150] = True
    hole[100:110, 300:1000] = True
    told = []
    fill_window(fill_mean, cut(picture, hole), hole, 512, max_thickness, 0, told.append)
    filled = [pixels for pixels in told if pixels]
    assert filled[0] == 110 * 100
    assert len(filled) > 2
    assert sum(filled) == hole.sum()
    assert told.index(110 * 100) == 8  # with 0 before each round: six at half size, two at full


@pytest.mark.parametrize("limits", [(1, 20), (2, 20), (1, None), (2, None)])
def test_the_smallest_limits_are_borne(limits):
    picture, hole = gradient(20, 30), disc(20, 30, 5)

    def fill(part, mask):
        assert mask.any()
        return fill_mean(part, mask)

    filled = fill_window(fill, cut(picture, hole), hole, *limits, 0)
    assert np.isfinite(filled).all()


@pytest.mark.parametrize("max_side", [1024, 256])
def test_thick_holes_become_texture_in_windows_that_are_too_large_as_well(max_side):
    picture, hole = noisy(260, 0.1), disc(260, 260, 65)
    filled = fill_window(fill_mean, cut(picture, hole), hole, max_side, 512, 0)
    assert is_texture(filled, disc(260, 260, 55))


@pytest.mark.parametrize("texture_from", [24, None])
def test_the_inpainter_asks_the_method_from_when_on_texture_is_better(texture_from):
    picture, hole = noisy(300, 0.1), disc(300, 300, 30)
    filled = restore_by_mean(picture, hole, max_thickness=256, texture_from=texture_from)
    assert is_texture(filled, disc(300, 300, 25)) == (texture_from is not None)


def test_the_inpainter_can_be_asked_for_no_texture():
    picture, hole = noisy(300, 0.1), disc(300, 300, 10)
    limits = {"max_thickness": 256, "texture_from": 0}
    method = SimpleNamespace(name="mean", max_side=1024, fill=fill_mean, **limits)
    plain = Inpainter(method, texture=False).restore_array(picture, hole)
    assert not is_texture(plain, disc(300, 300, 8))
    assert is_texture(Inpainter(method).restore_array(picture, hole), disc(300, 300, 8))


@pytest.mark.parametrize("runtime", ["torch", "onnxruntime"])
def test_the_default_network_prefers_texture_and_the_faithful_one_does_not(runtime):
    assert create_method("default", "cpu", runtime).texture_from == 0
    assert create_method("faithful", "cpu", runtime).texture_from is None


def test_texture_looks_like_a_fill_with_the_photos_detail(monkeypatch):
    seen = []

    def continue_texture(picture, hole, first, on_round):
        seen.append(first)

    monkeypatch.setattr("inpaint.large_holes.continue_texture", continue_texture)
    picture, hole = noisy(240, 0.1), disc(240, 240, 48)
    fill_window(fill_grid, cut(picture, hole), hole, 1024, 256, 24)
    deep = disc(240, 240, 30)
    grid = fill_grid(picture, hole)[deep].ravel()
    assert np.corrcoef(grid, seen[0][deep].ravel())[0, 1] < 0.3


def test_texture_of_the_largest_holes_is_made_at_reduced_size(monkeypatch):
    monkeypatch.setattr("inpaint.large_holes._MOST_TEXTURE", 10_000)
    picture, hole = noisy(400, 0.1), disc(400, 400, 110)
    filled = fill_window(fill_mean, cut(picture, hole), hole, 1024, 128)
    assert 0.7 < filled[hole].std() / picture[~hole].std() < 1.2
    np.testing.assert_array_equal(filled[~hole], picture[~hole])


def test_thin_ends_of_a_thick_hole_are_filled_as_they_are():
    picture, hole = noisy(520, 0.1), disc(520, 520, 80)
    end = np.zeros_like(hole)
    end[250:270, 350:500] = True  # from the disc to the right
    filled = fill_window(fill_mean, cut(picture, hole | end), hole | end, 1024, 256)
    assert filled[disc(520, 520, 70)].std() > 0.05
    assert filled[250:270, 380:500].std() < 0.01


def test_the_tips_of_a_thick_hole_cost_no_second_pass():
    picture = noisy(520, 0.1)
    down, across = np.mgrid[0:520, 0:520]
    hole = (down > 140) & (down < 380) & (np.abs(across - 260) < 0.6 * (down - 140))
    calls = []

    def fill(part, mask):
        calls.append(mask.sum())
        return fill_mean(part, mask)

    fill_window(fill, cut(picture, hole), hole, 1024, 256)
    assert len(calls) == 1


def test_thin_holes_beside_a_thick_one_are_filled_as_they_are():
    rng = np.random.default_rng(4)
    picture = (0.5 + 0.1 * rng.standard_normal((520, 520, 3))).clip(0, 1).astype(np.float32)
    thin = np.zeros((520, 520), bool)
    thin[10:30, 10:510] = True
    hole = thin | disc(520, 520, 140)
    filled = fill_window(fill_mean, cut(picture, hole), hole, 1024, 256)
    assert filled[thin].std() < 0.002
    assert filled[hole & ~thin].std() > 0.05


def test_deep_in_a_hole_a_grid_gives_way_to_the_photos_detail():
    picture, hole = noisy(240, 0.1), disc(240, 240, 48)
    filled = fill_window(fill_grid, cut(picture, hole), hole, 1024, 256)
    deep = disc(240, 240, 30)
    again = np.roll(filled, 8, 1)[deep]
    assert np.corrcoef(fill_grid(picture, hole)[deep].ravel(), again.ravel())[0, 1] < 0.3
    assert np.corrcoef(filled[deep].ravel(), again.ravel())[0, 1] < 0.3
    own, known = fill_grid(picture, hole)[deep].std(), picture[~hole].std()
    assert 1.2 * own < filled[deep].std() < 0.8 * known  # in between


def test_a_plain_photos_detail_is_not_blown_up():
    picture, hole = noisy(240, 0.01), disc(240, 240, 48)
    filled = fill_window(fill_grid, cut(picture, hole), hole, 1024, 256)
    assert filled[disc(240, 240, 30)].std() < 1.5 * picture[~hole].std()


def test_a_plain_fill_stays_nearly_plain():
    picture, hole = noisy(240, 0.1), disc(240, 240, 48)
    filled = fill_window(fill_mean, cut(picture, hole), hole, 1024, 256)
    assert filled[disc(240, 240, 30)].std() < 0.005


def test_near_its_edge_a_hole_keeps_the_fill():
    picture, hole = noisy(240, 0.1), disc(240, 240, 48)
    filled = fill_window(fill_grid, cut(picture, hole), hole, 1024, 256)
    edge = hole & ~disc(240, 240, 46)
    np.testing.assert_array_equal(filled[edge], fill_grid(picture, hole)[edge])
    np.testing.assert_array_equal(filled[~hole], picture[~hole])


def test_tiles_do_not_show_in_the_detail():
    picture, hole = noisy(600, 0.1)[:200], np.zeros((200, 600), bool)
    hole[45:155, 40:560] = True
    filled = fill_window(fill_grid, cut(picture, hole), hole, 256, 256)
    for left in range(80, 520, 40):  # at all places of a tile
        deep = (slice(80, 120), slice(left, left + 40))
        grid = fill_grid(picture, hole)[deep].ravel()
        assert abs(np.corrcoef(grid, filled[deep].ravel())[0, 1]) < 0.3


def test_nothing_of_the_fill_is_taken_for_the_photos_detail():
    picture, hole = np.ones((240, 240, 3), np.float32), disc(240, 240, 48)
    filled = fill_window(fill_grid, cut(picture, hole), hole, 1024, 256)
    assert filled[disc(240, 240, 20)].std() < 0.002


def test_a_method_without_a_limit_keeps_its_fill():
    picture, hole = noisy(240, 0.1), disc(240, 240, 48)
    filled = fill_window(fill_grid, cut(picture, hole), hole, 1024)
    np.testing.assert_array_equal(filled, fill_grid(picture, hole))


@pytest.mark.parametrize("shape", [(18, 90), (90, 90)])
def test_a_fill_stays_where_little_is_known_to_take_detail_from(shape):
    picture = noisy(90, 0.1)[: shape[0]]
    hole = np.ones(shape, bool)
    hole[0] = False
    filled = fill_window(fill_grid, cut(picture, hole), hole, 1024, 256)
    np.testing.assert_array_equal(filled[hole], fill_grid(picture, hole)[hole])


def test_near_its_edge_a_hole_without_much_around_it_keeps_the_fill_too():
    """Filled at reduced size, it gets what was lost by that, and no more."""
    down = np.mgrid[0:320, 0:320][0]
    stripes = 0.5 + 0.2 * np.sin(2 * np.pi * down / 10)
    picture = stripes.astype(np.float32)[..., None].repeat(3, axis=2)
    hole = disc(320, 320, 135)

    def fill(part, mask):
        small = cv2.resize(picture, mask.shape[::-1], interpolation=cv2.INTER_AREA)
        return np.where(mask[..., None], small, part)

    filled = fill_window(fill, cut(picture, hole), hole, 1024, 256)
    edge = hole & ~disc(320, 320, 125)
    assert np.square(filled - picture)[edge].mean() < 0.1 * picture[edge].var()


def test_an_enlarged_fill_keeps_its_own_detail():
    picture, hole = np.full((320, 320, 3), 0.5, np.float32), disc(320, 320, 100)
    smooth = np.where(hole[..., None], fill_grid(picture, hole), picture)
    filled = transfer_detail(cut(picture, hole), hole, smooth)
    deep = disc(320, 320, 70)
    assert filled[deep].std() / smooth[deep].std() > 0.99


def test_detail_does_not_repeat_in_a_grid():
    """A plain fill looks like one place of an uneven wall more than like any other."""
    rng = np.random.default_rng(5)
    smooth = 0.5 + 0.04 * np.sin(np.mgrid[0:384, 0:384].sum(axis=0) / 40)[..., None].repeat(3, 2)
    grain = 0.1 * rng.standard_normal((384, 384, 3))
    hole = disc(384, 384, 100)
    smooth[hole] = 0.5
    picture, smooth = (smooth + grain).astype(np.float32), smooth.astype(np.float32)
    filled = transfer_detail(cut(picture, hole), hole, smooth)
    detail = (filled - smooth)[128:256, 128:256]
    assert detail.std() > 0.07
    for shifted in (np.roll(detail, 16, 0), np.roll(detail, 16, 1)):
        assert np.corrcoef(detail.ravel(), shifted.ravel())[0, 1] < 0.3
