"""How much of a network can go? The default, pruned to less and less, and trained further.

Every share is pruned from the same trained network by `train.prune`, measured as it is, trained
further on the same pictures, and measured again; the whole network is trained further as well,
so that training alone is not taken for a merit of pruning.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inpaint import weights
from inpaint.network import InpaintingNetwork, count_gmac, count_parameters
from train.compare.timing import SIDE, time_forward_passes
from train.experiments.result import Panel, Result
from train.parallel import Workers
from train.photos import check_photos, split
from train.preset import Preset, preset_of_weights
from train.prune import fine_tune, prune_weights
from train.run import RunFolder
from train.validation import Validator

NAME = "pruning"
QUESTION = "How much of a network can go?"
SHARES = (1.0, 0.75, 0.5, 0.3)
IMPORTANCE = "taylor"
WEIGHTS = "default"
_DEFAULTS = (
    "data.limit=1500",
    "optimiser.learning_rate=3e-4",
    "optimiser.warmup=160",
    "run.samples=1600",
    "run.validate_every=1600",
)


def run(sources: Sequence[str | Path], workers: Workers, overrides: Sequence[str] = ()) -> Result:
    """Prune, train and measure every share; times are of the CPU, against ResNet-50's."""
    preset = preset_of_weights(WEIGHTS, [*_DEFAULTS, *overrides])
    photos = check_photos(sources).photos
    seen, unseen = split(photos, preset.data.validation)
    judges = {
        "": Validator(unseen, preset.data.size, workers.device),
        ", training photos": Validator(seen[: len(unseen)], preset.data.size, workers.device),
    }
    outcomes, networks = [], {}
    with tempfile.TemporaryDirectory(prefix="photomend-") as folder:
        for share in SHARES:
            print(f"{NAME}: {share:.0%} of the multiply-adds", flush=True)
            files = _prune_and_train(Path(folder, str(share)), share, preset, workers, sources)
            trained = {
                stage: weights.load_network(path, str(workers.device))
                for stage, path in files.items()
            }
            network = trained["trained further"]
            figures: dict[str, Any] = {
                stage + whose: judge.measure(network)
                for stage, network in trained.items()
                for whose, judge in judges.items()
            }
            networks[str(share)] = network.cpu()
            outcomes.append(_describe(share, network, figures))
    for outcome, time in zip(outcomes, time_forward_passes(networks).values(), strict=True):
        outcome["time"] = time
    return Result(
        experiment=NAME,
        question=QUESTION,
        device=workers.device.type,
        outcomes=outcomes,
        table=_table(outcomes),
        panels=[
            Panel("share of the multiply-adds that is left", label, _curves(outcomes, key))
            for key, label in (("psnr_hole", "PSNR in the hole, dB"), ("lpips", "LPIPS"))
        ],
    )


def _prune_and_train(
    folder: Path, share: float, preset: Preset, workers: Workers, sources: Sequence[str | Path]
) -> dict[str, Path]:
    """The weights files before and after further training."""
    run = RunFolder(folder)
    run.create(preset)
    path = weights.find_weights(WEIGHTS)
    if share < 1:
        # Its gradients come from a run that never trains.
        path = prune_weights(WEIGHTS, share, IMPORTANCE, preset, run, workers, sources)
    if not fine_tune(path, preset, run, workers, sources):
        raise KeyboardInterrupt
    return {"pruned": path, "trained further": run.path / "weights.safetensors"}


def _describe(share: float, network: InpaintingNetwork, figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "share": share,
        "parameters": count_parameters(network),
        "gmac_512": count_gmac(network, SIDE),
        "figures": figures,
    }


def _table(outcomes: list[dict[str, Any]]) -> list[list[str]]:
    header = ["left", "parameters", f"GMAC at {SIDE}", "time / ResNet-50", "PSNR, pruned"]
    header += ["trained further", "training photos", "LPIPS, pruned", "trained further"]
    rows = []
    for o in outcomes:
        figures = o["figures"]
        pruned, trained = figures["pruned"], figures["trained further"]
        rows.append(
            [
                f"{o['share']:.0%}",
                f"{o['parameters']:,}",
                f"{o['gmac_512']:.2f}",
                f"{o['time']:.2f}",
                f"{pruned['psnr_hole']:.2f}",
                f"{trained['psnr_hole']:.2f}",
                f"{figures['trained further, training photos']['psnr_hole']:.2f}",
                f"{pruned['lpips']:.4f}",
                f"{trained['lpips']:.4f}",
            ]
        )
    return [header, *rows]


def _curves(outcomes: list[dict[str, Any]], key: str) -> dict[str, list[tuple[float, float]]]:
    return {
        name: [(o["share"], o["figures"][name][key]) for o in outcomes]
        for name in outcomes[0]["figures"]
    }
