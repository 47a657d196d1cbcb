"""The command `inpaint`: its arguments, and what becomes of its errors.

Every command is a module of `inpaint.commands` with `run(arguments) -> exit code`, imported when
it is called: so help and usage errors need neither torch nor OpenCV.

Exit codes: 0 all done, 1 some files failed (a line each on stderr), 2 nothing could be done (one
line on stderr), 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (without the program's name) and return its exit code.

    Raises SystemExit, as argparse does, for --help (0) and wrong usage (2).
    """
    arguments = build_parser().parse_args(argv)
    if hasattr(sys.stdout, "reconfigure"):
        # Paths may have letters that the terminal's encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    from inpaint.errors import InpaintError, error_line

    try:
        return importlib.import_module(f"inpaint.commands.{arguments.command}").run(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has gone, as in `inpaint models | head`: nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (InpaintError, OSError, MemoryError, RuntimeError) as error:
        # torch says by a RuntimeError that memory is short; any other is a defect of ours.
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        print(f"inpaint: {error_line(error)}", file=sys.stderr)
        return 2


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; the namespace it makes has the command's name in `command`."""
    parser = _Parser(
        prog="inpaint",
        description="Fill holes in photos: scratches, wires, dates, strangers.",
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_restore(commands)
    _add_evaluate(commands)
    _add_models(commands)
    _add_export(commands)
    _add_masks(commands)
    _add_app(commands)
    return parser


def _add_restore(commands: Any) -> None:
    parser = commands.add_parser(
        "restore",
        help="fill the masked parts of a photo, or of a folder of photos",
        description="Fill the masked parts of a photo, or of all photos of a folder, and write "
        "them in their own format with their metadata. The photo itself is never overwritten. "
        "Photos, masks and results may lie in buckets too: s3://bucket/folder, gs://..., and what "
        "else fsspec knows (needs photomend[buckets]).",
    )
    parser.add_argument("photo", type=_place, metavar="PHOTO|FOLDER")
    parser.add_argument(
        "-m",
        "--mask",
        type=_place,
        required=True,
        metavar="MASK|FOLDER",
        help="a picture as large as the photo, white where to fill; or a folder with masks of the "
        "photos' names (beach.png or beach_mask.png for beach.jpg). One mask serves a whole folder "
        "of photos of its size",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=_place,
        metavar="OUT",
        help="a file, or a folder that exists; for a folder of photos a folder, made if need be "
        "(default: PHOTO_restored, FOLDER_restored). The suffix of a file sets the format",
    )
    parser.add_argument(
        "--method",
        default="default",
        metavar="NAME|FILE",
        help="see `inpaint models`, or a weights file (default: %(default)s)",
    )
    _add_device(parser)
    parser.add_argument(
        "--runtime",
        default="auto",
        metavar="R",
        help="what runs a network: auto (the quickest for a few photos), torch, onnxruntime, or "
        "openvino (a little quicker for many, slower to start; needs photomend[openvino])",
    )
    parser.add_argument(
        "--grow",
        type=_number(int, 0),
        default=0,
        metavar="N",
        help="enlarge the mask by N pixels, against halos round a tight mask",
    )
    parser.add_argument(
        "--feather",
        type=_number(float, 0),
        default=0.0,
        metavar="N",
        help="blend the fill into the photo over N pixels, inside the mask",
    )
    parser.add_argument("--invert", action="store_true", help="the mask is black where to fill")
    parser.add_argument(
        "--mask-turned",
        action="store_true",
        help="the mask was drawn on the photo as it is stored, before its EXIF orientation",
    )
    parser.add_argument(
        "--opaque",
        action="store_true",
        help="transparent parts of the photo become opaque under the mask",
    )
    parser.add_argument(
        "--format",
        metavar="F",
        help="jpeg, png, webp, tiff, bmp, avif or heic (default: the photo's own)",
    )
    parser.add_argument(
        "--quality",
        type=_number(int, 1, 100),
        metavar="Q",
        help="1 to 100, for JPEG, WebP and their like. Without it a JPEG keeps all blocks that the "
        "mask does not meet, with it the whole photo is encoded again",
    )
    parser.add_argument(
        "--strip", action="store_true", help="leave EXIF, XMP, comments and the like out"
    )
    parser.add_argument(
        "--max-memory",
        type=_number(float, 0.001),
        metavar="GB",
        help="fill in less memory, large holes at a reduced size first",
    )
    parser.add_argument(
        "--max-pixels",
        type=_number(float, 0.001),
        default=200.0,
        metavar="MP",
        help="refuse photos of more megapixels; inf sets no limit (default: %(default)g)",
    )
    parser.add_argument(
        "--jobs",
        type=_number(int, 1),
        metavar="N",
        help="photos of a folder that are worked on at once (default: 3, with --max-memory 1)",
    )
    _add_cluster(parser)
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="say what will be computed in what memory"
    )
    parser.add_argument(
        "--resume", action="store_true", help="leave out photos whose result is there already"
    )
    _add_overwrite(parser)


def _add_evaluate(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure how well methods fill holes in your photos",
        description="Punch holes into photos, fill them by one or more methods, and compare with "
        "the photos: PSNR, SSIM, LPIPS, L1, on the whole and by the share of the hole.",
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO|FOLDER")
    parser.add_argument(
        "--masks",
        default="everyday",
        metavar="KIND|FOLDER",
        help="a kind of random masks (everyday, thin, medium, thick, ..., see `inpaint masks`) or "
        "a folder with masks of the photos' names (default: %(default)s)",
    )
    parser.add_argument(
        "--method",
        nargs="+",
        action="extend",
        dest="methods",
        metavar="NAME|FILE",
        help="one or more, see `inpaint models` (default: default telea)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=_local_path,
        metavar="FOLDER",
        help="write report.json and report.csv there, and what is measured as it comes",
    )
    _add_device(parser)
    _add_cluster(parser)
    _add_seed(parser)
    parser.add_argument(
        "--no-texture",
        dest="texture",
        action="store_false",
        help="networks by themselves: only holes above 60 pixels become texture of the photo",
    )
    parser.add_argument(
        "--limit", type=_number(int, 1), metavar="N", help="only the first N photos"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on where an evaluation into FOLDER was stopped"
    )
    _add_overwrite(parser)


def _add_models(commands: Any) -> None:
    parser = commands.add_parser(
        "models",
        help="list the methods that can be chosen",
        description="List the methods that --method takes; with a NAME, what is known of it.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME|FILE")
    parser.add_argument(
        "--summary",
        action="store_true",
        help="by layer: output size, kernel, stride, receptive field, parameters, multiply-adds; "
        "NAME may also be any encoder, such as vgg16",
    )
    parser.add_argument(
        "--size",
        type=_number(int, 1, 4096),
        default=256,
        metavar="N",
        help="of the picture that the summary counts for, N x N (default: %(default)s)",
    )
    parser.add_argument(
        "--stride",
        type=int,
        metavar="N",
        help="with --summary: NAME is an encoder, cut where its maps are 1/N of the picture's side "
        "(default: where the app's networks cut it)",
    )


def _add_export(commands: Any) -> None:
    parser = commands.add_parser(
        "export",
        help="write a network as an ONNX file",
        description="Write a network as one ONNX file for pictures of any size, compared with the "
        "original. Its inputs are image (1 x 3 x H x W, RGB from 0 to 1) and mask (1 x 1 x H x W, "
        "1 where to fill). --method takes it too.",
    )
    parser.add_argument("name", metavar="NAME|FILE")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="(default: NAME.onnx, NAME-int8.onnx)"
    )
    parser.add_argument("--format", choices=["onnx"], default="onnx", help="(default: onnx)")
    parser.add_argument(
        "--precision",
        choices=["fp32", "fp16", "int8"],
        default="fp32",
        help="fp16 is half as large, int8 a quarter; layers that int8 would harm stay fp32",
    )
    parser.add_argument(
        "--photos",
        nargs="+",
        metavar="PHOTO|FOLDER",
        help="for int8: photos of the kind that it will be used on, 16 are taken",
    )
    parser.add_argument(
        "--graph",
        action="store_true",
        help="without the weights: beside a weights file, as NAME.onnx, it makes restoring quicker",
    )
    _add_overwrite(parser)


def _add_masks(commands: Any) -> None:
    parser = commands.add_parser(
        "masks",
        help="draw random masks",
        description="Draw random masks and write them as PNG, white where to fill. They are those "
        "that `inpaint evaluate` draws for photos of that size by the same kind and seed.",
    )
    parser.add_argument(
        "kind",
        metavar="KIND",
        help="everyday, thin, medium, thick, lama, lama_small, comodgan, mat, mat_small, scratches",
    )
    parser.add_argument(
        "--size", type=_size, required=True, metavar="WxH", help="in pixels, such as 640x480"
    )
    parser.add_argument("--count", type=_number(int, 1), default=1, metavar="N")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    _add_seed(parser)
    _add_overwrite(parser)


def _add_app(commands: Any) -> None:
    parser = commands.add_parser(
        "app",
        help="open the web app",
        description="Serve the web app; the photos stay on this machine.",
    )
    from inpaint.ui.settings import add_arguments

    add_arguments(parser)


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        default="auto",
        metavar="D",
        help="auto, cpu, cuda, cuda:1, mps, ... (default: %(default)s)",
    )


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed",
        type=_number(int, 0),
        default=20240,
        metavar="N",
        help="of the random masks (default: %(default)s)",
    )


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="spread the photos over a Ray cluster: its address, auto for the one this machine is "
        "of, local for workers on this machine. All must see the files by the same paths",
    )


def _add_overwrite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist already")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage, which would hide it."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"photomend {version('photomend')}")
        except PackageNotFoundError:
            print("photomend (run from its source, not installed)")
        parser.exit()


def _number(kind: type, least: int, most: int | None = None) -> Any:
    """A parser of numbers that are at least `least` and, where that is given, at most `most`."""

    def parse(text: str) -> Any:
        try:
            number = kind(text)
        except ValueError:
            number = None
        # Not "number < least": that lets nan through.
        if number is None or not least <= number <= (float("inf") if most is None else most):
            what = "a whole number" if kind is int else "a number"
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise argparse.ArgumentTypeError(f"{text!r} is not {what} {limits}")
        return number

    return parse


def _place(text: str) -> Path:
    """A path or an address, see `inpaint.places`."""
    from inpaint.errors import InpaintError
    from inpaint.places import as_place

    try:
        return as_place(text)
    except InpaintError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _local_path(text: str) -> Path:
    if "://" in text:
        raise argparse.ArgumentTypeError(f"{text} is no folder on this machine")
    return Path(text)


def _size(text: str) -> tuple[int, int]:
    """Width and height from a text such as 640x480."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, such as 640x480")
    return int(width), int(height)


if __name__ == "__main__":
    sys.exit(main())
