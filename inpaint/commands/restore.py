"""`inpaint restore`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from inpaint.errors import PhotoError
from inpaint.formats import FORMATS
from inpaint.inpainter import Inpainter
from inpaint.pairing import MaskFolder, find_photos
from inpaint.places import is_folder, is_remote
from inpaint.restore_files import (
    ENDING,
    JOBS,
    FileOptions,
    as_format,
    restore_file,
    restore_files,
    restore_on_cluster,
)


def run(arguments: argparse.Namespace) -> int:
    """Restore a photo (errors are raised), or a folder (1 if any photo of it failed)."""
    options = FileOptions(
        invert=arguments.invert,
        turned=arguments.mask_turned,
        opaque=arguments.opaque,
        grow=arguments.grow,
        feather=arguments.feather,
        format=arguments.format,
        quality=arguments.quality,
        strip=arguments.strip,
        overwrite=arguments.overwrite,
        resume=arguments.resume,
        max_pixels=arguments.max_pixels * 1e6,
        tell_plan=arguments.verbose,
    )
    if arguments.cluster:  # whose workers do not stand in this folder
        for name in ("photo", "mask", "output"):
            path = getattr(arguments, name)
            setattr(arguments, name, path and path.absolute())
        if Path(arguments.method).is_file():
            arguments.method = Path(arguments.method).absolute()
    if is_remote(arguments.photo) and not arguments.photo.exists():
        raise PhotoError(f"{arguments.photo}: no such file or folder")
    if arguments.photo.is_dir():
        return _restore_folder(arguments, options)
    return _restore_photo(arguments, options)


def _restore_photo(arguments: argparse.Namespace, options: FileOptions) -> int:
    photo, mask, output = arguments.photo, arguments.mask, arguments.output
    if output is not None and not is_folder(output):
        _check_name(output, options.format)
    if mask.is_dir():
        mask = MaskFolder(mask).find(photo)
    tell = partial(_tell_note, partial(print, file=sys.stderr), photo)
    outcome = restore_file(_make_inpainter(arguments), photo, mask, output, options, tell)
    if outcome.was_there:
        tell("restored before")
    print(outcome.written)
    return 0


def _restore_folder(arguments: argparse.Namespace, options: FileOptions) -> int:
    from tqdm import tqdm  # for one photo its import would be most of the waiting

    folder = arguments.photo.resolve()
    photos = find_photos(arguments.photo)
    output = arguments.output or folder.with_name(folder.name + ENDING)
    if is_remote(folder) and not folder.name and not arguments.output:
        raise PhotoError(f"{folder} is a whole bucket; say where to with --output")
    if output.exists() and not output.is_dir():
        raise PhotoError(f"{output} is a file; restoring a folder needs a folder for its output")
    masks = MaskFolder(arguments.mask) if arguments.mask.is_dir() else arguments.mask
    inpainter = _make_inpainter(arguments)
    tell = partial(tqdm.write, file=sys.stderr)
    note = partial(_tell_note, tell)
    if arguments.cluster:
        outcomes = restore_on_cluster(
            partial(_make_inpainter, arguments),
            photos,
            masks,
            output,
            options,
            note,
            arguments.cluster,
        )
    else:
        # A limit of memory is for each photo.
        jobs = 1 if arguments.max_memory else arguments.jobs or JOBS
        outcomes = restore_files(inpainter, photos, masks, output, options, note, jobs)
    failed = there = 0
    for outcome in tqdm(outcomes, total=len(photos), unit="photo", disable=None):
        if outcome.error:
            failed += 1
            tell(f"inpaint: {outcome.error}")
        else:
            there += outcome.was_there
            tqdm.write(str(outcome.written), file=sys.stdout)
    counts = f"{len(photos) - failed} of {len(photos)} photos restored"
    counts += f" ({there} before)" if there else ""
    print(f"inpaint: {counts}{f', {failed} failed' if failed else ''}", file=sys.stderr)
    return 1 if failed else 0


def _check_name(output: Path, format: str | None) -> None:
    """Whether a file of this name can be written at all, before anything is computed."""
    own = FORMATS.get(output.suffix.lower())
    if own is None:
        raise PhotoError(
            f"{output} is neither a folder that exists nor a file of a format that can be written "
            f"({' '.join(FORMATS)})"
        )
    if format and as_format(format) != own:
        raise PhotoError(
            f"{output} is to be {own} by its name and {as_format(format)} by --format; leave one "
            "of the two out"
        )
    if not is_remote(output) and not output.parent.is_dir():
        raise PhotoError(f"{output.parent}: no such folder to write into")


def _make_inpainter(arguments: argparse.Namespace) -> Inpainter:
    memory = arguments.max_memory
    return Inpainter(
        arguments.method,
        device=arguments.device,
        runtime=arguments.runtime,
        max_memory=None if memory is None else memory * 1e9,
    )


def _tell_note(tell: Callable[[str], object], photo: Path, text: str) -> None:
    tell(f"inpaint: note: {photo.name}: {text}")
