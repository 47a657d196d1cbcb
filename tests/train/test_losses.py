"""Losses, against values worked out by hand and by other means."""

from __future__ import annotations

import math

import pytest
import torch

from inpaint import metrics
from inpaint.errors import TrainingError
from inpaint.network import composite
from train.features import FeatureNetwork
from train.losses import (
    LpipsDistance,
    ReconstructionLoss,
    auxiliary_l1,
    hole_log_mse,
    masked_l1,
    perceptual_distance,
    style_distance,
    total_variation,
)
from train.preset import LossConfig


def pictures(seed=0, n=2, side=48):
    torch.manual_seed(seed)
    mask = torch.zeros(n, 1, side, side)
    mask[..., 8:24, 8:24] = 1
    return torch.rand(n, 3, side, side), torch.rand(n, 3, side, side), mask


def test_masked_l1_is_the_mean_over_the_masked_pixels():
    out, image, mask = pictures()
    inside = mask.expand_as(out) > 0
    assert masked_l1(out, image, mask) == pytest.approx((out - image)[inside].abs().mean().item())
    assert masked_l1(out, image, torch.zeros_like(mask)) == 0


def test_total_variation_counts_neighbours_of_the_hole():
    picture = torch.zeros(1, 3, 4, 4)
    picture[..., 2:] = 1  # one vertical edge
    hole = torch.zeros(1, 1, 4, 4)
    hole[..., 1, 1] = 1
    # Of the hole pixel's four pairs, one crosses the edge: one of two across, none of two down.
    assert total_variation(picture, hole) == pytest.approx(0.5)
    assert total_variation(picture, torch.zeros_like(hole)) == 0


@pytest.fixture(scope="module")
def alexnet():
    return FeatureNetwork("alexnet")


def test_distances_vanish_for_equal_pictures_only(alexnet):
    out, image, _ = pictures(side=64)
    features, targets = alexnet.compare(out, image)
    for distance in (perceptual_distance, style_distance, LpipsDistance("alexnet")):
        assert distance(targets, targets) == 0
        assert distance(features, targets) > 0


def test_compared_features_weigh_alike_in_every_layer(alexnet):
    _, image, _ = pictures(side=64)
    for target in alexnet.compare(image, image)[1]:
        assert target.mean() == pytest.approx(1, abs=1e-4)


def test_lpips_is_the_metrics_own(alexnet):
    out, image, _ = pictures(side=64)
    expected = metrics.Lpips().batch(out, image).mean().item()
    assert LpipsDistance("alexnet")(*alexnet.compare(out, image)) == pytest.approx(expected, 1e-3)


def test_the_psnr_term_falls_as_the_holes_psnr_rises():
    out, image, mask = pictures()
    inside = mask.expand_as(out) > 0
    mse = (out - image)[inside].reshape(2, -1).square().mean(1)
    assert hole_log_mse(out, image, mask).item() == pytest.approx(mse.log().mean().item(), abs=1e-3)
    # Halving every error is worth 6 dB, whatever it was.
    halved = hole_log_mse((out + image) / 2, image, mask) - hole_log_mse(out, image, mask)
    assert halved.item() * 10 / math.log(10) == pytest.approx(-6.02, abs=0.02)


def test_style_does_not_see_where_and_the_perceptual_distance_does():
    first, second = torch.rand(1, 4, 8, 8), torch.rand(1, 4, 8, 8)
    moved = [f.flip(3) for f in (first, second)]
    assert style_distance(moved, [first, second]) == pytest.approx(0, abs=1e-6)
    assert perceptual_distance(moved, [first, second]) > 0.1


def test_terms_of_weight_zero_are_left_out():
    out, image, mask = pictures()
    loss = ReconstructionLoss(LossConfig(hole_l1=2, known_l1=0))
    terms = loss(out, image, mask)
    assert list(terms) == ["hole_l1"]
    assert terms["hole_l1"] == pytest.approx(2 * masked_l1(out, image, mask).item())


def test_every_term_gives_the_hole_a_gradient(alexnet):
    out, image, mask = pictures(side=64)
    out.requires_grad_(True)
    config = LossConfig(perceptual=1, lpips=1, style=1, tv=1, psnr=1, features="alexnet")
    features, targets = alexnet.compare(composite(image, mask, out), image)
    terms = ReconstructionLoss(config)(out, image, mask, features=features, targets=targets)
    assert len(terms) == 7
    for name, term in terms.items():
        (gradient,) = torch.autograd.grad(term, out, retain_graph=True)
        assert gradient.isfinite().all()
        inside = (gradient * mask).abs().sum() > 0
        assert inside == (name != "known_l1")


def test_a_missing_features_file_says_what_to_do():
    with pytest.raises(TrainingError, match=r"nowhere\.safetensors.*features_file"):
        FeatureNetwork("vgg16", "nowhere.safetensors")


def test_auxiliary_pictures_are_compared_at_their_own_size():
    image = torch.rand(2, 3, 16, 16)
    mask = torch.zeros(2, 1, 16, 16)
    mask[..., :8, :8] = 1
    small = torch.nn.functional.avg_pool2d(image, 4)
    assert auxiliary_l1([small, torch.nn.functional.avg_pool2d(image, 8)], image, mask) < 1e-6
    known = small.clone()
    known[..., 2:, 2:] += 1  # what lies outside the hole does not count
    assert auxiliary_l1([known], image, mask) < 1e-6
    assert auxiliary_l1([small + 0.25], image, mask) == pytest.approx(0.25, abs=1e-6)
