"""A thick hole is continued with what the rest of the photo shows, without a seam."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

from inpaint._opencv import cv2
from inpaint.gradients import join_steps
from inpaint.patch_field import PatchField
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


@pytest.mark.parametrize(("period", "alike"), [(14, 0.75), (24, 0.8)])
def test_a_pattern_goes_on(period, alike):
    """Stripes of 24 pixels do not where patches care nothing for known pixels or neighbours."""
    picture, hole = stripes(240, period), disc(240, 60)
    filled = continued(picture, hole)
    assert np.corrcoef(filled[hole].ravel(), picture[hole].ravel())[0, 1] > alike
    assert filled[hole].std() == pytest.approx(picture[hole].std(), rel=0.1)
    np.testing.assert_array_equal(filled[~hole], picture[~hole])


def test_a_smooth_fill_becomes_what_has_its_colours_near_by():
    """Not what is as smooth: a rough wall ends beside a plain one of the same grey."""
    picture = 0.5 + 0.01 * np.random.default_rng(4).standard_normal((200, 320, 3))
    picture[:, :200] += 0.1 * np.random.default_rng(5).standard_normal((200, 200, 3))
    picture = picture.clip(0, 1).astype(np.float32)
    hole = np.zeros((200, 320), bool)
    hole[:, :200] = disc(200, 45)
    filled = continued(picture, hole)
    assert filled[hole].std() > 0.8 * picture[:, :200].std()


def find_moves(filled: np.ndarray, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """From patches of 5 x 5 pixels in the hole to those known ones that are most like them."""
    patches = sliding_window_view(filled, (5, 5), axis=(0, 1))
    corners = np.argwhere(sliding_window_view(hole, (5, 5)).all(axis=(2, 3)))
    places = np.argwhere(~sliding_window_view(hole, (5, 5)).any(axis=(2, 3)))
    wanted, known = (patches[at[:, 0], at[:, 1]].reshape(len(at), -1) for at in (corners, places))
    nearest = np.argmax(wanted @ known.T - np.square(known).sum(axis=1) / 2, axis=1)
    moves = np.full((*hole.shape, 2), -1000)
    moves[corners[:, 0], corners[:, 1]] = places[nearest] - corners
    return moves


def share_beside(filled: np.ndarray, picture: np.ndarray, hole: np.ndarray) -> float:
    """Of the patches in the hole those that show what lies beside what their neighbour shows."""
    moves = find_moves(filled, picture, hole)
    both = (moves[:, 1:, 0] != -1000) & (moves[:, :-1, 0] != -1000)
    return (moves[:, 1:] == moves[:, :-1]).all(axis=2)[both].mean()


def test_whole_pieces_are_copied():
    """Of noise no place is like another: means of many would be grey, and so would be seams."""
    rng = np.random.default_rng(0)
    picture, hole = rng.random((120, 120, 3), np.float32), disc(120, 25)
    filled = continued(picture, hole)
    assert filled[hole].std() > 0.8 * picture[~hole].std()
    assert share_beside(filled, picture, hole) > 0.7


def test_pieces_are_large_where_a_first_fill_shows_other_shapes():
    """They shrink where neighbours need not agree, or where no scale but the coarsest searches."""
    rng = np.random.default_rng(3)
    blobs = cv2.GaussianBlur(rng.standard_normal((300, 300, 3)).astype(np.float32), (0, 0), 2)
    picture, hole = (0.5 + 0.15 * blobs / blobs.std()).clip(0, 1), disc(300, 75)
    filled = continued(picture, hole, cv2.GaussianBlur(picture, (0, 0), 6))
    assert share_beside(filled, picture, hole) > 0.35
    assert filled[hole].std() > 0.65 * picture[~hole].std()


def test_what_is_seen_at_full_size_only_goes_on():
    """Stripes of three pixels: a quarter of the size shows nothing of them."""
    picture, hole = stripes(200, 3.2), disc(200, 40)
    filled = continued(picture, hole)
    assert filled[hole].std() > 0.8 * picture[hole].std()
    joints = hole & ~disc(200, 36)
    assert np.corrcoef(filled[joints].ravel(), picture[joints].ravel())[0, 1] > 0.5


def test_a_line_that_ends_at_the_hole_does_not_colour_it():
    rng = np.random.default_rng(5)
    picture = (0.3 + 0.02 * rng.standard_normal((200, 200, 3))).astype(np.float32)
    hole = disc(200, 50)
    picture[98:102, 150:] = 1  # begins at the hole's edge, and goes on nowhere else
    filled = continued(picture, hole, np.full_like(picture, 0.3))
    beside = hole.copy()
    beside[:, :130] = beside[90:110] = False
    assert filled[beside].mean() == pytest.approx(0.3, abs=0.005)


def test_a_twig_with_soft_sides_does_not_either():
    """With grain, on a plain wall."""
    rng = np.random.default_rng(8)
    twig = np.zeros((200, 200), np.float32)
    twig[90:110, 150:] = 1
    twig = cv2.GaussianBlur(twig, (0, 0), 1.5) * (0.35 + 0.06 * rng.standard_normal((200, 200)))
    picture = (0.4 + twig + 0.01 * rng.standard_normal((200, 200)))[..., None]
    picture, hole = picture.repeat(3, axis=2).astype(np.float32), disc(200, 50)
    filled = continued(picture, hole, np.full_like(picture, 0.4))
    assert filled[92:108, 130:140].mean() == pytest.approx(0.4, abs=0.03)  # 0.47 without cuts


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


@pytest.mark.parametrize(("length", "error", "step"), [(480, 4, 1), (240, 8, 2), (120, 14, 4)])
def test_colours_that_are_nowhere_else_join_without_an_edge(length, error, step):
    """Of a gradient in two directions every colour is in one place only: here in the hole."""
    down, across = np.mgrid[0:240, 0:240].astype(np.float32) / length
    picture = np.stack([down, across, (down + across) / 2], axis=-1).clip(0, 1)
    hole = disc(240, 50)
    filled = continued(picture, hole, picture)
    assert np.abs(filled - picture)[hole].max() < error / 255
    assert np.abs(np.diff(filled, axis=0)).max() < step / 255


@pytest.mark.parametrize(
    ("shape", "known"), [((6, 90), 20), ((90, 6), 2), ((90, 90), 5), ((1, 1), 0)]
)
def test_nothing_is_made_where_nothing_can_be_searched(shape, known):
    rng = np.random.default_rng(2)
    picture, first = rng.random((2, *shape, 3), np.float32)
    hole = np.ones(shape, bool)
    hole[:, :known] = False
    assert continue_texture(picture, hole, first) is None


def test_nothing_is_made_where_only_the_finest_scale_has_patches():
    """Lines every twelve pixels leave none at the scales where so thick a hole is searched for."""
    hole = np.zeros((330, 330), bool)
    hole[::12] = hole[:, ::12] = True
    hole[:240, :240] = True
    picture = np.random.default_rng(4).random((330, 330, 3), np.float32)
    assert continue_texture(picture, hole, picture) is None


@pytest.mark.parametrize("shape", [(150, 151), (151, 150), (97, 200)])
def test_holes_in_a_corner_are_filled(shape):
    rng = np.random.default_rng(6)
    picture = (0.5 + 0.1 * rng.standard_normal((*shape, 3))).clip(0, 1).astype(np.float32)
    hole = np.zeros(shape, bool)
    hole[-60:, -60:] = True
    filled = continued(picture, hole)
    assert 0 <= filled.min() <= filled.max() <= 1
    assert 0.08 < filled[-30:, -30:].std() < 0.12
    np.testing.assert_array_equal(filled[~hole], picture[~hole])


def test_it_is_the_same_every_time():
    picture, hole = stripes(120, 13), disc(120, 30)
    np.testing.assert_array_equal(continued(picture, hole), continued(picture, hole))


def test_steps_that_fit_give_the_picture_whatever_the_tint():
    rng = np.random.default_rng(3)
    picture, hole = rng.random((40, 50, 3), np.float32), np.zeros((40, 50), bool)
    hole[10:30, 12:50] = True  # up to the picture's border
    steps = np.diff(picture, axis=1), np.diff(picture, axis=0)
    tinted = picture - np.float32(0.05)
    joined = join_steps(picture, hole, tinted, *steps, np.ones(hole.shape, np.float32))
    assert np.abs(joined - picture)[hole].mean() < 0.02
    assert np.abs(joined - picture)[hole].max() < 0.05


def test_colours_decide_far_from_what_is_known():
    picture, hole = np.zeros((301, 301, 3), np.float32), np.zeros((301, 301), bool)
    hole[20:-20, 20:-20] = True
    still = np.zeros((301, 300, 3), np.float32), np.zeros((300, 301, 3), np.float32)
    tinted = np.full_like(picture, 0.1)
    joined = join_steps(picture, hole, tinted, *still, np.ones(hole.shape, np.float32))
    assert joined[21, 150, 0] < 0.06
    assert joined[150, 150, 0] > 0.08


def test_steps_that_contradict_each_other_are_weighed_exactly():
    """Against a direct solution, with steps that make no picture."""
    rng = np.random.default_rng(7)
    picture, colours = rng.random((2, 90, 80, 3), np.float32)
    across = 0.2 * rng.standard_normal((90, 79, 3)).astype(np.float32)
    down = 0.2 * rng.standard_normal((89, 80, 3)).astype(np.float32)
    hole = np.zeros((90, 80), bool)
    hole[5:85, 5:75] = True
    belief = rng.random(hole.shape, np.float32)
    joined = join_steps(picture, hole, colours, across, down, belief)
    exact = spsolve(*normal_equations(picture, hole, colours, across, down, belief))
    np.testing.assert_allclose(joined[hole], exact.clip(0, 1), atol=4 / 255)


def normal_equations(picture, hole, colours, across, down, belief):
    """Pixel by pixel, as one would write them on paper."""
    index = {place: i for i, place in enumerate(map(tuple, np.argwhere(hole)))}
    seen = np.where(hole[..., None], colours, picture)
    matrix = lil_matrix((len(index), len(index)))
    right = np.zeros((len(index), 3))
    for (row, column), i in index.items():
        matrix[i, i] = 0.001
        right[i] = 0.001 * colours[row, column]
        for other, copied in [
            ((row, column + 1), -across[row, column]),
            ((row, column - 1), across[row, column - 1]),
            ((row + 1, column), -down[row, column]),
            ((row - 1, column), down[row - 1, column]),
        ]:
            met = seen[row, column] - seen[other]
            matrix[i, i] += 1
            right[i] += met + min(belief[row, column], belief[other]) * (copied - met)
            if other in index:
                matrix[i, index[other]] -= 1
            else:
                right[i] += picture[other]
    return matrix.tocsr(), right


@pytest.mark.parametrize("column", [20, 30])  # in the hole, and at its edge
def test_what_is_not_believed_does_not_glow(column):
    """A white bar on grey ends where a copied piece without it begins."""
    colours, hole = np.full((40, 40, 3), 0.2, np.float32), np.zeros((40, 40), bool)
    hole[10:30, 10:30] = True
    colours[18:22, column:] = 1
    across, down = np.diff(colours, axis=1), np.diff(colours, axis=0)
    across[18:22, column - 1] = 0  # the copy goes on as it is, dark to the left, white to the right
    belief = np.ones(hole.shape, np.float32)
    glowing = join_steps(colours, hole, colours, across, down, belief)
    assert glowing[20, column - 1, 0] > 0.35
    belief[18:22, column] = 0
    joined = join_steps(colours, hole, colours, across, down, belief)
    assert joined[20, column - 1, 0] == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize(("most", "searches"), [(0, 2), (30_000, 6)])
def test_long_holes_are_searched_for_less_often(most, searches, monkeypatch):
    """A stroke across a large photo would take minutes."""
    counted = []
    find_nearest = PatchField.find_nearest

    def count(field, filled, rng):
        counted.append(len(field.corners))
        find_nearest(field, filled, rng)

    monkeypatch.setattr(PatchField, "find_nearest", count)
    monkeypatch.setattr("inpaint.texture._MOST_SEARCHED_LONG", most)
    monkeypatch.setattr("inpaint.texture._MOST_SEARCHED_AGAIN", 0)
    continued(stripes(160, 14), disc(160, 20))
    assert len(counted) == searches


@pytest.mark.parametrize(("radius", "sides"), [(30, [200]), (34, [100, 200]), (62, [100, 200])])
def test_the_search_begins_where_the_hole_is_32_to_64_pixels_thick(radius, sides, monkeypatch):
    seen = []
    made = PatchField.of

    def of(picture, *rest):
        seen.append(len(picture))
        return made(picture, *rest)

    monkeypatch.setattr(PatchField, "of", of)
    continued(stripes(200, 14), disc(200, radius))
    assert seen == sides


@pytest.mark.parametrize(("radius", "rounds"), [(3, 1), (10, 4), (26, 6)])
def test_the_thinner_a_hole_the_fewer_rounds_it_takes(radius, rounds, monkeypatch):
    """Of the first search, and before what repeats itself is searched for again."""
    monkeypatch.setattr("inpaint.texture._MOST_SEARCHED_AGAIN", 0)
    calls, find_nearest = [], PatchField.find_nearest
    monkeypatch.setattr(
        PatchField, "find_nearest", lambda *seen: calls.append(1) or find_nearest(*seen)
    )
    continued(stripes(120, 14), disc(120, radius))
    assert len(calls) == rounds
