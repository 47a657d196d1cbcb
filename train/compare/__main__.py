"""The command line of python -m train.compare."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from inpaint.errors import InpaintError, TrainingError, error_line
from inpaint.pairing import find_photos
from inpaint.whole_file import write_whole
from train.compare.backbones import choose_preset, expand, family_of
from train.compare.measure import is_done, train_and_measure
from train.compare.result import RESULT, read_results
from train.compare.table import write_table
from train.parallel import join_workers, leave_workers


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage, which would hide it."""
        self.exit(2, f"train.compare: {message} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m train.compare",
        description="Train every backbone on the same photos, masks, steps and seed; write a table",
    )
    parser.add_argument("--data", nargs="+", default=[], metavar="PATH", help="training photos")
    parser.add_argument("--validation", metavar="FOLDER", help="other photos, to measure on")
    parser.add_argument(
        "--photos", type=_count, default=100, help="how many of these (default 100)"
    )
    parser.add_argument(
        "--encoders", nargs="+", default=["families"], help="names, families or all"
    )
    parser.add_argument("--budget", type=_count, metavar="SAMPLES", help="pictures seen by each")
    parser.add_argument(
        "--pretrained",
        nargs="+",
        default=[],
        metavar="ENCODER=FILE",
        help="ImageNet weights; ENCODER+imagenet then starts from them",
    )
    parser.add_argument("--output", default="runs/compare", metavar="FOLDER")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--write", metavar="FOLDER", help="write backbones.md and .webp there")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Exit codes: 0 done, 2 an error, 130 interrupted; give the command again to go on."""
    arguments = parser().parse_args(argv)
    try:
        if int(os.environ.get("WORLD_SIZE", 1)) > 1:  # all would write into the same folders
            raise TrainingError("runs as one process only; start it without torchrun")
        if not arguments.data and not arguments.write:
            raise TrainingError("nothing to do: give --data PATH to train, --write FOLDER, or both")
        if arguments.data:
            _train_all(arguments)
        if arguments.write:
            if not arguments.validation:
                raise TrainingError("--write needs --validation FOLDER for its pictures")
            results = read_results(Path(arguments.output))
            if not results:
                raise TrainingError(f"{arguments.output}: nothing is finished there yet")
            photos = find_photos([arguments.validation])
            given = sys.argv[1:] if argv is None else argv
            command = shlex.join(["python", "-m", "train.compare", *given])
            for path in write_table(
                results, Path(arguments.output), photos, Path(arguments.write), command
            ):
                print(path)
    except InpaintError as error:
        print(f"train.compare: {error_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _train_all(arguments: argparse.Namespace) -> None:
    if not arguments.validation:
        raise TrainingError("--validation is missing: a folder of photos that are not trained on")
    photos = find_photos([arguments.validation])[: arguments.photos]
    pretrained = dict(_split_pair(text) for text in arguments.pretrained)
    overrides = list(arguments.overrides)
    if arguments.budget is not None:
        overrides.append(f"run.samples={arguments.budget}")
    names = expand(arguments.encoders, pretrained)
    presets = {name: choose_preset(name, pretrained, overrides) for name in names}
    output = Path(arguments.output)
    # All of them before the first is trained: a mistake should not show after hours.
    done = {name for name, p in presets.items() if is_done(output / name, p, len(photos))}
    workers = join_workers(arguments.device)
    try:
        for name, preset in presets.items():
            folder = output / name
            if name in done:
                print(f"{name}: done before")
                continue
            print(f"{name}: {preset.description}")
            result = train_and_measure(name, preset, folder, workers, arguments.data, photos)
            text = json.dumps(asdict(result), indent=2)
            write_whole(folder / RESULT, text.encode())
            print(f"{name}: " + ", ".join(f"{k} {v:.4f}" for k, v in result.figures.items()))
    finally:
        leave_workers()


def _split_pair(text: str) -> tuple[str, str]:
    encoder, equals, file = text.partition("=")
    if not equals:
        raise TrainingError(f"--pretrained {text}: expected ENCODER=FILE")
    family_of(encoder)
    if not Path(file).is_file():
        raise TrainingError(f"--pretrained {text}: there is no file {file!r}")
    return encoder, file


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, not {text!r}")
    return number


if __name__ == "__main__":
    sys.exit(main())
