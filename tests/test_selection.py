"""Smart select: what a person means by a scribble or a loop, on objects drawn for the purpose."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint._opencv import cv2
from inpaint.selection import grow_selection


def overlap(found, wanted):
    """Intersection over union."""
    return (found & wanted).sum() / (found | wanted).sum()


@pytest.fixture(params=["flat", "slope", "noise"])
def scene(request):
    """A picture with an ellipse in it, and the ellipse."""
    rows, columns = np.mgrid[:300, :400]
    picture = np.full((300, 400, 3), (70, 110, 90), np.float64)
    if request.param != "flat":
        picture += (columns / 5)[..., None] + (rows / 8)[..., None]
    ellipse = ((rows - 150) / 60) ** 2 + ((columns - 190) / 80) ** 2 < 1
    picture[ellipse] = (215, 70, 50)
    if request.param == "noise":
        picture += np.random.default_rng(1).normal(0, 12, picture.shape)
    return picture.clip(0, 255).astype(np.uint8), ellipse


def draw(points, width, closed=False, shape=(300, 400)):
    canvas = np.zeros(shape, np.uint8)
    cv2.polylines(canvas, [np.array(points)], closed, 255, width)
    return canvas > 0


def test_a_scribble_grows_to_its_object(scene):
    picture, ellipse = scene
    mark = draw([(150, 140), (190, 170), (230, 140)], 12)
    found = grow_selection(picture, mark)
    assert found[mark].all()
    assert overlap(found, ellipse) > 0.85


def test_a_loop_shrinks_to_what_it_surrounds(scene):
    picture, ellipse = scene
    for loop in ([(90, 70), (290, 70), (290, 230), (90, 230)], [(190, 60), (310, 150), (70, 150)]):
        mark = draw(loop, 5, closed=True)
        if not (ellipse & mark).any():
            assert overlap(grow_selection(picture, mark), ellipse) > 0.85


def test_a_loop_that_is_not_quite_closed_is_one(scene):
    picture, ellipse = scene
    points = [(170, 70), (90, 75), (90, 228), (290, 230), (290, 70), (212, 66)]
    assert overlap(grow_selection(picture, draw(points, 5)), ellipse) > 0.85


def test_its_edge_lies_outside_the_object_so_that_nothing_of_it_stays(scene):
    picture, ellipse = scene
    found = grow_selection(picture, draw([(150, 140), (190, 170), (230, 140)], 12))
    assert (ellipse & ~found).sum() < 0.02 * ellipse.sum()


def test_it_is_the_same_again(scene):
    mark = draw([(150, 140), (230, 140)], 12)
    first, second = grow_selection(scene[0], mark), grow_selection(scene[0], mark)
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    "mark",
    [
        np.zeros((40, 50), bool),
        np.ones((40, 50), bool),
        np.eye(40, 50) > 0,
        np.pad([[True]], ((20, 19), (30, 19))),
    ],
    ids=["nothing", "all", "line", "dot"],
)
def test_where_nothing_can_be_told_the_mark_stays(mark):
    picture = np.full((40, 50, 3), 128, np.uint8)
    found = grow_selection(picture, mark)
    assert found[mark].all()
    assert found.any() == mark.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 2)])
def test_any_size_will_do(shape):
    found = grow_selection(np.zeros((*shape, 3), np.uint8), np.ones(shape, bool))
    assert found.shape == shape
    assert found.all()
