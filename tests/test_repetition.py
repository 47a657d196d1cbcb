"""A fill does not show one thing in a row, unless the photo does."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint import texture
from inpaint._opencv import cv2
from inpaint.patch_field import PatchField
from inpaint.repetition import find_repeated
from inpaint.texture import continue_texture

SPACING = 14  # pixels, of things in a row
ROWS = [20 + SPACING * i for i in range(5)]


def make_thing() -> np.ndarray:
    """Nothing else looks like it."""
    thing = np.random.default_rng(1).standard_normal((9, 9, 3)).astype(np.float32)
    return 0.5 + 0.5 * cv2.GaussianBlur(thing, (0, 0), 1)


def show_rows(
    known_things: list[int], rows: list[int] = ROWS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grainy wall with things left of the hole, the hole, and a fill with a row of them in it."""
    rng = np.random.default_rng(0)
    wall = (0.5 + 0.02 * rng.standard_normal((100, 120, 3))).astype(np.float32)
    hole = np.zeros((100, 120), bool)
    hole[10:90, 65:105] = True
    for row in known_things:
        wall[row : row + 9, 20:29] = make_thing()
    filled = wall.copy()
    for row in rows:  # faint, as by a network that is unsure
        filled[row : row + 9, 80:89] = 0.5 + 0.6 * (make_thing() - 0.5)
    return np.where(hole[..., None], 0, wall), hole, filled


def search(picture: np.ndarray, hole: np.ndarray, filled: np.ndarray) -> PatchField:
    field = PatchField.of(picture, hole, apart=0.06**2)
    field.find_nearest(field.pad(filled), np.random.default_rng(0))
    return field


def test_one_thing_in_a_row_is_repeated_and_nothing_else():
    field = search(*show_rows(ROWS[:1]))
    corners = field.corners[find_repeated(field)]
    assert len(corners) > 20
    assert ((corners[:, 1] > 72) & (corners[:, 1] < 90)).all()
    assert np.ptp(corners[:, 0]) > 2 * SPACING


def test_what_the_photo_repeats_alike_is_not():
    field = search(*show_rows(ROWS))
    assert not find_repeated(field).any()


def test_neither_if_its_row_is_a_pixel_off():
    field = search(*show_rows([20 + (SPACING + 1) * i for i in range(5)]))
    assert not find_repeated(field).any()


def test_neither_if_its_things_are_no_twins():
    rng = np.random.default_rng(3)
    picture, hole, filled = show_rows(ROWS)
    for row in ROWS[1:]:
        other = cv2.GaussianBlur(rng.standard_normal((9, 9, 3)).astype(np.float32), (0, 0), 1)
        picture[row : row + 9, 20:29] += 0.25 * other
    assert not find_repeated(search(picture, hole, filled)).any()


def test_neither_where_the_photo_cannot_be_compared():
    """Known is a strip that is too low for a row."""
    picture, hole, filled = show_rows([44])
    hole[:, :105] = True
    hole[38:60, :60] = False
    field = search(picture, hole, filled)
    assert not find_repeated(field).any()


def test_what_is_far_apart_is_no_row():
    assert not find_repeated(search(*show_rows(ROWS[:1], [15, 45, 75]))).any()


def test_twice_is_not_yet_a_row():
    picture, hole, filled = show_rows(ROWS[:1])
    filled[ROWS[2] :, 80:89] = filled[ROWS[2] :, 93:102]
    assert not find_repeated(search(picture, hole, filled)).any()


def penalise_the_row(around: int) -> tuple[PatchField, PatchField, np.ndarray, np.ndarray]:
    """The field before and after, which places (n x 2) were taken in a row, and the padded fill."""
    picture, hole, filled = show_rows(ROWS[:1])
    field = search(picture, hole, filled)
    repeated = find_repeated(field)
    penalised = field.penalised(repeated, 1.0, around, near=24)
    return field, penalised, field.places()[repeated], field.pad(filled)


def test_penalised_places_are_left_for_others_and_their_surroundings_too():
    field, penalised, taken, filled = penalise_the_row(around=2)
    penalised.find_nearest(filled, np.random.default_rng(0))
    apart = np.abs(penalised.places()[:, None] - taken).max(axis=2)
    assert apart.min() > 2
    np.testing.assert_array_equal(field.places()[find_repeated(field)], taken)


def test_penalties_add_up():
    picture, hole, filled = show_rows(ROWS[:1])
    field = search(picture, hole, filled)
    taken = []
    for _ in range(2):  # what was taken, whether it repeats or not
        taken.append(field.places())
        field = field.penalised(np.ones(len(field.corners), bool), 1.0, around=0, near=0)
        field.find_nearest(field.pad(filled), np.random.default_rng(0))
    assert not is_any_of(field.places(), np.concatenate(taken)).any()


def test_who_paid_once_still_pays_when_others_do():
    picture, hole, filled = show_rows(ROWS[:1])
    field = search(picture, hole, filled)
    repeated = find_repeated(field)
    upper = repeated & (field.corners[:, 0] < ROWS[2] - 7)
    taken = field.places()[upper]
    for some in (upper, repeated & (field.corners[:, 0] > ROWS[3])):
        assert some.any()
        field = field.penalised(some, 1.0, around=0, near=0)
        for improve in (field.find_nearest, field.improve):
            improve(field.pad(filled), np.random.default_rng(0))
    assert not is_any_of(field.places()[upper], taken).any()


