"""Views: the same change for picture and image, and for the hole in them."""

from __future__ import annotations

import torch

from train.views import View, draw_view


def test_a_mask_stays_on_its_hole():
    torch.manual_seed(0)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 8:24, 16:20] = 1
    picture = mask.expand(1, 3, 64, 64)
    for _ in range(20):
        view = draw_view("varied", 64)
        assert torch.equal(view(picture)[:, :1], view(mask))


def test_a_view_loses_no_pixel():
    torch.manual_seed(1)
    picture = torch.rand(2, 3, 64, 64)
    views = [draw_view("varied", 64) for _ in range(40)]
    for view in views:
        seen = view(picture)
        torch.testing.assert_close(seen.mean((2, 3)), picture.mean((2, 3))[:, list(view.colours)])
        assert seen.shape[-1] == (32 if view.small else 64)
    assert {view.small for view in views} == {view.turned for view in views} == {False, True}
    assert len({view.colours for view in views}) == 6


def test_small_pictures_are_not_made_smaller_than_a_classifier_needs():
    assert not any(draw_view("varied", 48).small for _ in range(40))


def test_a_shifted_view_only_moves():
    torch.manual_seed(2)
    view = draw_view("shifted", 64)
    assert view == View(view.shift)
