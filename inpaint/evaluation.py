"""Photos x masks x methods -> a Report: damage photos on purpose, fill them, compare.

report = evaluate(find_photos("photos"), "everyday", ["default", "telea"])
print(report.table())
report.write("reports/first")
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint import metrics
from inpaint.cluster import map_on_cluster
from inpaint.environment import describe_environment
from inpaint.errors import InpaintError, MaskError, PhotoError
from inpaint.journal import Journal
from inpaint.mask_shapes import KINDS, random_mask
from inpaint.pairing import MaskFolder
from inpaint.places import as_place
from inpaint.report import Report, Row

if TYPE_CHECKING:
    from inpaint.inpainter import Inpainter

__all__ = ["Evaluator", "Report", "Row", "draw_masks", "evaluate", "measure_fill"]

# From a photo's number, path and size (height, width) to its hole and where that is from.
FindMask = Callable[[int, Path, tuple[int, int]], tuple[np.ndarray, str]]
# Called with a row, the photo, the hole and the photo filled.
Keep = Callable[[Row, np.ndarray, np.ndarray, np.ndarray], object]

_MOST_DRAWN = 300  # masks, in search of one of the wanted share


def evaluate(
    photos: Sequence[str | os.PathLike],
    masks: str | os.PathLike,
    methods: Sequence[str | os.PathLike],
    *,
    device: str = "auto",
    seed: int = 20240,
    texture: bool = True,
    cluster: str | None = None,
    journal: Journal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Fill every photo by every method and measure how near that is to the photo.

    `masks` is a kind of `inpaint.mask_shapes.KINDS`, drawn for photo number i from the seed
    [seed, i] (so the order of photos matters, their number does not), or a folder with a mask for
    every photo (see `inpaint.pairing`). `progress` is called with fills done and fills in all.
    `texture`: see `Inpainter`.
    `cluster`: the address of a Ray cluster that does the work (see `map_on_cluster`; paths must be
    absolute then). `journal`: keeps the rows as they come, and those that it has are not measured
    again.

    A photo that cannot be read, masked or filled becomes a row with an error for each method that
    it concerns. Raises MethodError and WeightsError for methods that do not exist, MaskError for
    masks that are neither a kind nor a folder, PhotoError where no photo is given.
    """
    if not photos:
        raise PhotoError("no photos to evaluate on")
    if not methods:
        raise InpaintError("no methods to evaluate")
    make = partial(_make_evaluator, masks, methods, device, seed, texture)
    evaluator = make()
    numbered = [(index, as_place(path)) for index, path in enumerate(photos)]
    environment = describe_environment(evaluator.device, evaluator.inpainters)
    settings = {
        "masks": str(masks),
        "seed": seed if masks in KINDS else None,
        "methods": list(evaluator.inpainters),
        "texture": texture,
        "photos": len(photos),
    }
    rows: dict[int, list[Row]] = {}
    if journal is not None:
        about = {**settings, "weights": environment["weights_sha256"]}
        rows = journal.open({**about, "names": [str(path) for _, path in numbered]})
    left = [(index, path) for index, path in numbered if index not in rows]
    done = len(rows) * len(methods)
    measured = map(evaluator, left) if not cluster else map_on_cluster(make, left, cluster)
    for (index, _), rows[index] in zip(left, measured):
        if journal is not None:
            journal.add(index, rows[index])
        for _ in rows[index]:
            done += 1
            if progress is not None:
                progress(done, len(photos) * len(methods))
    return Report(
        rows=tuple(row for index, _ in numbered for row in rows[index]),
        environment=environment,
        settings=settings,
    )


