"""python -m train.compare: every backbone under one protocol, and a table of them.

    python -m train.compare --data PHOTOS --validation OTHER_PHOTOS --encoders families
    python -m train.compare --encoders all --budget 100000 ...

Each encoder is trained in OUTPUT/NAME by its family's preset on the same photos, masks, steps and
seed, then measured on the validation photos. What is finished is not done again, and what was
interrupted goes on: the same command can be given for days. --write DOCS writes DOCS/backbones.md
and a grid of pictures from what is finished.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from inpaint import weights
from inpaint.errors import InpaintError, TrainingError
from inpaint.evaluation import evaluate
from inpaint.network import ENCODERS, count_gmac, count_parameters
from inpaint.network.registry import nearest
from inpaint.pairing import find_photos
from inpaint.whole_file import write_whole
from train.backbone_table import Result, write_table
from train.loop import Training
from train.parallel import Workers, join_workers, leave_workers
from train.preset import Preset, load_preset, preset_from_dict
from train.run import RunFolder

# The preset of each family, and the encoders that it is the preset for, the shipped one first.
FAMILIES = {
    "alexnet": ("alexnet",),
    "vgg": ("vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"),
    "googlenet": ("googlenet",),
    "inception": ("inception_v3",),
    "resnet": ("resnet18", "resnet34", "resnet50", "resnext50"),
    "densenet": ("densenet121",),
    "squeezenet": ("squeezenet1_1",),
    "mobilenet": ("mobilenet_v2", "mobilenet_v3_large"),
    "shufflenet": ("shufflenet_v2",),
    "backbone": ("light",),
}
FIGURES = ("psnr", "psnr_hole", "ssim", "lpips")
_PRETRAINED = "+imagenet"  # behind an encoder's name: starts from ImageNet weights
_RESULT = "result.json"


def family_of(encoder: str) -> str:
    """The preset that trains `encoder`. TrainingError if it is not known."""
    for preset, members in FAMILIES.items():
        if encoder in members:
            return preset
    hint = nearest(encoder, list(ENCODERS))
    raise TrainingError(f"no backbone {encoder!r}{hint} (there are: {', '.join(ENCODERS)})")


def expand(names: Sequence[str], pretrained: dict[str, str]) -> list[str]:
    """Backbones by name; "families" is one of each family, "all" is every one.

    Behind these two stand those that also start from the `pretrained` files.
    """
    chosen: list[str] = []
    for name in names:
        if name == "families":
            chosen += [members[0] for members in FAMILIES.values()]
        elif name == "all":
            chosen += [members[0] for members in FAMILIES.values()]
            chosen += [member for members in FAMILIES.values() for member in members[1:]]
        else:
            family_of(name.removesuffix(_PRETRAINED))
            chosen.append(name)
        if name in ("families", "all"):
            chosen += [encoder + _PRETRAINED for encoder in pretrained]
    return list(dict.fromkeys(chosen))


def choose_preset(name: str, pretrained: dict[str, str], overrides: Sequence[str]) -> Preset:
    """The family's preset for one backbone. TrainingError if its ImageNet weights are not given."""
    encoder = name.removesuffix(_PRETRAINED)
    values = load_preset(family_of(encoder)).to_dict()
    values["network"]["encoder"] = encoder
    if name != encoder:
        if encoder not in pretrained:
            raise TrainingError(f"{name}: give its weights with --pretrained {encoder}=FILE")
        options = values["network"]["encoder_options"] | {"pretrained": pretrained[encoder]}
        if encoder == "alexnet":
            options["lrn"] = False  # as these weights were trained
        values["network"]["encoder_options"] = options
    return preset_from_dict(values, overrides)


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
    resume = any((folder / "checkpoints").glob("[0-9]*.pt"))
    if resume:
        preset = preset_from_dict(run.preset())
    elif not (folder / "checkpoints").exists():
        run.create(preset)
    began = time.monotonic()
    training = Training(preset, run, workers, sources, resume=resume)
    if not training.fit():
        raise KeyboardInterrupt
    minutes = (time.monotonic() - began) / 60
    path = folder / "weights.safetensors"
    network = weights.load_network(path)
    card = weights.read_card(path)
    packed = weights.save_network(folder / "packed.safetensors", network, card, dtype="int8")
    report = evaluate(photos, "everyday", [path], device=workers.device.type)
    means = report.means()[str(path)]
    return Result(
        name=name,
        preset=family_of(name.removesuffix(_PRETRAINED)),
        samples=training.trainer.samples,
        size=preset.data.size,
        minutes=round(minutes, 1),
        device=workers.device.type,
        parameters=count_parameters(network),
        gmac_256=count_gmac(network, 256),
        gmac_512=count_gmac(network, 512),
        packed_bytes=packed.stat().st_size,
        photos=len(photos),
        figures={figure: means[figure] for figure in FIGURES},
    )


def read_results(output: Path) -> list[Result]:
    """The finished backbones, families first, then by name."""
    results = []
    for path in output.glob(f"*/{_RESULT}"):
        try:
            results.append(Result(**json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError) as error:
            raise TrainingError(f"{path}: not a result of train.compare ({error})") from error
    order = list(dict.fromkeys(m for members in FAMILIES.values() for m in members))
    return sorted(results, key=lambda r: (order.index(r.name.removesuffix(_PRETRAINED)), r.name))


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train.compare",
        description="Train every backbone on the same photos, masks, steps and seed; write a table",
    )
    parser.add_argument("--data", nargs="+", default=[], metavar="PATH", help="training photos")
    parser.add_argument("--validation", metavar="FOLDER", help="other photos, to measure on")
    parser.add_argument("--photos", type=int, default=100, help="how many of these (default 100)")
    parser.add_argument(
        "--encoders", nargs="+", default=["families"], help="names, families or all"
    )
    parser.add_argument("--budget", type=int, metavar="SAMPLES", help="pictures seen by each")
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
        if arguments.data:
            _train_all(arguments)
        if arguments.write:
            if not arguments.validation:
                raise TrainingError("--write needs --validation FOLDER for its pictures")
            results = read_results(Path(arguments.output))
            if not results:
                raise TrainingError(f"{arguments.output}: nothing is finished there yet")
            photos = find_photos([arguments.validation])
            command = "python -m train.compare " + " ".join(argv or sys.argv[1:])
            for path in write_table(
                results, Path(arguments.output), photos, Path(arguments.write), command
            ):
                print(path)
    except InpaintError as error:
        print(f"train.compare: {error}", file=sys.stderr)
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
    if arguments.budget:
        overrides.append(f"run.samples={arguments.budget}")
    names = expand(arguments.encoders, pretrained)
    presets = {name: choose_preset(name, pretrained, overrides) for name in names}
    workers = join_workers(arguments.device)
    try:
        for name, preset in presets.items():
            folder = Path(arguments.output) / name
            if (folder / _RESULT).exists():
                print(f"{name}: done before")
                continue
            print(f"{name}: {preset.description}")
            result = train_and_measure(name, preset, folder, workers, arguments.data, photos)
            text = json.dumps(asdict(result), indent=2)
            write_whole(folder / _RESULT, text.encode())
            print(f"{name}: " + ", ".join(f"{k} {v:.4f}" for k, v in result.figures.items()))
    finally:
        leave_workers()


def _split_pair(text: str) -> tuple[str, str]:
    encoder, equals, file = text.partition("=")
    if not equals:
        raise TrainingError(f"--pretrained {text}: expected ENCODER=FILE")
    family_of(encoder)
    return encoder, file


if __name__ == "__main__":
    sys.exit(main())
