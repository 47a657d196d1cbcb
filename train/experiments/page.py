"""README.md of a folder of experiments: each with its question, plot and table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inpaint.errors import TrainingError
from inpaint.whole_file import write_whole

_INTRODUCTION = """# Experiments

Small comparisons, minutes each on a CPU: one thing changes; photos, masks and seed stay. One run
each: they show which way an idea pulls at this scale, and a small difference may be chance. PSNR is
in the hole, over photos that were not trained on, and over as many that were; "when shifted": how
much a fill changes, in levels of 255, when photo and mask move by 1 to 4 pixels against the
network's strides.
"""


def write_page(folder: Path) -> Path:
    """Write README.md from the NAME.json in `folder`. TrainingError if one is not a result."""
    lines = [_INTRODUCTION]
    for path in sorted(folder.glob("*.json")):
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
            lines += [f"## {result['experiment']}", "", result["question"], ""]
            lines += [f"![{result['question']}]({path.stem}.webp)", ""]
            lines += [*table(result), ""]
            lines += [f"`python -m train.experiments {result['experiment']} --data PHOTOS`", ""]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{path}: not the result of an experiment ({error})") from error
    return write_whole(folder / "README.md", "\n".join(lines).encode())


def table(result: dict[str, Any]) -> list[str]:
    """An experiment's outcomes as Markdown."""
    outcomes = result["outcomes"]
    if "error_at_shift" in outcomes[0]:
        shifts = list(outcomes[0]["error_at_shift"])
        header = ["network", "parameters", *(f"error, hole {s} px away" for s in shifts)]
        rows = [
            [o["label"], f"{o['parameters']:,}"]
            + [f"{o['error_at_shift'][shift]:.1f}" for shift in shifts]
            for o in outcomes
        ]
    else:
        header = ["variant", "parameters", "GMAC at 256", "pictures seen"]
        header += ["PSNR", "LPIPS", "PSNR, training photos", "when shifted"]
        rows = [
            [
                o["label"],
                f"{o['parameters']:,}",
                f"{o['gmac_256']:.2f}",
                f"{o['samples']:,}",
                f"{o['validation']['psnr_hole']:.2f}",
                f"{o['validation']['lpips']:.4f}",
                f"{o['training']['psnr_hole']:.2f}",
                f"{o['shift_error']:.2f}",
            ]
            for o in outcomes
        ]
    rule = "|---|" + "---:|" * (len(header) - 1)
    return [_row(header), rule, *map(_row, rows)]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
