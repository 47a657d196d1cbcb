"""What stands in the hole before the network looks."""

from __future__ import annotations

import pytest
import torch

from inpaint.network import PREFILLS
from inpaint.network.prefill import mean_fill, push_pull


@pytest.mark.parametrize("name", list(PREFILLS))
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (17, 5), (64, 48)])
def test_known_pixels_stay_and_holes_get_finite_colours(name, size):
    torch.manual_seed(0)
    image = torch.rand(2, 3, *size)
    mask = (torch.rand(2, 1, *size) > 0.4).float()
    image_with_nan = torch.where(mask > 0, torch.nan, image)
    filled = PREFILLS.create(name)(image_with_nan, mask)
    assert torch.equal(torch.where(mask > 0, 0.0, filled), torch.where(mask > 0, 0.0, image))
    assert filled.isfinite().all()
    assert 0 <= filled.min() <= filled.max() <= 1


def test_push_pull_continues_a_flat_colour():
    image = torch.full((1, 3, 33, 47), 0.3)
    mask = torch.zeros(1, 1, 33, 47)
    mask[..., 5:30, 8:40] = 1
    assert torch.allclose(push_pull(image, mask), image)


def test_push_pull_follows_a_gradient():
    image = torch.linspace(0, 1, 64).expand(1, 3, 64, 64)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 24:40, 24:40] = 1
    assert (push_pull(image, mask) - image).abs().max() < 0.1


@pytest.mark.parametrize("sides", [(64, 64), (65, 64), (79, 73)])
def test_pixels_do_not_move_where_sides_are_rounded_up(sides):
    height, width = sides
    image = torch.rand(1, 3, 80, 80)
    mask = torch.zeros(1, 1, 80, 80)
    mask[..., 30:33, 40:42] = 1
    part = (..., slice(height), slice(width))
    assert torch.allclose(push_pull(image[part], mask[part]), push_pull(image, mask)[part])


def test_push_pull_without_a_known_pixel_is_grey():
    filled = push_pull(torch.rand(1, 3, 9, 9), torch.ones(1, 1, 9, 9))
    assert torch.allclose(filled, torch.full_like(filled, 0.5))


def test_mean_fill_is_zero_after_normalisation():
    filled = mean_fill(torch.rand(1, 3, 4, 4), torch.ones(1, 1, 4, 4))
    assert filled[0, :, 0, 0].tolist() == pytest.approx([0.485, 0.456, 0.406])
