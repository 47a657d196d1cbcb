"""An experiment as a file: a preset, and variants that change one thing of it."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from inpaint.errors import TrainingError
from inpaint.network import InpaintingNetwork, composite, count_gmac, count_parameters
from inpaint.weights import load_network
from train.experiments.result import Panel, Result
from train.loop import Training
from train.parallel import Workers
from train.photos import PhotoFile, check_photos, split
from train.preset import Preset, load_preset, read_toml
from train.run import RunFolder
from train.validation import Validator

FOLDER = Path(__file__).parent
_SHIFTS = (1, 2, 3, 4)  # pixels
_HEADER = ["variant", "parameters", "GMAC at 256", "pictures seen", "PSNR", "LPIPS"]
_HEADER += ["PSNR, training photos", "when shifted"]
_LABELS = {
    "psnr_hole": "PSNR in the hole, dB",
    "hole_l1": "mean error in the hole",
    "lpips": "LPIPS (lower is better)",
}


@dataclass(frozen=True)
class Variant:
    """`set`: overrides of the preset; `after`: the variant whose layers it starts from."""

    label: str
    set: tuple[str, ...] = ()
    after: str = ""


@dataclass(frozen=True)
class Experiment:
    """A question, and the variants that answer it. `measure`: the figure of the plot;
    `note`: what one must know to read it."""

    name: str
    question: str
    preset: str
    variants: tuple[Variant, ...]
    set: tuple[str, ...] = ()
    measure: str = "psnr_hole"
    note: str = ""


@dataclass
class Outcome:
    """What a variant came to: `curve` is [samples, figure] along the way, the figures are means
    over the validation photos and, to compare, as many training photos."""

    label: str
    parameters: int
    gmac_256: float
    samples: int
    curve: list[tuple[int, float]]
    validation: dict[str, float]
    training: dict[str, float]
    shift_error: float

    def row(self) -> list[str]:
        return [
            self.label,
            f"{self.parameters:,}",
            f"{self.gmac_256:.2f}",
            f"{self.samples:,}",
            f"{self.validation['psnr_hole']:.2f}",
            f"{self.validation['lpips']:.4f}",
            f"{self.training['psnr_hole']:.2f}",
            f"{self.shift_error:.2f}",
        ]


def list_files() -> list[str]:
    """Names of the experiments that are files."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_experiment(name: str) -> Experiment:
    """The experiment of a name. TrainingError names what is wrong in its file."""
    path = FOLDER / f"{name}.toml"
    values = read_toml(path)
    try:
        variants = tuple(
            Variant(v["label"], tuple(v.get("set", ())), v.get("after", ""))
            for v in values.pop("variants")
        )
        values["set"] = tuple(values.get("set", ()))
        return Experiment(name=name, variants=variants, **values)
    except (KeyError, TypeError) as error:
        raise TrainingError(f"{path}: not an experiment ({error})") from error


def presets_of(experiment: Experiment, overrides: Sequence[str] = ()) -> dict[str, Preset]:
    """The preset of each variant by its label.

    TrainingError names a key that is wrong, or that is what the experiment compares (but for the
    run's own, by which it is made shorter).
    """
    for text in overrides:
        if text.startswith("run."):
            continue
        for variant in experiment.variants:
            for compared in variant.set:
                if _overlap(text, compared):
                    raise TrainingError(
                        f"{text}: {experiment.name} compares {compared.partition('=')[0]}"
                    )
    return {
        variant.label: load_preset(experiment.preset, [*experiment.set, *variant.set, *overrides])
        for variant in experiment.variants
    }


def _overlap(first: str, second: str) -> bool:
    """Whether two KEY=VALUE set the same key, or one a part of the other's."""
    keys = [text.partition("=")[0].split(".") for text in (first, second)]
    return all(a == b for a, b in zip(*keys))


