"""Photos on disk, restored into files: one, or a folder of them.

Of a folder a few are worked on at once, each in a thread of its own: while the network fills one,
the next is decoded and the last is encoded. Pillow, OpenCV, NumPy and the networks' runtimes
compute outside Python's lock. Or the photos are spread over a cluster's machines.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from inpaint.cluster import map_on_cluster
from inpaint.errors import InpaintError, MaskError, PhotoError, error_line
from inpaint.formats import FORMATS
from inpaint.inpainter import Inpainter
from inpaint.pairing import MaskFolder
from inpaint.photo import Photo
from inpaint.places import is_folder, is_same_file
from inpaint.plan import Plan

JOBS = 3  # photos at once: one decoded, one filled, one encoded
ENDING = "_restored"
_LONGEST_STEM = 255 - len(ENDING) - len(".jpeg")
# Memory that is told even where plans are not asked for.
_MUCH_MEMORY = 2e9

Note = Callable[[str], object]


@dataclass(frozen=True)
class FileOptions:
    """How each photo is restored (see Inpainter.restore) and written (see Photo.write).

    strip: without metadata. overwrite: replaces a result that is there; resume: takes it for done.
    max_pixels: photos of more are refused. tell_plan: a note before each, of windows and memory.
    """

    invert: bool = False
    turned: bool = False
    opaque: bool = False
    grow: int = 0
    feather: float = 0.0
    format: str | None = None
    quality: int | None = None
    strip: bool = False
    overwrite: bool = False
    resume: bool = False
    max_pixels: float = 200e6
    tell_plan: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a photo: the file written, or that was there already, or why there is none."""

    photo: Path
    written: Path | None = None
    was_there: bool = False
    error: str = ""


def restore_file(
    inpainter: Inpainter,
    photo: Path,
    mask: Path,
    output: Path | None,
    options: FileOptions,
    note: Note,
) -> Outcome:
    """Restore one photo into the file `output`, or into that folder under its own name; None is
    PHOTO_restored beside it.

    The photo's own format stays unless the options or the suffix of `output` say otherwise.
    note: called with what may be wrong, or is good to know. Neither photo nor mask is ever
    overwritten. PhotoError, MaskError, MethodError or OSError says what is wrong.
    """
    read = Photo.read(photo, max_pixels=options.max_pixels)
    if output is None:
        target = photo.with_name(_name(read, photo, options.format, ENDING))
    elif is_folder(output):
        target = output / _name(read, photo, options.format)
    else:
        target = output
    return _restore(inpainter, photo, read, mask, target, options, note, asked=target == output)


def restore_files(
    inpainter: Inpainter,
    photos: Sequence[Path],
    masks: Path | MaskFolder,
    folder: Path,
    options: FileOptions,
    note: Callable[[Path, str], object],
    jobs: int = JOBS,
) -> Iterator[Outcome]:
    """Restore photos into a folder, `jobs` of them at once; outcomes come in the photos' order.

    masks: one for all, or where each has its own. One photo's trouble, whatever it is, is not the
    others': it is its outcome's `error`.
    """
    restore_one = FolderRestorer(inpainter, masks, folder, options, find_clashes(photos, options))
    with ThreadPoolExecutor(jobs, "restore") as pool:
        waiting: deque[Future[Outcome]] = deque()
        try:
            for photo in photos:
                waiting.append(pool.submit(restore_one, photo, partial(note, photo)))
                if len(waiting) > jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # stopped: those that have begun are finished
            pool.shutdown(cancel_futures=True)


def restore_on_cluster(
    make_inpainter: Callable[[], Inpainter],
    photos: Sequence[Path],
    masks: Path | MaskFolder,
    folder: Path,
    options: FileOptions,
    note: Callable[[Path, str], object],
    address: str,
) -> Iterator[Outcome]:
    """The same by the workers of a Ray cluster, see `map_on_cluster`; paths must be absolute.

    make_inpainter: called in each worker. Notes come with their photo's outcome.
    """
    clashes = find_clashes(photos, options)
    make = partial(_WorkersRestorer, make_inpainter, masks, folder, options, clashes)
    for outcome, notes in map_on_cluster(make, photos, address):
        for text in notes:
            note(outcome.photo, text)
        yield outcome


class _WorkersRestorer:
    def __init__(self, make_inpainter: Callable[[], Inpainter], *rest: Any) -> None:
        self._restore = FolderRestorer(make_inpainter(), *rest)

    def __call__(self, photo: Path) -> tuple[Outcome, list[str]]:
        notes: list[str] = []
        return self._restore(photo, notes.append), notes


