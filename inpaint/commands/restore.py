"""`inpaint restore`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from inpaint.commands import error_line
from inpaint.errors import InpaintError, PhotoError
from inpaint.inpainter import Inpainter
from inpaint.pairing import MaskFolder, find_photos
from inpaint.photo import FORMATS, Photo

_ENDING = "_restored"


def run(arguments: argparse.Namespace) -> int:
    """Restore a photo (errors are raised), or a folder (1 if any photo of it failed)."""
    if arguments.photo.is_dir():
        return _restore_folder(arguments)
    photo = Photo.read(arguments.photo)
    output = arguments.output
    if output is None:
        path = arguments.photo
        output = path.with_name(path.stem + _ENDING + _suffix(photo, path))
    elif output.is_dir():
        output = output / (arguments.photo.stem + _suffix(photo, arguments.photo))
    elif output.suffix.lower() not in FORMATS:
        raise PhotoError(
            f"{output} is neither a folder that exists nor a file of a format that can be written "
            f"({' '.join(FORMATS)})"
        )
    _check_output(arguments.photo, output, arguments.overwrite)
    inpainter = Inpainter(arguments.method, device=arguments.device)
    mask = arguments.mask
    if mask.is_dir():
        mask = MaskFolder(mask).find(arguments.photo)
    print(_restore(inpainter, photo, mask, output, arguments))
    return 0


def _suffix(photo: Photo, path: Path) -> str:
    """The suffix of the photo's path, or one for a format that can be written."""
    if path.suffix.lower() in FORMATS:
        return path.suffix
    suffixes = {name: suffix for suffix, name in reversed(FORMATS.items())}
    return suffixes.get(photo.format, ".png")


def _restore_folder(arguments: argparse.Namespace) -> int:
    folder = arguments.photo.resolve()
    photos = find_photos(arguments.photo)
    output = arguments.output or folder.with_name(folder.name + _ENDING)
    if output.exists() and not output.is_dir():
        raise PhotoError(f"{output} is a file; restoring a folder needs a folder for its output")
    masks = MaskFolder(arguments.mask) if arguments.mask.is_dir() else None
    inpainter = Inpainter(arguments.method, device=arguments.device)
    failed = 0
    for path in tqdm(photos, unit="photo", disable=None):
        try:
            mask = arguments.mask if masks is None else masks.find(path)
            photo = Photo.read(path)
            target = output / (path.stem + _suffix(photo, path))
            _check_output(path, target, arguments.overwrite)
            output.mkdir(parents=True, exist_ok=True)
            written = _restore(inpainter, photo, mask, target, arguments)
        # One photo's trouble, whatever it is, is not the others'.
        except Exception as error:
            failed += 1
            line = error_line(error)
            if not isinstance(error, (InpaintError, OSError, MemoryError)):
                line = f"{type(error).__name__}: {line}"
            name = "" if path.name in line else f"{path}: "
            tqdm.write(f"inpaint: {name}{line}", file=sys.stderr)
        else:
            tqdm.write(str(written), file=sys.stdout)
    return 1 if failed else 0


def _restore(
    inpainter: Inpainter, photo: Photo, mask: Path, output: Path, arguments: argparse.Namespace
) -> Path:
    restored = inpainter.restore(photo, mask, grow=arguments.grow, feather=arguments.feather)
    # A PNG that is called beach.jpg stays one, unless a file's suffix asks for another format.
    asked = arguments.output == output
    own = photo.format if photo.format in FORMATS.values() and not asked else None
    written = restored.write(output, format=own, quality=arguments.quality)
    for notice in restored.notices:
        tqdm.write(f"inpaint: {photo.name}: {notice}", file=sys.stderr)
    return written


def _check_output(photo: Path, output: Path, overwrite: bool) -> None:
    if output.exists():
        if output.samefile(photo):
            raise PhotoError(f"{output} is the photo itself, which is never overwritten")
        if not overwrite:
            raise PhotoError(f"{output} exists already (--overwrite replaces it)")
