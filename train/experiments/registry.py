"""Experiments by name: those that are files, and those that are modules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from inpaint.errors import TrainingError
from inpaint.network.registry import nearest
from train.experiments import bits, pruning, shared_weights, variants
from train.experiments.result import Result
from train.parallel import Workers

_MODULES = {module.NAME: module for module in (bits, pruning, shared_weights)}


def list_experiments() -> dict[str, str]:
    """The question of each experiment, by its name."""
    questions = {name: variants.load_experiment(name).question for name in variants.list_files()}
    questions |= {name: module.QUESTION for name, module in _MODULES.items()}
    return dict(sorted(questions.items()))


def check_name(name: str) -> None:
    """TrainingError names the nearest."""
    names = list_experiments()
    if name not in names:
        raise TrainingError(
            f"no experiment {name!r}{nearest(name, names)} (there are: {', '.join(names)})"
        )


def run_experiment(
    name: str,
    sources: Sequence[str | Path],
    workers: Workers,
    overrides: Sequence[str] = (),
) -> Result:
    """Run one on the photos of `sources`. TrainingError says what is wrong with what."""
    check_name(name)
    if workers.world > 1:
        raise TrainingError("an experiment runs in one process, not under torchrun")
    if name in _MODULES:
        return _MODULES[name].run(sources, workers, overrides)
    return variants.run(name, sources, workers, overrides)
