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


@pytest.mark.parametrize("name", ["adam", "adamw", "muon", "sgd"])
def test_every_optimiser_descends(name):
    x = torch.nn.Parameter(torch.tensor([2.0]))
    optimiser = create_optimiser(OptimiserConfig(name=name), [x], 0.05)
    for _ in range(200):
        optimiser.zero_grad()
        x.square().sum().backward()
        optimiser.step()
    assert x.abs() < 0.1


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


def trained(make, start: torch.Tensor, steps: int = 5) -> torch.Tensor:
    parameter = torch.nn.Parameter(start.clone())
    optimiser = make([parameter])
    for seed in range(steps):
        torch.manual_seed(seed)
        parameter.grad = torch.randn_like(parameter)
        optimiser.step()
    return parameter.detach()


@pytest.mark.parametrize("shape", [(7,), (6, 1, 3, 3), (6, 1, 16), (6, 4, 4)])
def test_muon_steps_what_is_no_matrix_as_adamw_does(shape):
    options = {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1}
    made = trained(lambda p: Muon(p, **options), torch.ones(shape))
    wanted = trained(lambda p: torch.optim.AdamW(p, **options), torch.ones(shape))
    torch.testing.assert_close(made, wanted)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has no Muon before 2.9")
def test_muon_steps_a_kernel_as_torch_steps_its_matrix():
    start = torch.ones(6, 5, 3, 3)
    made = trained(lambda p: Muon(p, lr=0.01, momentum=0.9, weight_decay=0.1), start)

    def theirs(parameters):  # whose steps are half as large
        return torch.optim.Muon(
            parameters, lr=0.02, momentum=0.9, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"
        )

    wanted = trained(theirs, start.flatten(1))
    assert (made.flatten(1) - wanted).norm() < 0.035 * (start.flatten(1) - wanted).norm()  # bf16
