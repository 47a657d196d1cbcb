"""Losses, against values worked out by hand and by other means."""

from __future__ import annotations

import pytest
import torch

from inpaint.errors import TrainingError
from train.adversary import (
    PatchDiscriminator,
    discriminator_loss,
    feature_matching,
    generator_loss,
    r1_penalty,
)
from train.losses import (
    FeatureNetwork,
    ReconstructionLoss,
    auxiliary_l1,
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
    same, other = alexnet(image), alexnet(out)
    for distance in (perceptual_distance, style_distance):
        assert distance(same, same) == 0
        assert distance(other, same) > 0


def test_style_does_not_see_where_and_the_perceptual_distance_does():
    first, second = torch.rand(1, 4, 8, 8), torch.rand(1, 4, 8, 8)
    moved = [f.flip(3) for f in (first, second)]
    assert style_distance(moved, [first, second]) == pytest.approx(0, abs=1e-6)
    assert perceptual_distance(moved, [first, second]) > 0.1


def test_terms_of_weight_zero_are_left_out():
    out, image, mask = pictures()
    loss = ReconstructionLoss(LossConfig(hole_l1=2, known_l1=0))
    assert loss.features is None
    terms = loss(out, image, mask)
    assert list(terms) == ["hole_l1"]
    assert terms["hole_l1"] == pytest.approx(2 * masked_l1(out, image, mask).item())


def test_every_term_gives_the_hole_a_gradient():
    out, image, mask = pictures(side=64)
    out.requires_grad_(True)
    config = LossConfig(perceptual=1, style=1, tv=1, features="alexnet", features_share=0.5)
    for name, term in ReconstructionLoss(config)(out, image, mask).items():
        (gradient,) = torch.autograd.grad(term, out, retain_graph=True)
        assert gradient.isfinite().all()
        inside = (gradient * mask).abs().sum() > 0
        assert inside == (name != "known_l1")


def test_a_missing_features_file_says_what_to_do():
    with pytest.raises(TrainingError, match=r"nowhere\.safetensors.*features_file"):
        FeatureNetwork("vgg16", "nowhere.safetensors")


def test_the_discriminator_answers_by_patches():
    torch.manual_seed(0)
    logits, features = PatchDiscriminator(8)(torch.rand(2, 3, 64, 64))
    assert logits.shape[:2] == (2, 1)
    assert [f.shape[1] for f in features] == [8, 16, 32, 64]


def test_the_discriminators_loss_asks_for_true_outside_the_hole():
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :8] = 1
    real = torch.full((1, 1, 4, 4), 20.0)
    fake = torch.full((1, 1, 4, 4), 20.0)
    fake[..., :2] = -20
    assert discriminator_loss(real, fake, mask) < 1e-6
    assert discriminator_loss(real, -fake, mask) > 10


def test_smoothed_labels_keep_the_discriminator_from_being_sure():
    mask = torch.zeros(1, 1, 16, 16)

    def loss(logit: float) -> float:
        real = torch.full((1, 1, 4, 4), logit)
        return discriminator_loss(real, real, mask, 0.9).item()

    # The best answer to labels of 0.9 on real pictures is the logit of 0.9, not infinity.
    assert loss(2.2) < loss(8.0)
    sure = torch.full((1, 1, 4, 4), 8.0)
    assert discriminator_loss(sure, sure, mask) < discriminator_loss(sure / 4, sure / 4, mask)


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


def test_the_generators_loss_looks_at_the_hole_only():
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :8] = 1
    logits = torch.full((1, 1, 4, 4), -20.0)
    logits[..., :2] = 20
    assert generator_loss(logits, mask) < 1e-6
    assert generator_loss(-logits, mask) == pytest.approx(20, abs=1e-3)


def test_feature_matching_is_a_mean_over_layers():
    zeros, ones = torch.zeros(1, 2, 4, 4), torch.ones(1, 2, 4, 4)
    assert feature_matching([ones, 3 * ones], [zeros, zeros]) == pytest.approx((1 + 9) / 2)


def test_r1_is_the_squared_gradient_of_the_summed_logits():
    class Linear(torch.nn.Module):
        def forward(self, x):
            return 3 * x.sum((1, 2, 3)), []

    assert r1_penalty(Linear(), torch.rand(2, 3, 5, 5)) == pytest.approx(9 * 75)
