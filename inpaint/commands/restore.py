"""`inpaint restore`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from inpaint.commands import error_line
from inpaint.errors import InpaintError, MaskError, PhotoError
from inpaint.formats import FORMATS
from inpaint.inpainter import Inpainter
from inpaint.pairing import MaskFolder, find_photos
from inpaint.photo import Photo
from inpaint.plan import Plan

_ENDING = "_restored"
_LONGEST_STEM = 255 - len(_ENDING) - len(".jpeg")
# Memory that is told even without --verbose.
_MUCH_MEMORY = 2e9


def run(arguments: argparse.Namespace) -> int:
    """Restore a photo (errors are raised), or a folder (1 if any photo of it failed)."""
    if arguments.photo.is_dir():
        return _restore_folder(arguments)
    photo = _read(arguments.photo, arguments)
    output = arguments.output
    if output is None:
        suffix = _suffix(photo, arguments.photo, arguments.format)
        output = arguments.photo.with_name(_shorten(arguments.photo.stem) + _ENDING + suffix)
    elif output.is_dir():
        suffix = _suffix(photo, arguments.photo, arguments.format)
        output = output / (arguments.photo.stem + suffix)
    elif output.suffix.lower() not in FORMATS:
        raise PhotoError(
            f"{output} is neither a folder that exists nor a file of a format that can be written "
            f"({' '.join(FORMATS)})"
        )
    elif arguments.format and _format(arguments.format) != FORMATS[output.suffix.lower()]:
        raise PhotoError(
            f"{output} is to be {FORMATS[output.suffix.lower()]} by its name and "
            f"{_format(arguments.format)} by --format; leave one of the two out"
        )
    mask = arguments.mask
    if mask.is_dir():
        mask = MaskFolder(mask).find(arguments.photo)
    _check_output(arguments.photo, mask, output, arguments.overwrite)
    if not output.parent.is_dir():
        raise PhotoError(f"{output.parent}: no such folder to write into")
    tell = partial(print, file=sys.stderr)
    print(_restore(_make_inpainter(arguments), photo, mask, output, arguments, tell))
    return 0


def _read(path: Path, arguments: argparse.Namespace) -> Photo:
    return Photo.read(path, max_pixels=arguments.max_pixels * 1e6)


def _make_inpainter(arguments: argparse.Namespace) -> Inpainter:
    memory = arguments.max_memory
    return Inpainter(
        arguments.method,
        device=arguments.device,
        runtime=arguments.runtime,
        max_memory=None if memory is None else memory * 1e9,
    )


def _suffix(photo: Photo, path: Path, asked: str | None) -> str:
    """The suffix of the photo's path, or one for the format asked for or one that is written."""
    suffixes = {name: suffix for suffix, name in reversed(FORMATS.items())}
    if asked is not None:
        target = _format(asked)
        own = FORMATS.get(path.suffix.lower()) == target
        return path.suffix if own else suffixes.get(target, ".png")
    if path.suffix.lower() in FORMATS:
        return path.suffix
    return suffixes.get(photo.format, ".png")


def _format(asked: str) -> str:
    """The format that --format means, as Pillow names it."""
    return FORMATS.get(f".{asked.lower()}", asked.upper())


def _shorten(stem: str) -> str:
    """So that the ending and a suffix still fit into the 255 bytes of a file's name."""
    return os.fsencode(stem)[:_LONGEST_STEM].decode(errors="ignore")


def _restore_folder(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm  # for one photo its import would be most of the waiting

    folder = arguments.photo.resolve()
    photos = find_photos(arguments.photo)
    output = arguments.output or folder.with_name(folder.name + _ENDING)
    if output.exists() and not output.is_dir():
        raise PhotoError(f"{output} is a file; restoring a folder needs a folder for its output")
    masks = MaskFolder(arguments.mask) if arguments.mask.is_dir() else None
    inpainter = _make_inpainter(arguments)
    tell = partial(tqdm.write, file=sys.stderr)
    failed = 0
    for path in tqdm(photos, unit="photo", disable=None):
        try:
            mask = arguments.mask if masks is None else masks.find(path)
            photo = _read(path, arguments)
            target = output / (path.stem + _suffix(photo, path, arguments.format))
            _check_output(path, mask, target, arguments.overwrite)
            output.mkdir(parents=True, exist_ok=True)
            written = _restore(inpainter, photo, mask, target, arguments, tell)
        # One photo's trouble, whatever it is, is not the others'.
        except Exception as error:
            failed += 1
            line = error_line(error)
            if not isinstance(error, (InpaintError, OSError, MemoryError)):
                line = f"{type(error).__name__}: {line}"
            name = "" if path.name in line else f"{path}: "
            tell(f"inpaint: {name}{line}")
        else:
            tqdm.write(str(written), file=sys.stdout)
    counts = f"{len(photos) - failed} of {len(photos)} photos restored"
    print(f"inpaint: {counts}{f', {failed} failed' if failed else ''}", file=sys.stderr)
    return 1 if failed else 0


def _restore(
    inpainter: Inpainter,
    photo: Photo,
    mask: Path,
    output: Path,
    arguments: argparse.Namespace,
    tell: Callable[[str], object],
) -> Path:
    def note(text: object) -> None:
        tell(f"inpaint: note: {photo.name}: {text}")

    def note_plan(plan: Plan) -> None:
        if arguments.verbose or plan.memory > _MUCH_MEMORY:
            note(plan)

    restored = inpainter.restore(
        photo,
        mask,
        invert=arguments.invert,
        turned=arguments.mask_turned,
        grow=arguments.grow,
        feather=arguments.feather,
        opaque=arguments.opaque,
        on_plan=note_plan,
    )
    if arguments.strip:
        restored = restored.without_metadata()
    # A PNG that is called beach.jpg stays one, unless a file's suffix asks for another format.
    asked = arguments.output == output
    own = photo.format if photo.format in FORMATS.values() and not asked else None
    encoded = restored.write(output, format=arguments.format or own, quality=arguments.quality)
    for notice in (*restored.notices, *encoded.describe()):
        note(notice)
    return output


def _check_output(photo: Path, mask: Path, output: Path, overwrite: bool) -> None:
    if mask.exists() and mask.samefile(photo):
        raise MaskError(f"{mask} is the photo itself; its mask is a picture of its own")
    if output.exists():
        for kept, what in ((photo, "photo"), (mask, "mask")):
            if kept.exists() and output.samefile(kept):
                raise PhotoError(f"{output} is the {what} itself, which is never overwritten")
        if not overwrite:
            raise PhotoError(f"{output} exists already (--overwrite replaces it)")
