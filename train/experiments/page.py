"""README.md of a folder of experiments: each with its question, plot and table."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from inpaint.errors import TrainingError
from inpaint.whole_file import write_whole

_INTRODUCTION = """# Experiments

Small comparisons, minutes each on a CPU: photos, masks and seed stay, and what a variant changes
stands in its file, [train/experiments](../../train/experiments). One run
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
            lines += [*format_table(result["table"]), ""]
            if result.get("note"):
                lines += [result["note"], ""]
            lines += [f"`{_command(result)}`", ""]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{path}: not the result of an experiment ({error})") from error
    return write_whole(folder / "README.md", "\n".join(lines).encode())


def _command(result: dict[str, Any]) -> str:
    command = ["python", "-m", "train.experiments", result["experiment"], "--data", "PHOTOS"]
    for override in result.get("overrides", ()):
        command += ["--set", override]
    return shlex.join(command)


def format_table(table: list[list[str]]) -> list[str]:
    """A header and rows as Markdown."""
    header, *rows = (f"| {' | '.join(cells)} |" for cells in table)
    return [header, "|---|" + "---:|" * (len(table[0]) - 1), *rows]
