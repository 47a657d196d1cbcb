"""Windows cover the hole, with context, and never overlap."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint.errors import MethodError
from inpaint.window import Window, bounding_box, find_windows


def cover(windows: list[Window], shape: tuple[int, int]) -> np.ndarray:
    count = np.zeros(shape, int)
    for window in windows:
        count[window.slices] += 1
    return count


def test_one_part_with_its_context():
    hole = np.zeros((1000, 1200), bool)
    hole[500:510, 600:620] = True
    assert find_windows(hole) == [Window(436, 536, 138, 148)]
    assert find_windows(hole, context=5) == [Window(495, 595, 20, 30)]


def test_context_follows_the_parts_size_and_ends_at_the_photo():
    hole = np.zeros((1000, 1200), bool)
    hole[300:700, 0:100] = True
    assert find_windows(hole) == [Window(100, 0, 800, 300)]
    assert find_windows(np.ones((7, 1), bool)) == [Window(0, 0, 7, 1)]


def test_parts_far_apart_are_apart_and_near_ones_together():
    hole = np.zeros((1000, 1000), bool)
    hole[10, 10] = hole[990, 990] = True
    hole[500, 500] = hole[500, 600] = True
    windows = find_windows(hole)
    assert [window.left for window in windows] == [0, 436, 926]
    assert windows[1] == Window(436, 436, 129, 229)


def test_windows_that_touch_stay_two():
    hole = np.zeros((20, 40), bool)
    hole[10, 10] = hole[10, 15] = True
    assert len(find_windows(hole, context=2)) == 2
    assert len(find_windows(hole, context=3)) == 1


def test_a_union_takes_in_what_it_grows_over():
    # The second lies in no window of the others, but in the union of the first and the third.
    hole = np.zeros((60, 60), bool)
    hole[2:30, 2] = True
    hole[5, 12] = True
    hole[31, 3:40] = True
    assert len(find_windows(hole, context=1)) == 1


def test_diagonal_neighbours_are_one_part():
    assert len(find_windows(np.eye(50, dtype=bool), context=1)) == 1


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("context", [None, 1, 4])
def test_random_holes(seed, context):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 400, 2)
    hole = rng.random((height, width)) < rng.choice([0.0005, 0.01, 0.3])
    windows = find_windows(hole, context)
    count = cover(windows, hole.shape)
    assert count.max(initial=0) <= 1
    assert (count[hole] == 1).all()
    for window in windows:
        part = bounding_box(hole[window.slices])
        margins = (
            part.top,
            part.left,
            window.height - part.top - part.height,
            window.width - part.left - part.width,
        )
        ends = (
            window.top == 0,
            window.left == 0,
            window.top + window.height == height,
            window.left + window.width == width,
        )
        assert all(margin >= (context or 64) or end for margin, end in zip(margins, ends))


def test_nothing_needs_no_window():
    assert find_windows(np.zeros((5, 6), bool)) == []
    assert bounding_box(np.zeros((5, 6), bool)) is None


@pytest.mark.parametrize("context", [0, -3])
def test_a_fill_needs_context(context):
    with pytest.raises(MethodError, match="context"):
        find_windows(np.ones((5, 6), bool), context)


def test_a_view_of_a_mask_will_do():
    hole = np.zeros((50, 60), bool)
    hole[10:20, 30:40] = True
    assert find_windows(hole.T[::-1], 2) == find_windows(np.ascontiguousarray(hole.T[::-1]), 2)
