"""What every kind of random mask promises."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint.mask_shapes import KINDS, random_mask

SIZES = [
    (1, 1),
    (1, 2),
    (2, 1),
    (3, 3),
    (1, 40),
    (7, 300),
    (16, 16),
    (64, 64),
    (96, 160),
    (160, 96),
]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_is_a_mask_of_the_size_with_something_to_fill_and_something_known(kind, size):
    for seed in range(4):
        mask = random_mask(kind, *size, np.random.default_rng(seed))
        assert mask.shape == size
        assert mask.dtype == bool
        # Bytes other than 0 and 1 in a bool array count as True and yet add up wrongly.
        assert set(np.unique(mask.view(np.uint8))) <= {0, 1}
        assert mask.any()
        assert mask.size == 1 or not mask.all()


def test_the_generator_alone_decides(kind):
    first, again, other = (
        random_mask(kind, 128, 192, np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_generator_draws_a_new_mask_every_time(kind):
    rng = np.random.default_rng(0)
    masks = [random_mask(kind, 64, 64, rng) for _ in range(3)]
    assert not np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[1], masks[2])


def test_covers_all_parts_of_the_picture(kind):
    """No corner is left out: masks would otherwise teach a network where holes are."""
    rng = np.random.default_rng(1)
    mean = np.mean([random_mask(kind, 64, 64, rng) for _ in range(150)], axis=0)
    quarters = [mean[:32, :32], mean[:32, 32:], mean[32:, :32], mean[32:, 32:]]
    shares = [quarter.mean() for quarter in quarters]
    assert min(shares) > 0.65 * max(shares)
