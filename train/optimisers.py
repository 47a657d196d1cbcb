"""Optimisers by name, and schedules that count samples, so that batch sizes can differ."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from train.muon import Muon
from train.preset import OptimiserConfig


def create_optimiser(
    config: OptimiserConfig, parameters: Iterable[nn.Parameter], learning_rate: float
) -> torch.optim.Optimizer:
    """The configured optimiser; its rate is set at every step by `set_learning_rate`."""
    trainable = [p for p in parameters if p.requires_grad]
    if config.name == "sgd":
        return torch.optim.SGD(
            trainable,
            lr=learning_rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
        )
    if config.name == "muon":
        return Muon(trainable, learning_rate, betas=config.betas, weight_decay=config.weight_decay)
    kind = torch.optim.Adam if config.name == "adam" else torch.optim.AdamW
    fused = all(p.device.type in ("cuda", "cpu") for p in trainable)
    return kind(
        trainable,
        lr=learning_rate,
        betas=config.betas,
        weight_decay=config.weight_decay,
        fused=fused,
    )


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate


def schedule(config: OptimiserConfig, samples: int, total: int) -> float:
    """Share of the learning rate after `samples` of `total`: warm-up, plateau, decay.

    >>> schedule(OptimiserConfig(warmup=100, decay="constant"), 50, 1000)
    0.5
    """
    warm = min(1.0, samples / config.warmup) if config.warmup else 1.0
    begin = config.decay_from * total
    progress = min(1.0, max(0.0, (samples - begin) / max(total - begin, 1)))
    if config.decay == "cosine":
        share = config.floor + (1 - config.floor) * (1 + math.cos(math.pi * progress)) / 2
    elif config.decay == "step":
        share = 0.1 ** min(2, int(progress * 3))
    else:
        share = 1.0
    return warm * share


def ramp(samples: int, start: int, length: int) -> float:
    """0 until `start`, then rising linearly to 1 over `length` samples."""
    if samples < start:
        return 0.0
    return min(1.0, (samples - start) / length) if length else 1.0