def run(
    name: str,
    sources: Sequence[str | Path],
    workers: Workers,
    overrides: Sequence[str] = (),
) -> Result:
    """Train and measure every variant on the same photos, masks and seed."""
    experiment = load_experiment(name)
    presets = presets_of(experiment, overrides)
    photos = check_photos(sources).photos
    for preset in presets.values():
        if not split(photos, preset.data.validation)[1]:
            raise TrainingError("to measure on, it takes five photos, and data.validation above 0")
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="photomend-") as temporary:
        runs = {v.label: Path(temporary) / str(i) for i, v in enumerate(experiment.variants)}
        for variant in experiment.variants:
            preset = presets[variant.label]
            if variant.after:
                start = runs[variant.after] / "weights.safetensors"
                preset = load_preset(
                    experiment.preset,
                    [*experiment.set, *variant.set, *overrides, f"run.start_from={start}"],
                )
            print(f"{experiment.name}: {variant.label}", flush=True)
            run = RunFolder(runs[variant.label])
            run.create(preset)
            training = Training(preset, run, workers, sources)
            if not training.fit():
                raise KeyboardInterrupt
            outcomes.append(_measure(variant.label, preset, run, photos, experiment, workers))
    curves = {outcome.label: outcome.curve for outcome in outcomes}
    label = _LABELS.get(experiment.measure, experiment.measure)
    return Result(
        experiment=name,
        question=experiment.question,
        note=experiment.note,
        device=workers.device.type,
        outcomes=[asdict(outcome) for outcome in outcomes],
        table=[_HEADER, *(outcome.row() for outcome in outcomes)],
        panels=[Panel("pictures seen", label, curves)],
    )


def _measure(
    label: str,
    preset: Preset,
    run: RunFolder,
    photos: Sequence[PhotoFile],
    experiment: Experiment,
    workers: Workers,
) -> Outcome:
    network = load_network(run.path / "weights.safetensors", str(workers.device))
    training, validation = split(photos, preset.data.validation)
    seen = training[: preset.data.limit or None][: len(validation)]
    unseen = Validator(validation, preset.data.size, workers.device)
    return Outcome(
        label=label,
        parameters=count_parameters(network),
        gmac_256=count_gmac(network, 256),
        samples=preset.run.samples,
        curve=_read_curve(run.path / "log.csv", experiment.measure),
        validation=unseen.measure(network),
        training=Validator(seen, preset.data.size, workers.device).measure(network),
        shift_error=measure_shift_error(network, unseen.images, unseen.masks, workers.device),
    )


def _read_curve(path: Path, measure: str) -> list[tuple[int, float]]:
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = [r for r in rows if r["group"] == "validation" and r["name"] == measure]
    if not found:
        names = sorted({r["name"] for r in rows if r["group"] == "validation"})
        raise TrainingError(f"there is no figure {measure!r} (figures: {', '.join(names)})")
    return [(int(r["samples"]), float(r["value"])) for r in found]


@torch.inference_mode()
def measure_shift_error(
    network: InpaintingNetwork, images: torch.Tensor, masks: torch.Tensor, device: torch.device
) -> float:
    """Mean change of a fill, in levels of 255, when photo and mask move by 1 to 4 pixels.

    images: uint8 N x 3 x S x S; masks: bool N x 1 x S x S. The same crop is restored at both
    places, so that only its position differs from the network's grid of strides.
    """
    network.eval()
    image = images.to(device).float() / 255
    mask = masks.to(device).float()
    side = images.shape[-1] - max(_SHIFTS)
    errors = []
    for shift in _SHIFTS:
        moved = _restore(network, image, mask, shift, images.shape[-1])
        still = _restore(network, image, mask, 0, images.shape[-1])
        hole = mask[..., shift:side, shift:side]
        difference = moved[..., : side - shift, : side - shift] - still[..., shift:side, shift:side]
        share = hole.sum().clamp_min(1) * 3
        errors.append((difference.abs() * hole).sum() / share)
    return 255 * torch.stack(errors).mean().item()


def _restore(
    network: InpaintingNetwork,
    image: torch.Tensor,
    mask: torch.Tensor,
    shift: int,
    side: int,
) -> torch.Tensor:
    """The picture restored with `shift` rows and columns cut off before it."""
    image, mask = image[..., shift:side, shift:side], mask[..., shift:side, shift:side]
    return composite(image, mask, network(image, mask))
