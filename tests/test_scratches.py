"""Scratches and dust: found on smooth and on busy pictures, and not where there are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from inpaint.mask import grow
from inpaint.mask_shapes import random_mask
from inpaint.scratches import find_scratches

LIGHT, DARK = (235, 230, 220), (25, 22, 20)


def smooth(height=480, width=640):
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([90 + x / 8, 120 + y / 10, 140 - x / 10], -1)
    picture += np.random.default_rng(0).normal(0, 2, (height, width, 1))
    return np.rint(picture).astype(np.uint8)


def fabric(height=480, width=640):
    """A weave with grain: fine lines everywhere, none of them a scratch."""
    y, x = np.mgrid[0:height, 0:width]
    weave = 18 * np.sin(x * 0.9) + 18 * np.sin(y * 0.8 + 0.2 * x)
    weave += np.random.default_rng(1).normal(0, 10, (height, width))
    return (
        np.rint(np.stack([150 + weave, 120 + weave, 90 + weave], -1)).clip(0, 255).astype(np.uint8)
    )


def lay(picture, mask, color=LIGHT, opacity=0.7):
    """The mask over the picture as a scanner sees it: soft-edged, partly transparent."""
    weight = cv2.GaussianBlur(np.float32(mask) * opacity, (0, 0), 0.8)[..., None]
    return np.rint(picture * (1 - weight) + np.array(color) * weight).astype(np.uint8)


def draw(shape, *lines, width=2):
    canvas = np.zeros(shape[:2], np.uint8)
    for line in lines:
        cv2.polylines(canvas, [np.array(line, np.int32)], False, 1, width)
    return canvas > 0


def recall(found, mask):
    return np.count_nonzero(found & mask) / np.count_nonzero(mask)


def precision(found, mask, tolerance=3):
    """The share of what was found that lies on the mask; 1 if nothing was found."""
    return 1 - np.count_nonzero(found & ~grow(mask, tolerance)) / max(found.sum(), 1)


LINES = (
    [(60, 0), (90, 200), (110, 479)],
    [(0, 380), (300, 350), (639, 400)],
    [(420, 40), (500, 240), (520, 330)],
)


@pytest.mark.parametrize("ground", [smooth, fabric])
@pytest.mark.parametrize("color", [LIGHT, DARK])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_lines_are_found_and_little_else(ground, color, width):
    picture = ground()
    mask = draw(picture.shape, *LINES, width=width)
    found = find_scratches(lay(picture, mask, color))
    if ground is fabric and width == 1:  # a person hardly sees it there either
        assert found.mean() < 0.01
        return
    assert recall(found, mask) > (0.7 if ground is fabric else 0.85)
    assert precision(found, mask) > (0.55 if ground is fabric else 0.8)


@pytest.mark.parametrize("ground", [smooth, fabric])
def test_clean_grounds_get_nothing(ground):
    assert not find_scratches(ground()).any()


@pytest.mark.parametrize(
    "name", ["astronaut", "camera", "chelsea", "retina", "brick", "grass", "gravel"]
)
def test_clean_photos_get_nearly_nothing(name):
    photo = getattr(data, name)()
    photo = photo if photo.ndim == 3 else np.repeat(photo[..., None], 3, 2)
    assert find_scratches(photo).mean() < 0.005


def test_scratched_photos():
    """Random scratches on photos: most of what is well visible is found, and mostly that."""
    recalls, precisions = [], []
    for name in ("astronaut", "chelsea", "camera", "coffee", "rocket"):
        photo = getattr(data, name)()
        photo = photo if photo.ndim == 3 else np.repeat(photo[..., None], 3, 2)
        for seed in range(3):
            mask = random_mask("scratches", *photo.shape[:2], np.random.default_rng(seed))
            scratched = lay(photo, mask, LIGHT if seed else DARK)
            visible = np.abs(scratched.astype(int) - photo).max(2) > 40
            found = find_scratches(scratched)
            recalls.append(recall(found, mask & visible))
            precisions.append(precision(found, mask, 4))
    assert np.median(recalls) > 0.65
    assert np.mean(recalls) > 0.55
    assert np.mean(precisions) > 0.7


def test_dust_on_calm_ground():
    picture = smooth()
    rng = np.random.default_rng(3)
    mask = np.zeros(picture.shape[:2], np.uint8)
    places = rng.integers(20, (620, 460), (24, 2))
    for place in places:
        cv2.circle(mask, place.tolist(), int(rng.integers(1, 3)), 1, -1)
    found = find_scratches(lay(picture, mask, DARK, 0.8))
    assert np.mean([found[y, x] for x, y in places]) > 0.8
    assert precision(found, mask > 0) > 0.9


def test_a_larger_scan_of_the_same_print_gets_the_same_mask():
    picture = smooth()
    mask = draw(picture.shape, *LINES, width=3)
    scratched = lay(picture, mask)
    found = find_scratches(scratched)
    large = cv2.resize(scratched, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    again = cv2.resize(
        find_scratches(large).view(np.uint8), scratched.shape[1::-1], interpolation=cv2.INTER_AREA
    )
    assert recall(again > 0, mask) > 0.85
    assert np.count_nonzero(found & (again > 0)) > 0.6 * np.count_nonzero(found | (again > 0))


def test_more_sensitivity_finds_more():
    mask = random_mask("scratches", 512, 512, np.random.default_rng(1))
    scratched = lay(data.astronaut(), mask)
    areas = [find_scratches(scratched, sensitivity).sum() for sensitivity in (0, 0.5, 1)]
    assert areas[0] < areas[1] < areas[2]


def test_it_is_always_the_same_and_leaves_its_input_alone():
    picture = lay(smooth(), draw((480, 640), *LINES))
    before = picture.copy()
    assert np.array_equal(find_scratches(picture), find_scratches(picture))
    assert np.array_equal(picture, before)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 300), (39, 41), (50, 2000)])
def test_any_size(height, width, picture):
    found = find_scratches(picture(height, width))
    assert (found.dtype, found.shape) == (bool, (height, width))
