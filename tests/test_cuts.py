"""Where copied pieces contradict each other, or the photo, amid detail, they are not believed."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint._opencv import cv2
from inpaint.cuts import find_belief
from inpaint.patch_field import PatchField

SIDE, TOP, BOTTOM = 128, 50, 78  # of the picture, and of the square hole in it
MIDDLE = (TOP + BOTTOM) // 2
HOLE = np.s_[TOP:BOTTOM, TOP:BOTTOM]
DEEP, AROUND = np.s_[TOP + 10 : BOTTOM - 10], np.s_[MIDDLE - 4 : MIDDLE + 4]


def make_blobs(contrast: float) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((SIDE, SIDE, 3)).astype(np.float32)
    blobs = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return 0.2 + contrast / blobs.std() * blobs


def make_stripes(contrast: float) -> np.ndarray:
    """Steps from row to row only."""
    return make_blobs(contrast)[:, :1].repeat(SIDE, axis=1)


def believe(picture: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """How far patches are believed that take what looks like the filled hole: H x W."""
    hole = np.zeros((SIDE, SIDE), bool)
    hole[HOLE] = True
    field = PatchField.of(np.where(hole[..., None], 0, picture), hole, apart=0.0)
    field.find_nearest(field.pad(filled), np.random.default_rng(0))
    across, down = (field.average(np.diff(field.picture, axis=axis), 0.8) for axis in (1, 0))
    return field.unpad(find_belief(field, across, down))


def show_cut(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture, its lower part lighter, and the same with the hole filled: from above to the
    left of its middle, from below to the right."""
    picture[BOTTOM + 8 :] += 0.6
    filled = picture.copy()
    filled[TOP:BOTTOM, TOP:MIDDLE] = picture[12:40, TOP:MIDDLE]
    filled[TOP:BOTTOM, MIDDLE:BOTTOM] = picture[90:118, MIDDLE:BOTTOM]
    return picture, filled


def test_what_is_copied_whole_is_believed():
    picture = make_blobs(0.06)
    picture[40:88, 40:88] = picture[40:88, :48]  # around the hole too
    assert believe(picture, picture)[HOLE].min() > 0.99


@pytest.mark.parametrize("make", [make_blobs, make_stripes])
def test_pieces_that_contradict_each_other_are_not(make):
    belief = believe(*show_cut(make(0.08)))
    assert belief[DEEP, AROUND].min(axis=1).max() < 0.3  # somewhere in each row
    assert belief[DEEP, MIDDLE - 9 : MIDDLE - 6].min() > 0.9


def test_nor_where_one_lies_upon_the_other():
    picture, filled = show_cut(make_stripes(0.08))
    belief = believe(picture.transpose(1, 0, 2).copy(), filled.transpose(1, 0, 2).copy())
    assert belief[AROUND, DEEP].min(axis=0).max() < 0.3


def test_nor_is_what_contradicts_the_photo():
    """A light bar ends at the hole; all that is copied there is dark."""
    picture = make_blobs(0.06)
    filled = picture.copy()
    filled[TOP:BOTTOM, TOP - 8 : BOTTOM + 8] = picture[12:40, TOP - 8 : BOTTOM + 8]
    bar = np.s_[MIDDLE - 6 : MIDDLE + 6, BOTTOM:]
    picture[bar] = filled[bar] + 0.6
    belief = believe(picture, filled)
    assert belief[MIDDLE - 3 : MIDDLE + 3, BOTTOM].max() < 0.3
    assert belief[MIDDLE - 3 : MIDDLE + 3, BOTTOM - 9].min() > 0.9


def test_amid_smooth_surroundings_they_are():
    belief = believe(*show_cut(make_blobs(0.002)))
    assert belief[DEEP, MIDDLE - 1 : MIDDLE + 1].min() > 0.5


def test_surroundings_are_more_than_the_cut_itself():
    """A cut in a smooth strip between blobs."""
    smooth, filled = show_cut(make_blobs(0.002))
    beside = make_blobs(0.1) - 0.2
    beside[:, MIDDLE - 6 : MIDDLE + 6] = 0
    belief = believe(smooth + beside, filled + beside)
    assert belief[DEEP, AROUND].min(axis=1).max() < 0.5
