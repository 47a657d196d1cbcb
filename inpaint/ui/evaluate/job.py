"""Evaluating as a job: photos are damaged on purpose, filled by several methods, and compared."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from inpaint.environment import describe_environment
from inpaint.errors import InpaintError
from inpaint.evaluation import Evaluator, draw_masks
from inpaint.report import BUCKETS, Report, Row
from inpaint.ui.evaluate.order import Order
from inpaint.ui.evaluate.pictures import PhotoPictures, shrink
from inpaint.ui.restore import pictures
from inpaint.ui.restore.jobs import StoppedError
from inpaint.ui.state import State
from inpaint.whole_file import write_whole

_log = logging.getLogger(__name__)

_ARCHIVE = "photomend_evaluation.zip"


@dataclass(frozen=True)
class Progress:
    """done of total fills are made; photo: which is next. ahead: jobs that go first, 0 while it
    works."""

    done: int
    total: int
    photo: str
    ahead: int = 0


@dataclass(frozen=True)
class Outcome:
    """What was measured, stopped or not; photos: each hole's rows and pictures, in order; archive:
    the id of a zip with the report and the pictures."""

    order: Order
    report: Report
    photos: Sequence[tuple[list[Row], PhotoPictures]]
    archive: str
    stopped: bool


def evaluate_photos(
    state: State, order: Order, owner: str, tell: Callable[[Progress], object]
) -> Outcome:
    """Carry out an order, a turn in the line for each hole.

    tell: called while waiting, before each photo and after each fill; when it raises StoppedError,
    the photos done so far are the outcome, and without any it is raised. A photo that cannot be
    read or filled becomes rows with a reason. OrderError for an impossible order, MethodError and
    WeightsError for a model that cannot be had.
    """
    order.check()
    folder = state.files.make_folder()
    named = _take_over(order.photos, folder / "photos")
    holes = [name for name in named for _ in order.sizes]
    total = len(holes) * len(order.methods)
    done: list[tuple[list[Row], PhotoPictures]] = []
    stopped = False
    try:
        step = partial(_step, tell, 0, total, holes[0])
        with state.line.turn(lambda ahead, step=step: step(ahead=ahead)):
            step()
            evaluator = _make_evaluator(state, order, named)
        for number, name in enumerate(holes):
            step = partial(_step, tell, number * len(order.methods), total, name)
            place = folder / "pictures" / f"{number + 1:03}_{Path(name).stem}"
            kept = PhotoPictures(state.files, owner, place)
            with state.line.turn(lambda ahead, step=step: step(ahead=ahead)):
                step()
                done.append((_measure(evaluator, number, name, kept, step), kept))
    except StoppedError:
        if not done:
            raise
        stopped = True
    finally:
        shutil.rmtree(folder / "photos", ignore_errors=True)
    report = Report(
        rows=tuple(row for rows, _ in done for row in rows),
        environment=describe_environment(evaluator.device, evaluator.inpainters),
        settings={
            "masks": order.kind,
            "hole_size": order.size,
            "seed": order.seed,
            "methods": list(order.methods),
            "texture": True,
            "photos": len(named),
            "max_side": order.max_side,
        },
    )
    archive = _pack(folder, report, [kept.folder for _, kept in done])
    return Outcome(order, report, done, state.files.add(owner, archive), stopped)


def _take_over(photos: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Uploads by names that are safe to show, each its own, where they stay as long as the work
    takes: Gradio removes its own files after an hour."""
    folder.mkdir()
    named: dict[str, Path] = {}
    for path in photos:
        plain = Path(pictures.clean_name(path.name))
        name, number = plain.name, 1
        while name in named:
            number += 1
            name = f"{plain.stem} ({number}){plain.suffix}"
        named[name] = folder / str(len(named))
        with contextlib.suppress(OSError):  # if it has gone, its row says so
            _link(path, named[name])
    return named


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)


def _make_evaluator(state: State, order: Order, named: dict[str, Path]) -> Evaluator:
    from inpaint.methods.network import choose_device

    def read(name: Path) -> np.ndarray:
        data = named[str(name)].read_bytes()
        photo = pictures.read_photo(data, str(name), state.settings.max_pixels)
        return shrink(pictures.as_bytes(photo.pixels), order.max_side)

    # Holes of one photo follow each other, and the photo's number is what they are drawn from.
    draws = [draw_masks(order.kind, order.seed, BUCKETS.get(size)) for size in order.sizes]

    def find_mask(number: int, name: Path, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
        photo, size = divmod(number, len(draws))
        return draws[size](photo, name, shape)

    inpainters = {name: state.models.get(name) for name in order.methods}
    device = choose_device(state.settings.device)
    return Evaluator(inpainters, find_mask, device, read=read, explain=_explain)


def _step(
    tell: Callable[[Progress], object],
    before: int,
    total: int,
    photo: str,
    fills: int = 0,
    ahead: int = 0,
) -> None:
    tell(Progress(before + fills, total, photo, ahead))


def _measure(
    evaluator: Evaluator, number: int, name: str, kept: PhotoPictures, step: Callable[[int], None]
) -> list[Row]:
    def keep(row: Row, image: np.ndarray, hole: np.ndarray, filled: np.ndarray) -> None:
        kept.keep(row, image, hole, filled)
        step(len(kept.by_method))

    return evaluator((number, Path(name)), keep)


def _explain(error: Exception) -> str:
    """Words for the person; what nobody expected goes to the log as it is."""
    if isinstance(error, InpaintError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory for this photo."
    if isinstance(error, OSError):
        return "The photo is no longer in the app's memory. Please add it again."
    _log.error("a photo could not be evaluated", exc_info=error)
    return "Something went wrong here. The app's own window tells more."


def _pack(folder: Path, report: Report, photos: Sequence[Path]) -> Path:
    """A zip of the report and the photos' folders of pictures."""
    files = [*report.write(folder), *(path for photo in photos for path in sorted(photo.glob("*")))]

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:  # pictures are compressed already
            for path in files:
                archive.write(path, path.relative_to(folder).as_posix())

    return write_whole(folder / _ARCHIVE, write)