def is_any_of(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (places[:, None] == others).all(axis=2).any(axis=1)


def test_far_from_what_is_repeated_patches_keep_their_places():
    field, penalised, _, _ = penalise_the_row(around=2)
    repeating = field.corners[find_repeated(field)]
    apart = np.abs(field.corners[:, None] - repeating).max(axis=2).min(axis=1)
    assert (apart > 24).any()
    np.testing.assert_array_equal(penalised.places()[apart > 24], field.places()[apart > 24])


def test_places_are_dearer_only_to_patches_near_what_repeats_them():
    """A thing that stands alone, far from a row of the same, stays."""
    picture, hole, filled = show_rows(ROWS[:1], [ROWS[0], ROWS[0] + 10, ROWS[0] + 20])
    filled[78:87, 80:89] = 0.5 + 0.6 * (make_thing() - 0.5)
    field = search(picture, hole, filled)
    repeated = find_repeated(field)
    alone = (field.corners == [78, 80]).all(axis=1)
    assert repeated.any()
    assert alone.any()
    penalised = field.penalised(repeated, 1.0, around=2, near=24)
    for improve in (penalised.find_nearest, penalised.improve):
        improve(field.pad(filled), np.random.default_rng(0))
    np.testing.assert_array_equal(penalised.places()[alone], [[ROWS[0], 20]])


def test_neighbours_do_not_lead_back_to_penalised_places():
    _, penalised, taken, filled = penalise_the_row(around=0)
    for improve in (penalised.find_nearest, penalised.improve, penalised.improve):
        improve(filled, np.random.default_rng(0))
    assert not is_any_of(penalised.places(), taken).any()


def count_things(filled: np.ndarray) -> int:
    found = cv2.matchTemplate(filled[:, 65:105], make_thing(), cv2.TM_CCOEFF_NORMED) > 0.7
    return cv2.connectedComponents(found.astype(np.uint8))[0] - 1


def test_a_fill_has_no_row_of_what_is_once_in_the_photo():
    picture, hole, first = show_rows(ROWS[:1])
    assert count_things(first) == len(ROWS)
    assert count_things(continue_texture(picture, hole, first)) < 3


def test_a_fill_has_the_row_that_the_photo_has():
    picture, hole, first = show_rows(ROWS)
    assert count_things(continue_texture(picture, hole, first)) == len(ROWS)


def test_what_is_plain_is_not_repeated():
    """A fill of one dark grey, of which the photo has a strip that is narrow."""
    rng = np.random.default_rng(2)
    picture = (0.6 + 0.005 * rng.standard_normal((100, 120, 3))).astype(np.float32)
    picture[:, 20:32] -= 0.3
    hole = np.zeros((100, 120), bool)
    hole[10:90, 65:105] = True
    field = search(picture, hole, np.where(hole[..., None], np.float32(0.3), picture))
    assert not find_repeated(field).any()


def test_a_row_is_seen_beside_scratches():
    """Of all patches few repeat, of those that are deep in the hole enough do."""
    picture, hole, first = show_rows(ROWS[:1], ROWS[1:4])
    more = 0.5 + 0.02 * np.random.default_rng(9).standard_normal((100, 200, 3), np.float32)
    scratches = np.zeros((100, 200), bool)
    scratches[:, 4::12] = True
    picture = np.concatenate([picture, np.where(scratches[..., None], 0, more)], axis=1)
    hole = np.concatenate([hole, scratches], axis=1)
    first = np.concatenate([first, more], axis=1)
    assert count_things(first) == 3
    assert count_things(continue_texture(picture, hole, first)) < 2


def continue_with(shares: list[int], monkeypatch) -> np.ndarray:
    """Where so many percent of the patches repeat after each search, of which none is left out."""
    answers = iter(shares)

    def repeat(field: PatchField) -> np.ndarray:
        return np.arange(len(field.corners)) % 100 < next(answers)

    monkeypatch.setattr(texture, "find_repeated", repeat)
    filled = continue_texture(*show_rows(ROWS[:1]))
    assert list(answers) == []
    return filled


@pytest.mark.parametrize(
    ("shares", "kept"), [([10, 1], 2), ([10, 20], 1), ([10, 8, 6], 3), ([10, 8, 9], 2)]
)
def test_it_is_searched_again_while_that_is_needed_and_helps(shares, kept, monkeypatch):
    filled = continue_with(shares, monkeypatch)
    same = [*shares[: kept - 1], 1]  # nothing is searched for after the one that is kept
    np.testing.assert_array_equal(filled, continue_with(same, monkeypatch))


def test_fields_of_many_patches_are_searched_once(monkeypatch):
    """A stroke across a large photo would take minutes."""
    monkeypatch.setattr(texture, "find_repeated", lambda field: 1 / 0)
    rng = np.random.default_rng(4)
    picture = (0.5 + 0.02 * rng.standard_normal((160, 900, 3))).astype(np.float32)
    hole = np.zeros((160, 900), bool)
    hole[50:110] = True
    hole[:, :20] = hole[:, -20:] = False
    continue_texture(np.where(hole[..., None], 0, picture), hole, picture)
