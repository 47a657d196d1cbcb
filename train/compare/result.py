"""What one backbone came to, in OUTPUT/NAME/result.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inpaint.errors import TrainingError
from train.compare.backbones import FAMILIES, PRETRAINED
from train.preset import read_toml

RESULT = "result.json"
FIGURES = {"psnr": 2, "psnr_hole": 2, "ssim": 4, "lpips": 4}  # and the decimals shown


@dataclass(frozen=True)
class Result:
    """What one backbone came to; `packed_bytes` is its weights file's size in int8.

    `seed` is None where neither result.json nor preset.toml tells it.
    """

    name: str
    preset: str
    samples: int
    size: int
    device: str
    parameters: int
    gmac_256: float
    gmac_512: float
    packed_bytes: int
    photos: int
    figures: dict[str, float]
    seed: int | None = None

    @property
    def protocol(self) -> str:
        seed = "" if self.seed is None else f", seed {self.seed}"
        return f"{self.samples} samples of {self.size} pixels{seed}, {self.photos} photos"

    def cells(self, time_ratio: float) -> list[str]:
        """Its row of the table."""
        return [
            self.name,
            f"`{self.preset}`",
            f"{self.parameters / 1e6:.2f} M",
            f"{self.gmac_256:.2f}",
            f"{self.gmac_512:.1f}",
            f"{time_ratio:.2f}",
            f"{self.packed_bytes / 1e6:.2f}",
            figure_cells(self.figures),
        ]


def figure_cells(means: dict[str, float]) -> str:
    """The figures of a row, as the table has them."""
    return " | ".join(f"{means[name]:.{digits}f}" for name, digits in FIGURES.items())


def read_result(path: Path) -> Result:
    """A result.json of train.compare. TrainingError names the file and what is wrong with it."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        values.pop("minutes", None)  # in older ones, of the last leg only
        preset = path.with_name("preset.toml")
        if "seed" not in values and preset.is_file():
            values["seed"] = read_toml(preset)["run"]["seed"]
        result = Result(**values)
        result.cells(0.0)  # fails where a figure is missing or is no number
    except (OSError, ValueError, TypeError, AttributeError, LookupError) as error:
        raise TrainingError(
            f"{path}: not a result of train.compare ({error}); delete it to measure anew"
        ) from error
    if result.name != path.parent.name:
        raise TrainingError(f"{path}: is of {result.name!r}; its folder must have that name")
    return result


def read_results(output: Path) -> list[Result]:
    """The finished backbones, families first, then by name.

    TrainingError names the result.json that is not one, or that is of no backbone here.
    """
    results = []
    order = [member for members in FAMILIES.values() for member in members]
    for path in sorted(output.glob(f"*/{RESULT}")):
        result = read_result(path)
        if result.name.removesuffix(PRETRAINED) not in order:
            raise TrainingError(f"{path}: there is no backbone {result.name!r}; move it away")
        results.append(result)
    return sorted(results, key=lambda r: (order.index(r.name.removesuffix(PRETRAINED)), r.name))


def require_one_protocol(results: Sequence[Result], output: Path) -> None:
    groups: dict[str, list[str]] = {}
    known = [r.seed for r in results if r.seed is not None]
    for r in results:
        if r.seed is None and known:  # nobody can tell any more: with the others
            r = replace(r, seed=known[0])
        groups.setdefault(r.protocol, []).append(r.name)
    if len(groups) > 1:
        said = "; ".join(f"{', '.join(names)}: {how}" for how, names in groups.items())
        raise TrainingError(
            f"{output}: one table cannot hold results of different protocols ({said}); "
            "move some of these folders away, or give another --output"
        )
