"""python -m train.experiments: run one by name."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from inpaint.errors import InpaintError, TrainingError
from inpaint.network.registry import nearest
from inpaint.whole_file import write_whole
from train.experiments import page, shared_weights
from train.experiments.plot import plot_curves
from train.experiments.variants import (
    list_experiments,
    load_experiment,
    run_experiment,
)
from train.parallel import Workers, join_workers, leave_workers

_LABELS = {
    "psnr_hole": "PSNR in the hole, dB",
    "hole_l1": "mean error in the hole",
    "lpips": "LPIPS (lower is better)",
}


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train.experiments",
        description="Small, repeatable experiments: NAME.json and NAME.webp in --output",
    )
    parser.add_argument("name", nargs="?", help="see --list")
    parser.add_argument("--data", nargs="+", metavar="PATH", help="folders or .tar files of photos")
    parser.add_argument("--output", default="docs/experiments", metavar="FOLDER")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--list", action="store_true", help="list the experiments and stop")
    parser.add_argument("--page", action="store_true", help="only write the page of all again")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Exit codes: 0 done, 2 an error, 130 interrupted."""
    arguments = parser().parse_args(argv)
    try:
        if arguments.page:
            print(page.write_page(Path(arguments.output)))
            return 0
        if arguments.list or arguments.name is None:
            _list()
            return 0
        names = [*list_experiments(), shared_weights.NAME]
        if arguments.name not in names:
            raise TrainingError(
                f"no experiment {arguments.name!r}{nearest(arguments.name, names)} "
                f"(there are: {', '.join(names)})"
            )
        if not arguments.data:
            raise TrainingError("--data is missing: name a folder or .tar files of photos")
        workers = join_workers(arguments.device)
        try:
            run(
                arguments.name, arguments.data, Path(arguments.output), workers, arguments.overrides
            )
        finally:
            leave_workers()
    except InpaintError as error:
        print(f"train.experiments: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def run(
    name: str,
    sources: Sequence[str | Path],
    output: Path,
    workers: Workers,
    overrides: Sequence[str] = (),
) -> None:
    """Run one experiment; write NAME.json, NAME.webp and the page of all into `output`."""
    if name == shared_weights.NAME:
        result, curves, labels = shared_weights.run(sources, workers, overrides)
    else:
        experiment = load_experiment(name)
        outcomes = run_experiment(experiment, sources, workers, overrides)
        result = {
            "question": experiment.question,
            "measure": experiment.measure,
            "device": workers.device.type,
            "outcomes": [asdict(outcome) for outcome in outcomes],
        }
        curves = {outcome.label: outcome.curve for outcome in outcomes}
        labels = ("pictures seen", _LABELS.get(experiment.measure, experiment.measure))
    result = {"experiment": name, **result}
    print("\n".join(page.table(result)))
    output.mkdir(parents=True, exist_ok=True)
    print(write_whole(output / f"{name}.json", json.dumps(result, indent=1).encode()))
    x, y = labels
    print(plot_curves(output / f"{name}.webp", result["question"], curves, x=x, y=y))
    print(page.write_page(output))


def _list() -> None:
    for name in list_experiments():
        print(f"{name:16} {load_experiment(name).question}")
    print(f"{shared_weights.NAME:16} {shared_weights.QUESTION}")


if __name__ == "__main__":
    sys.exit(main())
