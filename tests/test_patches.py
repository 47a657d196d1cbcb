"""Patches: which have any of a part, and what is in them."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint.patches import KnownPatches, choose_sources, cut_patches, find_touched


@pytest.mark.parametrize("shape", [(7, 7), (30, 41)])
@pytest.mark.parametrize("share", [0, 0.002, 0.3, 1])
def test_a_patch_is_touched_by_any_pixel_of_it(shape, share):
    part = np.random.default_rng(0).random(shape) < share
    expected = [
        [part[y : y + 7, x : x + 7].any() for x in range(shape[1] - 6)] for y in range(shape[0] - 6)
    ]
    np.testing.assert_array_equal(find_touched(part, 7), expected)


def test_patches_are_cut_at_their_upper_left_corners():
    picture = np.random.default_rng(1).random((20, 30, 3), np.float32)
    patches = cut_patches(picture, np.array([[0, 0], [13, 23]]), 7)
    assert patches.shape == (2, 3, 49)
    np.testing.assert_array_equal(patches[1].reshape(3, 7, 7), picture[13:, 23:].transpose(2, 0, 1))


def test_sources_are_untouched_and_always_the_same():
    touched = np.random.default_rng(2).random((40, 50)) < 0.5
    places = choose_sources(touched, 100)
    assert len(places) == len(np.unique(places, axis=0)) == 100
    assert not touched[places[:, 0], places[:, 1]].any()
    np.testing.assert_array_equal(places, choose_sources(touched, 100))
    assert len(choose_sources(touched, 10_000)) == np.count_nonzero(~touched)


@pytest.mark.parametrize("penalty", [0.008, 0.012])
def test_penalties_count_as_differences(penalty):
    """Of two known greys the nearer one is nearer by 0.01."""
    picture = np.full((7, 60, 3), 0.2, np.float32)
    picture[:, :20], picture[:, 20:40] = 0.5, 0.6
    places = np.stack([np.zeros(54, int), np.arange(54)], axis=1)
    penalties = np.where(places[:, 1] < 20, 3 * 7**2 * penalty, 0)
    look = np.full((7, 7, 3), 0.5, np.float32)
    known, corners = KnownPatches(picture, places, 7), np.zeros((2, 2), int)
    found = known.find_alike(look, corners, penalties, fined=np.array([True, False]))
    expected = 0.5 if penalty < 0.01 else 0.6
    np.testing.assert_allclose(picture[:, found[0] : found[0] + 7], expected)
    np.testing.assert_allclose(picture[:, found[1] : found[1] + 7], 0.5)
