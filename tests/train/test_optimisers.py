"""Schedules count samples; optimisers go by name."""

from __future__ import annotations

import pytest
import torch

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


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_every_optimiser_descends(name):
    x = torch.nn.Parameter(torch.tensor([2.0]))
    optimiser = create_optimiser(OptimiserConfig(name=name), [x], 0.05)
    for _ in range(200):
        optimiser.zero_grad()
        x.square().sum().backward()
        optimiser.step()
    assert x.abs() < 0.1
