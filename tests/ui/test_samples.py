"""Samples: six photos with masks ready."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from inpaint.cases import make_case
from inpaint.mask import grow
from inpaint.ui.restore.samples import (
    find_sample,
    list_samples,
    read_sample,
    sample_mask,
    thumbnail,
)
from inpaint.ui.translations import read_words

NAMES = ("object", "wire", "date-stamp", "scratches", "torn-corner", "text")


def decode(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "JPEG"
        return np.array(picture)


@pytest.fixture(params=NAMES)
def sample(request):
    return find_sample(request.param)


def test_there_are_six_of_six_photos():
    samples = list_samples()
    assert tuple(sample.name for sample in samples) == NAMES
    assert len({sample.credit for sample in samples}) == 6
    assert find_sample("nothing") is None


def test_a_sample_says_what_it_is_in_both_languages(sample):
    assert sample.caption == read_words()["en"][sample.key]
    assert read_words()["zh"][sample.key] != sample.caption
    assert sample.filename == f"{sample.name}.jpg"


def test_a_sample_is_a_jpeg_of_its_masks_size(sample):
    data = read_sample(sample)
    mask = sample_mask(sample)
    assert mask.dtype == bool
    assert decode(data).shape == (*mask.shape, 3)
    assert read_sample(sample) == data


def test_damage_does_not_spread_beyond_the_mask(sample):
    """Just outside of it, the file is as near to the picture as it is everywhere else."""
    mask = sample_mask(sample)
    error = np.abs(decode(read_sample(sample)) - make_case(sample.case).damaged.astype(float))
    beside = grow(mask, 3) & ~mask
    assert error[beside].mean() < 6
    assert error[beside].mean() < 2.5 * error[~grow(mask, 16)].mean()


def test_a_thumbnail_shows_the_place_to_mend(sample):
    small = decode(thumbnail(sample)).astype(int)
    assert small.shape == (270, 360, 3)
    red, green, blue = np.moveaxis(small, 2, 0)
    assert ((red - green > 60) & (blue > green)).mean() > 0.015
