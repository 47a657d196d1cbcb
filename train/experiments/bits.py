"""How few bits can a weight have? The kernels of `faithful`, rounded to fewer and fewer.

Each kernel has levels between minus its largest weight and plus: one step for each output channel,
as our int8 files have it, or one for the whole layer. Biases stay as they are. 8 bits and a step
for each channel are the file as it ships: what that costs is in docs/training-log.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import torch
from torch import Tensor

from inpaint import weights
from inpaint.network import InpaintingNetwork
from train.experiments.result import Panel, Result
from train.parallel import Workers
from train.photos import check_photos, split
from train.preset import preset_of_weights
from train.validation import Validator

NAME = "bits"
QUESTION = "How few bits can a weight have?"
BITS = (8, 6, 5, 4, 3, 2)
STEPS = ("one step a channel", "one step a layer")
WEIGHTS = "faithful"  # has 8 bits as it ships, a step for each channel


def quantise(value: Tensor, bits: int, step: str) -> Tensor:
    """A kernel, output channels first, rounded to 2**bits - 1 levels that are symmetric about 0.

    step: one of STEPS.
    """
    rows = value.reshape(len(value) if step == STEPS[0] else 1, -1)
    size = rows.abs().amax(1, keepdim=True).clamp_min(1e-12) / (2 ** (bits - 1) - 1)
    return ((rows / size).round() * size).reshape(value.shape)


def measure_bytes(network: InpaintingNetwork, bits: int, step: str) -> int:
    """Of the packed tensors: float32 steps, and float16 for all that is no kernel."""
    total = 0.0
    for value in network.parameters():
        if value.ndim > 1:
            steps = len(value) if step == STEPS[0] else 1
            total += value.numel() * bits / 8 + 4 * steps
        else:
            total += 2 * value.numel()
    return round(total)


def run(sources: Sequence[str | Path], workers: Workers, overrides: Sequence[str] = ()) -> Result:
    """Measure shipped weights at every number of bits, on photos that they were not trained on."""
    preset = preset_of_weights(WEIGHTS, overrides)
    photos = check_photos(sources).photos
    _, unseen = split(photos, preset.data.validation)
    validator = Validator(unseen, preset.data.size, workers.device)
    outcomes = []
    for step, bits in product(STEPS, BITS):
        network = weights.load_network(WEIGHTS, str(workers.device))
        with torch.no_grad():
            for value in network.parameters():
                if value.ndim > 1:
                    value.copy_(quantise(value, bits, step))
        figures = validator.measure(network)
        size = measure_bytes(network, bits, step)
        outcomes.append({"bits": bits, "step": step, "bytes": size, **figures})
        print(f"{bits} bits, {step}: {figures['psnr_hole']:.2f} dB", flush=True)
    header = ["bits", "", "megabytes", "PSNR", "LPIPS"]
    rows = [
        (
            str(o["bits"]),
            o["step"],
            f"{o['bytes'] / 1e6:.2f}",
            f"{o['psnr_hole']:.2f}",
            f"{o['lpips']:.4f}",
        )
        for o in outcomes
    ]
    return Result(
        experiment=NAME,
        question=QUESTION,
        device=workers.device.type,
        outcomes=outcomes,
        table=[header, *map(list, rows)],
        panels=[
            Panel("bits a weight", label, {step: _curve(outcomes, step, key) for step in STEPS})
            for key, label in (("psnr_hole", "PSNR in the hole, dB"), ("lpips", "LPIPS"))
        ],
    )


def _curve(outcomes: list[dict], step: str, key: str) -> list[tuple[float, float]]:
    return [(o["bits"], o[key]) for o in outcomes if o["step"] == step]
