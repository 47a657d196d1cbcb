"""python -m train: train a network on a folder of photos."""

from __future__ import annotations

import argparse
import sys
from operator import attrgetter
from pathlib import Path

from inpaint.errors import InpaintError

# What a checkpoint fits no other value of: a resumed run keeps it.
_FIXED = ("run.coarse_from", "network.coarse", "optimiser.name")


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Train an inpainting network. The result, RUN/weights.safetensors, works "
        "with: inpaint restore PHOTO --mask MASK --method RUN/weights.safetensors",
    )
    parser.add_argument("--data", nargs="+", metavar="PATH", help="folders or .tar files of photos")
    parser.add_argument("--preset", default="small", help="a recipe by name, or a .toml file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="change one value of the preset, e.g. run.batch=16 (repeatable)",
    )
    parser.add_argument("--masks", metavar="FOLDER", help="own masks, white = fill")
    parser.add_argument("--output", metavar="RUN", help="run folder (default: runs/PRESET)")
    parser.add_argument("--resume", metavar="RUN", help="continue the run in this folder")
    parser.add_argument("--minutes", type=float, help="stop after this time, with a checkpoint")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--list", action="store_true", help="list the presets and stop")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Exit codes: 0 trained to the end, 3 stopped before with a checkpoint, 2 an error."""
    arguments = parser().parse_args(argv)
    try:
        if arguments.list:
            return _list_presets()
        if not arguments.data:
            raise InpaintError("--data is missing: name a folder or .tar files of photos")
        return _train(arguments)
    except InpaintError as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _list_presets() -> int:
    from train.preset import list_presets, load_preset

    for name in list_presets():
        print(f"{name:12} {load_preset(name).description}")
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from train.loop import Training
    from train.parallel import join_workers, leave_workers
    from train.preset import load_preset, preset_from_dict
    from train.run import RunFolder

    if arguments.resume:
        run = RunFolder(arguments.resume)
        before = preset_from_dict(run.preset())
        preset = preset_from_dict(run.preset(), arguments.overrides)
        for key in _FIXED:
            if attrgetter(key)(preset) != attrgetter(key)(before):
                raise InpaintError(f"{key} stays what it was; begin a new run with run.start_from")
    else:
        preset = load_preset(arguments.preset, arguments.overrides)
        run = RunFolder(arguments.output or Path("runs") / Path(arguments.preset).stem)
    workers = join_workers(arguments.device)
    try:
        if preset.run.batch % workers.world:
            raise InpaintError(f"run.batch = {preset.run.batch} does not divide by {workers.world}")
        if workers.is_main and not arguments.resume:
            run.create(preset)
        training = Training(
            preset,
            run,
            workers,
            arguments.data,
            own_masks=arguments.masks,
            resume=bool(arguments.resume),
        )
        # Only now: a change that the checkpoint does not fit leaves the run as it was.
        if workers.is_main and arguments.overrides:
            run.save_preset(preset)
        done = training.fit(minutes=arguments.minutes)
    finally:
        leave_workers()
    if workers.is_main:
        state = "trained" if done else f"stopped; continue with --resume {run.path}"
        print(f"{state}: {run.path / 'weights.safetensors'}")
    return 0 if done else 3


if __name__ == "__main__":
    sys.exit(main())
