"""The adversary's losses, against values worked out by hand, and its schedule."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch

from train.adversary import (
    LOSSES,
    Adversary,
    feature_matching,
    hinge_fooling,
    hinge_loss,
    non_saturating_fooling,
    non_saturating_loss,
    r1_penalty,
)
from train.discriminators import FeatureDiscriminator, PatchDiscriminator
from train.parallel import Workers
from train.preset import AdversaryConfig, OptimiserConfig


def test_the_discriminator_answers_by_patches():
    torch.manual_seed(0)
    logits, features = PatchDiscriminator(8)(torch.rand(2, 3, 64, 64))
    assert [x.shape[:2] for x in logits] == [(2, 1)]
    assert [f.shape[1] for f in features] == [8, 16, 32, 64]


def test_the_discriminator_of_features_has_an_opinion_at_every_scale_that_it_is_given():
    torch.manual_seed(0)
    features = [torch.rand(2, c, s, s) for c, s in ((8, 32), (16, 16), (32, 8))]
    logits, _ = FeatureDiscriminator({1: 16, 2: 32}, width=4)(features)
    assert [x.shape for x in logits] == [(2, 1, 16, 16), (2, 1, 8, 8)]


def test_a_thin_hole_counts_at_coarse_places_as_far_as_it_covers_them():
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 5, :] = 1  # one row of eight: 4 x 4 places would miss it if sampled
    fake = torch.zeros(1, 1, 4, 4, requires_grad=True)
    non_saturating_loss([torch.zeros(1, 1, 4, 4)], [fake], mask).backward()
    towards_false = fake.grad[0, 0, 0, 0] - fake.grad[0, 0, 1, 0]
    assert towards_false.item() == pytest.approx(1 / 8 / 16)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["patch", "features"])
def test_the_adversary_learns_to_tell_and_pulls_the_network(kind, loss):
    torch.manual_seed(0)
    config = AdversaryConfig(kind=kind, loss=loss, weight=1, width=8, learning_rate=3e-3, ramp=0)
    workers = Workers(0, 1, torch.device("cpu"))
    adversary = Adversary(config, OptimiserConfig(), {0: 4, 1: 8}, workers, nullcontext)
    mask = torch.ones(4, 1, 32, 32)

    def view(level: float):
        if kind == "patch":
            return level + 0.1 * torch.rand(4, 3, 32, 32)
        return [level + 0.1 * torch.rand(4, c, s, s) for c, s in ((4, 16), (8, 8))]

    losses = [
        adversary.learn(view(0.8), view(0.2), mask, rate=1, penalised=True)["discriminator"].item()
        for _ in range(60)
    ]
    assert losses[-1] < losses[0] / 2
    (fooled,) = adversary.terms(view(0.8), view(0.8), mask, 0).values()
    (caught,) = adversary.terms(view(0.8), view(0.2), mask, 0).values()
    assert fooled < caught
    assert all(p.requires_grad for p in adversary.network.parameters())


def test_the_adversary_keeps_still_until_it_has_warmed_up():
    config = AdversaryConfig(weight=1, width=8, start=10, warmup=20, ramp=40)
    workers = Workers(0, 1, torch.device("cpu"))
    adversary = Adversary(config, OptimiserConfig(), {}, workers, nullcontext)
    assert [adversary.strength(n) for n in (0, 29, 50, 70, 100)] == [0, 0, 0.5, 1, 1]
    picture, mask = torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32)
    assert adversary.terms(picture, picture, mask, 20) == {}


def test_the_discriminators_loss_asks_for_true_outside_the_hole():
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :8] = 1
    real = torch.full((1, 1, 4, 4), 20.0)
    fake = torch.full((1, 1, 4, 4), 20.0)
    fake[..., :2] = -20
    assert non_saturating_loss([real], [fake], mask) < 1e-6
    assert non_saturating_loss([real], [-fake], mask) > 10


def test_smoothed_labels_keep_the_discriminator_from_being_sure():
    mask = torch.zeros(1, 1, 16, 16)

    def loss(logit: float) -> float:
        real = torch.full((1, 1, 4, 4), logit)
        return non_saturating_loss([real], [real], mask, 0.9).item()

    # The best answer to labels of 0.9 on real pictures is the logit of 0.9, not infinity.
    assert loss(2.2) < loss(8.0)
    sure = torch.full((1, 1, 4, 4), 8.0)
    unsure = sure / 4
    assert non_saturating_loss([sure], [sure], mask) < non_saturating_loss([unsure], [unsure], mask)


def test_the_generators_loss_looks_at_the_hole_only():
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :8] = 1
    logits = torch.full((1, 1, 4, 4), -20.0)
    logits[..., :2] = 20
    assert non_saturating_fooling([logits], mask) < 1e-6
    assert non_saturating_fooling([-logits], mask) == pytest.approx(20, abs=1e-3)


def test_the_hinge_asks_for_a_margin_on_the_hole_and_for_nothing_beside_it():
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :8] = 1
    real, fake = torch.full((1, 1, 4, 4), -7.0), torch.full((1, 1, 4, 4), 7.0)
    real[..., :2], fake[..., :2] = 1, -1
    assert hinge_loss([real], [fake], mask) == 0
    assert hinge_loss([real / 2], [fake / 2], mask) == pytest.approx(1)
    assert hinge_fooling([fake], mask) == pytest.approx(1)


@pytest.mark.parametrize("loss", LOSSES)
def test_pictures_without_a_hole_ask_nothing_of_the_network(loss):
    _, fooling = LOSSES[loss]
    assert fooling([torch.rand(1, 1, 4, 4)], torch.zeros(1, 1, 16, 16)) == 0


def test_feature_matching_is_a_mean_over_layers():
    zeros, ones = torch.zeros(1, 2, 4, 4), torch.ones(1, 2, 4, 4)
    assert feature_matching([ones, 3 * ones], [zeros, zeros]) == pytest.approx((1 + 9) / 2)


def test_r1_is_the_squared_gradient_of_the_summed_logits():
    class Linear(torch.nn.Module):
        def forward(self, x):
            return [3 * x.sum((1, 2, 3))], []

    assert r1_penalty(Linear(), torch.rand(2, 3, 5, 5)) == pytest.approx(9 * 75)
