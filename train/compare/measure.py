"""One backbone: trained, or gone on with, and measured on the validation photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from inpaint import weights
from inpaint.errors import TrainingError
from inpaint.evaluation import evaluate
from inpaint.network import count_gmac, count_parameters
from train.compare.backbones import PRETRAINED, family_of
from train.compare.result import FIGURES, RESULT, Result, read_result
from train.loop import Training
from train.parallel import Workers
from train.preset import Preset, preset_from_dict
from train.run import RunFolder


def is_done(folder: Path, preset: Preset, photos: int) -> bool:
    """Whether the backbone in `folder` is finished.

    TrainingError if what lies there, finished or not, is of another protocol than is asked for.
    """
    asked = _protocol(preset, photos)
    done = (folder / RESULT).exists()
    if done:
        result = read_result(folder / RESULT)
        found = {key: getattr(result, key) for key in asked}
    elif _has_checkpoint(folder):
        found = _protocol(preset_from_dict(RunFolder(folder).preset()), photos)
    else:
        return False
    differing = [
        f"{key} {found[key]} instead of {value}"
        for key, value in asked.items()
        if found[key] not in (value, None)
    ]
    if differing:
        raise TrainingError(
            f"{folder} is of another protocol than asked for: {', '.join(differing)}; "
            "give another --output, or delete this folder"
        )
    return done


def _protocol(preset: Preset, photos: int) -> dict[str, int]:
    """What must be equal for all, by the names of Result."""
    run = preset.run
    samples = -(-run.samples // run.batch) * run.batch  # in whole steps
    return {"samples": samples, "size": preset.data.size, "seed": run.seed, "photos": photos}


def _has_checkpoint(folder: Path) -> bool:
    return any((folder / "checkpoints").glob("[0-9]*.pt"))


def train_and_measure(
    name: str,
    preset: Preset,
    folder: Path,
    workers: Workers,
    sources: Sequence[str],
    photos: Sequence[Path],
) -> Result:
    """Train one backbone to the end in `folder`, going on where it stopped, and measure it.

    KeyboardInterrupt if it was stopped; its checkpoint is then safe.
    """
    run = RunFolder(folder)
    resume = _has_checkpoint(folder)
    if resume:
        preset = preset_from_dict(run.preset())
    elif (folder / "checkpoints").exists():  # stopped before the first one: nothing to go on with
        preset.build_network()
        run.save_preset(preset)
    else:
        run.create(preset)
    training = Training(preset, run, workers, sources, resume=resume)
    if not training.fit():
        raise KeyboardInterrupt
    path = folder / "weights.safetensors"
    network = weights.load_network(path)
    card = weights.read_card(path)
    packed = weights.save_network(folder / "packed.safetensors", network, card, dtype="int8")
    # Without the texture that would hide how the networks differ.
    report = evaluate(photos, "everyday", [path], device=workers.device.type, texture=False)
    means = report.means()[str(path)]
    return Result(
        name=name,
        preset=family_of(name.removesuffix(PRETRAINED)),
        samples=training.trainer.samples,
        size=preset.data.size,
        device=workers.device.type,
        parameters=count_parameters(network),
        gmac_256=count_gmac(network, 256),
        gmac_512=count_gmac(network, 512),
        packed_bytes=packed.stat().st_size,
        photos=len(photos),
        figures={figure: means[figure] for figure in FIGURES},
        seed=preset.run.seed,
    )
