from __future__ import annotations

import numpy as np
import pytest

from inpaint._opencv import cv2
from inpaint.errors import MaskError
from inpaint.mask_shapes import everyday, random_mask, random_masks


def shares(kind: str, size: int, count: int) -> np.ndarray:
    return np.array(
        [random_mask(kind, size, size, np.random.default_rng([9, i])).mean() for i in range(count)]
    )


# Means of the authors' own generators, each over some thousand masks.
@pytest.mark.parametrize(
    ("kind", "size", "mean"),
    [
        ("lama", 256, 0.35),
        ("lama_small", 256, 0.23),
        ("thin", 256, 0.29),
        ("medium", 256, 0.24),
        ("thick", 256, 0.40),
        ("comodgan", 256, 0.74),
        ("mat", 256, 0.41),
        ("thin", 512, 0.29),
        ("medium", 512, 0.30),
        ("thick", 512, 0.46),
        ("comodgan", 512, 0.65),
        ("mat", 512, 0.39),
        ("mat_small", 512, 0.22),
        ("everyday", 256, 0.23),
    ],
)
def test_covers_as_much_as_the_published_masks(kind, size, mean):
    measured = shares(kind, size, 250)
    # 0.03, and what chance does to the mean of so few masks.
    assert measured.mean() == pytest.approx(mean, abs=0.03 + 2 * measured.std() / np.sqrt(250))


def test_share_depends_on_neither_size_nor_shape():
    for kind in ("everyday", "lama", "scratches"):
        square = shares(kind, 128, 150).mean()
        wide = np.mean(
            [random_mask(kind, 96, 384, np.random.default_rng([9, i])).mean() for i in range(150)]
        )
        assert wide == pytest.approx(square, rel=0.35)


def test_everyday_stays_within_2_and_60_percent():
    ratios = shares("everyday", 128, 200)
    assert ratios.min() >= 0.02
    assert ratios.max() <= 0.60
    assert 0.15 < np.mean(ratios < 0.1) < 0.45  # the bin of small holes is drawn 30 % of the time


def test_everyday_names_its_shape_and_keeps_thin_lines_small():
    seen = {}
    for seed in range(200):
        mask, shape = everyday(96, 96, np.random.default_rng(seed))
        seen.setdefault(shape, []).append(mask.mean())
    assert set(seen) == {"stroke", "thin", "box", "blob"}
    assert max(seen["thin"]) <= 0.2
    assert max(seen["box"]) > 0.4


def test_everyday_is_the_mask_of_that_name():
    mask, _ = everyday(80, 60, np.random.default_rng(3))
    assert np.array_equal(mask, random_mask("everyday", 80, 60, np.random.default_rng(3)))


def test_many_masks_are_those_of_their_seeds():
    masks = random_masks([("lama", [1, 2]), ("thin", [1, 3])], 40, 56)
    assert masks.shape == (2, 40, 56)
    assert masks.dtype == bool
    assert np.array_equal(masks[0], random_mask("lama", 40, 56, np.random.default_rng([1, 2])))
    assert np.array_equal(masks[1], random_mask("thin", 40, 56, np.random.default_rng([1, 3])))


def test_scratches_are_thin_and_long():
    for seed in range(10):
        mask = random_mask("scratches", 256, 256, np.random.default_rng(seed))
        assert mask.mean() < 0.15
        # Away from where two of them cross, no scratch is wider than a few pixels.
        assert cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 3).max() < 8
    spans = [
        np.ptp(np.argwhere(random_mask("scratches", 256, 256, np.random.default_rng(i))), axis=0)
        for i in range(10)
    ]
    assert np.mean([span.max() for span in spans]) > 128


def test_an_unknown_kind_names_the_nearest_and_all():
    with pytest.raises(MaskError, match=r"'evryday'.*mean 'everyday'.*scratches"):
        random_mask("evryday", 8, 8, np.random.default_rng(0))


@pytest.mark.parametrize("size", [(0, 8), (8, 0)])
def test_a_picture_without_pixels_is_an_error(size):
    with pytest.raises(MaskError, match="at least one pixel"):
        random_mask("lama", *size, np.random.default_rng(0))
    with pytest.raises(MaskError, match="at least one pixel"):
        everyday(*size, np.random.default_rng(0))
