"""python -m train.experiments: run one by name."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from inpaint.errors import InpaintError, TrainingError
from inpaint.whole_file import write_whole
from train.experiments import page
from train.experiments.plot import import_figure, plot
from train.experiments.registry import check_name, list_experiments, run_experiment
from train.parallel import Workers, join_workers, leave_workers


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train.experiments",
        description="Small, repeatable experiments: NAME.json and NAME.webp in --output",
    )
    parser.add_argument("name", nargs="?", help="see --list")
    parser.add_argument("--data", nargs="+", metavar="PATH", help="folders or .tar files of photos")
    parser.add_argument("--output", default="runs/experiments", metavar="FOLDER")
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
            for name, question in list_experiments().items():
                print(f"{name:16} {question}")
            return 0
        check_name(arguments.name)
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
    import_figure()  # said before minutes of training, not after
    result = run_experiment(name, sources, workers, overrides)
    print("\n".join(page.format_table(result.table)))
    output.mkdir(parents=True, exist_ok=True)
    kept = asdict(replace(result, panels=[]))  # which are the outcomes once more
    kept["overrides"] = list(overrides)
    print(write_whole(output / f"{name}.json", json.dumps(kept, indent=1).encode()))
    print(plot(output / f"{name}.webp", result.question, result.panels))
    print(page.write_page(output))


if __name__ == "__main__":
    sys.exit(main())
