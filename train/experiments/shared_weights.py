"""A fully connected layer against local connections with shared weights, at one budget.

On 32 x 32 patches whose hole always lies in the middle, two networks of the same number of
parameters learn to fill it: one sees all pixels at once through a hidden layer, the other looks
through a chain of 3x3 kernels that are the same everywhere. Then the hole moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from inpaint.network import count_parameters
from train.experiments.result import Panel, Result
from train.losses import masked_l1
from train.parallel import Workers
from train.photos import PhotosInMemory, check_photos, split
from train.preset import load_preset

NAME = "shared-weights"
QUESTION = "What do local connections and shared weights buy?"
_SIDE, _HOLE = 32, 12
_SHIFTS = (0, 2, 4, 8)
_DEFAULTS = (
    f"data.size={_SIDE}",
    "data.photo_side=64",
    "data.limit=1000",
    "data.validation=128",
    "run.samples=16000",
    "run.batch=32",
    "run.validate_every=1000",
)


class FullyConnected(nn.Sequential):
    """Every output from every input through 64 hidden values."""

    def __init__(self) -> None:
        super().__init__(
            nn.Flatten(),
            nn.Linear(4 * _SIDE**2, 64),
            nn.ReLU(),
            nn.Linear(64, 3 * _SIDE**2),
            nn.Unflatten(1, (3, _SIDE, _SIDE)),
        )


class Local(nn.Sequential):
    """Eight 3x3 convolutions, dilated so that the last sees the whole patch."""

    def __init__(self, width: int = 90) -> None:
        rates = (1, 2, 4, 8, 4, 2)
        layers: list[nn.Module] = [nn.Conv2d(4, width, 3, padding=1), nn.ReLU()]
        for rate in rates:
            layers += [nn.Conv2d(width, width, 3, padding=rate, dilation=rate), nn.ReLU()]
        super().__init__(*layers, nn.Conv2d(width, 3, 3, padding=1))


def run(sources: Sequence[str | Path], workers: Workers, overrides: Sequence[str] = ()) -> Result:
    """Train both kinds, and move the hole."""
    preset = load_preset("lesson", [*_DEFAULTS, *overrides])
    training, validation = split(check_photos(sources).photos, preset.data.validation)
    settings = {"seed": preset.run.seed, "device": workers.device}
    photos = PhotosInMemory(
        training[: preset.data.limit], preset.data, batch=preset.run.batch, **settings
    )
    unseen = PhotosInMemory(validation, preset.data, batch=len(validation), **settings).batch(0)
    outcomes, curves = [], {}
    for label, kind in (("fully connected", FullyConnected), ("3x3, shared", Local)):
        torch.manual_seed(preset.run.seed)
        network = kind().to(workers.device)
        optimiser = torch.optim.Adam(network.parameters(), 1e-3)
        curve = []
        mask = _mask(0, preset.run.batch, workers.device)
        for step in range(preset.run.samples // preset.run.batch):
            image = photos.batch(step).float() / 255
            optimiser.zero_grad()
            masked_l1(_fill(network, image, mask), image, mask).backward()
            optimiser.step()
            seen = (step + 1) * preset.run.batch
            if seen % preset.run.validate_every < preset.run.batch:
                curve.append((seen, _error(network, unseen, 0)))
        errors = {str(shift): _error(network, unseen, shift) for shift in _SHIFTS}
        outcomes.append(
            {"label": label, "parameters": count_parameters(network), "error_at_shift": errors}
        )
        curves[label] = curve
    baseline = {str(shift): _error(None, unseen, shift) for shift in _SHIFTS}
    outcomes.append(
        {"label": "mean of the known pixels", "parameters": 0, "error_at_shift": baseline}
    )
    header = ["network", "parameters", *(f"error, hole {shift} px away" for shift in _SHIFTS)]
    rows = [
        [o["label"], f"{o['parameters']:,}", *(f"{e:.1f}" for e in o["error_at_shift"].values())]
        for o in outcomes
    ]
    return Result(
        experiment=NAME,
        question=QUESTION,
        device=workers.device.type,
        outcomes=outcomes,
        table=[header, *rows],
        panels=[Panel("pictures seen", "mean error in the hole, levels of 255", curves)],
    )


def _fill(network: nn.Module | None, image: Tensor, mask: Tensor) -> Tensor:
    known = image * (1 - mask)
    mean = known.sum((2, 3), keepdim=True) / (1 - mask).sum((2, 3), keepdim=True)
    if network is None:
        return mean.expand_as(image)
    return mean + network(torch.cat((known - mean * (1 - mask), mask), 1))


@torch.inference_mode()
def _error(network: nn.Module | None, pictures: Tensor, shift: int) -> float:
    """Mean error in a hole that lies `shift` pixels right and down of the middle."""
    image = pictures.float() / 255
    mask = _mask(shift, len(image), image.device)
    return 255 * masked_l1(_fill(network, image, mask), image, mask).item()


def _mask(shift: int, count: int, device: torch.device) -> Tensor:
    mask = torch.zeros(count, 1, _SIDE, _SIDE, device=device)
    first = (_SIDE - _HOLE) // 2 + shift
    mask[..., first : first + _HOLE, first : first + _HOLE] = 1
    return mask