@dataclass(frozen=True)
class FolderRestorer:
    """Restores one photo after the other into a folder; errors become outcomes."""

    inpainter: Inpainter
    masks: Path | MaskFolder
    folder: Path
    options: FileOptions
    clashes: dict[Path, Path]

    def __call__(self, photo: Path, note: Note) -> Outcome:
        try:
            if photo in self.clashes:
                other = self.clashes[photo].name
                raise PhotoError(f"{photo}: its result would have the name of that of {other}")
            mask = self.masks
            if isinstance(mask, MaskFolder):
                mask = mask.find(photo)
            read = Photo.read(photo, max_pixels=self.options.max_pixels)
            target = self.folder / _name(read, photo, self.options.format)
            return _restore(self.inpainter, photo, read, mask, target, self.options, note)
        except Exception as error:
            return Outcome(photo, error=_explain(photo, error))


def find_clashes(photos: Sequence[Path], options: FileOptions) -> dict[Path, Path]:
    """Photos whose result would have the same name as that of one before them, which see."""
    first: dict[str, Path] = {}
    clashes = {}
    for photo in photos:
        # Of what cannot be written a PNG is made, unless the file is not what its name says.
        suffix = photo.suffix if photo.suffix.lower() in FORMATS else ".png"
        other = first.setdefault(photo.stem + ("" if options.format else suffix), photo)
        if other != photo:
            clashes[photo] = other
    return clashes


def _restore(
    inpainter: Inpainter,
    path: Path,
    photo: Photo,
    mask: Path,
    target: Path,
    options: FileOptions,
    note: Note,
    asked: bool = False,
) -> Outcome:
    """asked: the name of `target`, and so its format, was the user's choice."""
    if options.resume and target.exists():
        return Outcome(path, target, was_there=True)
    _check_target(path, mask, target, options.overwrite)

    def note_plan(plan: Plan) -> None:
        if options.tell_plan or plan.memory > _MUCH_MEMORY:
            note(str(plan))

    restored = inpainter.restore(
        photo,
        mask,
        invert=options.invert,
        turned=options.turned,
        grow=options.grow,
        feather=options.feather,
        opaque=options.opaque,
        on_plan=note_plan,
    )
    if options.strip:
        restored = restored.without_metadata()
    # A PNG that is called beach.jpg stays one, unless a file's suffix asks for another format.
    own = photo.format if photo.format in FORMATS.values() and not asked else None
    target.parent.mkdir(parents=True, exist_ok=True)
    encoded = restored.write(target, format=options.format or own, quality=options.quality)
    for notice in (*restored.notices, *encoded.describe()):
        note(notice)
    return Outcome(path, target)


def _name(photo: Photo, path: Path, format: str | None, ending: str = "") -> str:
    """A result's name: the photo's, with a suffix that says what will be written."""
    stem = os.fsencode(path.stem)[:_LONGEST_STEM].decode(errors="ignore") if ending else path.stem
    return stem + ending + _choose_suffix(photo, path, format)


def _choose_suffix(photo: Photo, path: Path, asked: str | None) -> str:
    """The suffix of the photo's path, or one for the format asked for or one that is written."""
    suffixes = {name: suffix for suffix, name in reversed(FORMATS.items())}
    if asked is not None:
        target = as_format(asked)
        own = FORMATS.get(path.suffix.lower()) == target
        return path.suffix if own else suffixes.get(target, ".png")
    if path.suffix.lower() in FORMATS:
        return path.suffix
    return suffixes.get(photo.format, ".png")


def as_format(name: str) -> str:
    """The format that a user means by "jpg" or "JPEG", as Pillow names it."""
    return FORMATS.get(f".{name.lower()}", name.upper())


def _check_target(photo: Path, mask: Path, target: Path, overwrite: bool) -> None:
    if is_same_file(mask, photo):
        raise MaskError(f"{mask} is the photo itself; its mask is a picture of its own")
    if target.exists():
        for kept, what in ((photo, "photo"), (mask, "mask")):
            if is_same_file(target, kept):
                raise PhotoError(f"{target} is the {what} itself, which is never overwritten")
        if not overwrite:
            raise PhotoError(
                f"{target} exists already (--overwrite replaces it, --resume leaves it)"
            )


def _explain(photo: Path, error: Exception) -> str:
    line = error_line(error)
    if not isinstance(error, (InpaintError, OSError, MemoryError)):
        line = f"{type(error).__name__}: {line}"
    return line if photo.name in line else f"{photo}: {line}"