class Evaluator:
    """Measures photos, one at a time, by all methods.

    inpainters: by the names that rows call them. read: from a photo's path to uint8 H x W x 3.
    explain: from whatever spoils a photo to the row's words for it.
    """

    def __init__(
        self,
        inpainters: Mapping[str, Inpainter],
        find_mask: FindMask,
        device: str,
        *,
        read: Callable[[Path], np.ndarray] | None = None,
        explain: Callable[[Exception], str] | None = None,
    ) -> None:
        self.inpainters = dict(inpainters)
        self.device = device
        self._find_mask = find_mask
        self._read = read or _read
        self._explain = explain or _explain
        self._distance = metrics.Lpips(device)
        for inpainter in self.inpainters.values():
            _warm_up(inpainter)

    def __call__(self, numbered: tuple[int, Path], keep: Keep | None = None) -> list[Row]:
        """The rows of a photo, given as its number and its path, in the methods' order.

        keep: gets the pictures of each row without an error; what it raises is raised here.
        """
        index, path = numbered
        about: dict[str, Any] = {"photo": str(path)}
        try:
            image = self._read(path)
            about |= {"height": image.shape[0], "width": image.shape[1]}
            hole, about["mask"] = self._find_mask(index, path, image.shape[:2])
            about["hole_ratio"] = float(hole.mean())
        # Whatever goes wrong, hours of other photos should not be lost to it.
        except Exception as error:
            reason = self._explain(error)
            return [Row(method, error=reason, **about) for method in self.inpainters]
        rows = []
        for method, inpainter in self.inpainters.items():
            try:
                filled, figures = self._fill(inpainter, image, hole)
            except Exception as error:
                rows.append(Row(method, error=self._explain(error), **about))
                continue
            rows.append(Row(method, **about, **figures))
            if keep is not None:
                keep(rows[-1], image, hole, filled)
        return rows

    def _fill(
        self, inpainter: Inpainter, image: np.ndarray, hole: np.ndarray
    ) -> tuple[np.ndarray, dict[str, float | None]]:
        started = time.perf_counter()
        filled = inpainter.restore_array(image, hole)
        seconds = time.perf_counter() - started
        return filled, measure_fill(image, filled, hole, self._distance) | {"seconds": seconds}


def measure_fill(
    image: np.ndarray, filled: np.ndarray, hole: np.ndarray, distance: metrics.Lpips
) -> dict[str, float | None]:
    """A row's figures but its seconds: `filled` against `image`, both uint8 H x W x 3."""
    return {
        "psnr": metrics.psnr(image, filled),
        "psnr_hole": metrics.psnr(image, filled, hole),
        "ssim": metrics.ssim(image, filled),
        "lpips": distance(image, filled),
        "l1": metrics.l1(image, filled),
    }


def draw_masks(kind: str, seed: int, share: tuple[float, float] | None = None) -> FindMask:
    """Random masks: photo number i gets the one drawn from the seed [seed, i].

    share: what the hole takes of the photo, from and below; masks are drawn from that seed until
    one fits, and where none does, finding the mask raises MaskError. None: as the kind has it.
    """
    where = kind if share is None else f"{kind}, {share[0]:.0%} to {share[1]:.0%}"

    def draw(index: int, photo: Path, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
        rng = np.random.default_rng([seed, index])
        for _ in range(_MOST_DRAWN):
            mask = random_mask(kind, *shape, rng)
            if share is None or share[0] <= mask.mean() < share[1]:
                return mask, where
        raise MaskError(
            f"none of {_MOST_DRAWN} masks ({where}) fits a photo of {shape[1]} x {shape[0]} pixels"
        )

    return draw


def _make_evaluator(
    masks: str | os.PathLike,
    methods: Sequence[str | os.PathLike],
    device: str,
    seed: int,
    texture: bool,
) -> Evaluator:
    from inpaint.inpainter import Inpainter
    from inpaint.methods.network import choose_device

    find_mask = draw_masks(str(masks), seed) if masks in KINDS else _read_masks(masks)
    device = choose_device(device)
    inpainters = {str(method): Inpainter(method, device, texture=texture) for method in methods}
    return Evaluator(inpainters, find_mask, device)


def _read_masks(masks: str | os.PathLike) -> FindMask:
    folder = as_place(masks)
    if not folder.is_dir():
        raise MaskError(
            f"masks: {str(masks)!r} is neither a folder nor a kind ({', '.join(KINDS)})"
        )
    pairs = MaskFolder(folder)

    def read(index: int, photo: Path, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
        from inpaint.mask import check_hole, read_mask

        path = pairs.find(photo)
        hole = read_mask(path, shape)
        check_hole(hole)
        return hole, str(path)

    return read


def _read(path: str | os.PathLike) -> np.ndarray:
    from inpaint.photo import Photo

    pixels = Photo.read(path).pixels
    return pixels if pixels.dtype == np.uint8 else (pixels // 257).astype(np.uint8)


def _explain(error: Exception) -> str:
    kind = "" if isinstance(error, (InpaintError, OSError)) else f"{type(error).__name__}: "
    return f"{kind}{error}"


def _warm_up(inpainter: Inpainter) -> None:
    """Let a method load and choose its kernels, so that the first photo is timed like others."""
    image, hole = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), bool)
    hole[24:40, 24:40] = True
    inpainter.restore_array(image, hole)
