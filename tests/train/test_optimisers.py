"""Schedules count samples; optimisers go by name."""

from __future__ import annotations

import pytest
import torch

from train.muon import Muon, orthogonalise
from train.optimisers import create_optimiser, ramp, schedule
from train.preset import OptimiserConfig


@pytest.mark.parametrize(
    ("decay", "samples", "share"),
    [
        ("constant", 0, 0.0),
        ("constant", 50, 0.5),
        ("constant", 1000, 1.0),
        ("cosine", 500, 1.0),
        ("cosine", 750, 0.505),
        ("cosine", 1000, 0.01),
        ("step", 499, 1.0),
        ("step", 700, 0.1),
        ("step", 1000, 0.01),
    ],
)
def test_schedule(decay, samples, share):
    config = OptimiserConfig(warmup=100, decay=decay, decay_from=0.5, floor=0.01)
    assert schedule(config, samples, 1000) == pytest.approx(share)


def test_ramp_rises_once():
    assert [ramp(s, 100, 50) for s in (0, 99, 100, 125, 150, 999)] == [0, 0, 0, 0.5, 1, 1]
    assert ramp(100, 100, 0) == 1


@pytest.mark.parametrize("shape", [(1,), (3, 2, 3, 3)], ids=["vector", "kernel"])
@pytest.mark.parametrize("name", ["adam", "adamw", "muon", "sgd"])
def test_every_optimiser_descends(name, shape):
    x = torch.nn.Parameter(torch.full(shape, 2.0))
    optimiser = create_optimiser(OptimiserConfig(name=name), [x], 0.05)
    for _ in range(200):
        optimiser.zero_grad()
        x.square().sum().backward()
        optimiser.step()
    assert x.abs().max() < 0.5


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (8, 8)])
def test_orthogonalise_evens_out_the_singular_values(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    made = orthogonalise(matrix)
    assert made.dtype == matrix.dtype
    strengths = torch.linalg.svdvals(made)
    assert strengths.min() > 0.6
    assert strengths.max() < 1.3
    likeness = (made * (u @ v)).sum() / made.norm() / (u @ v).norm()
    assert likeness > 0.97


def test_muon_steps_are_as_large_as_the_rate_says_whatever_the_gradient():
    kernel = torch.nn.Parameter(torch.zeros(16, 8, 3, 3))
    for scale in (1e-4, 1e4):
        before = kernel.detach().clone()
        gradient = torch.randn(kernel.shape, generator=torch.Generator().manual_seed(1))
        kernel.grad = scale * gradient
        Muon([kernel], lr=0.01).step()
        step = kernel.detach() - before
        assert 0.002 < step.square().mean().sqrt() < 0.006  # 0.4 of the rate, roughly
        assert (step * gradient).sum() < 0


def test_muon_goes_on_from_its_state():
    def make():
        torch.manual_seed(0)
        net = torch.nn.Conv2d(3, 4, 3)
        return net, Muon(net.parameters(), lr=0.01)

    def step(net, optimiser, seed):
        picture = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
        net(picture).square().mean().backward()
        optimiser.step()
        optimiser.zero_grad()

    whole, one = make()
    for seed in range(4):
        step(whole, one, seed)
    begun, first = make()
    for seed in range(2):
        step(begun, first, seed)
    resumed, second = make()
    resumed.load_state_dict(begun.state_dict())
    second.load_state_dict(first.state_dict())
    for seed in range(2, 4):
        step(resumed, second, seed)
    assert torch.equal(resumed.weight, whole.weight)
    assert torch.equal(resumed.bias, whole.bias)
