"""Photos x masks x methods -> a Report: damage photos on purpose, fill them, compare.

report = evaluate(find_photos("photos"), "everyday", ["default", "telea"])
print(report.table())
report.write("reports/first")
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint import metrics
from inpaint.cluster import map_on_cluster
from inpaint.errors import InpaintError, MaskError, PhotoError
from inpaint.journal import Journal
from inpaint.mask_shapes import KINDS, random_mask
from inpaint.pairing import MaskFolder
from inpaint.places import as_place
from inpaint.report import Report, Row

if TYPE_CHECKING:
    from inpaint.inpainter import Inpainter

__all__ = ["Report", "Row", "evaluate"]

_PACKAGES = (
    "photomend",
    "numpy",
    "torch",
    "torchvision",
    "opencv-python",
    "opencv-python-headless",
    "pillow",
    "scikit-image",
    "lpips",
)


def evaluate(
    photos: Sequence[str | os.PathLike],
    masks: str | os.PathLike,
    methods: Sequence[str | os.PathLike],
    *,
    device: str = "auto",
    seed: int = 20240,
    cluster: str | None = None,
    journal: Journal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Fill every photo by every method and measure how near that is to the photo.

    `masks` is a kind of `inpaint.mask_shapes.KINDS`, drawn for photo number i from the seed
    [seed, i] (so the order of photos matters, their number does not), or a folder with a mask for
    every photo (see `inpaint.pairing`). `progress` is called with fills done and fills in all.
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
    make = partial(_Evaluator, masks, methods, device, seed)
    evaluator = make()
    numbered = [(index, as_place(path)) for index, path in enumerate(photos)]
    environment = _environment(evaluator.device, evaluator.inpainters)
    settings = {
        "masks": str(masks),
        "seed": seed if masks in KINDS else None,
        "methods": list(evaluator.inpainters),
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


class _Evaluator:
    """Rows of photos by their numbers, by all methods."""

    def __init__(
        self,
        masks: str | os.PathLike,
        methods: Sequence[str | os.PathLike],
        device: str,
        seed: int,
    ) -> None:
        from inpaint.inpainter import Inpainter
        from inpaint.methods.network import choose_device

        self._find_mask = _masks(masks, seed)
        self.device = choose_device(device)
        self.inpainters = {str(method): Inpainter(method, self.device) for method in methods}
        self._distance = metrics.Lpips(self.device)
        for inpainter in self.inpainters.values():
            _warm_up(inpainter)

    def __call__(self, numbered: tuple[int, Path]) -> list[Row]:
        index, path = numbered
        about: dict[str, Any] = {"photo": str(path)}
        try:
            image = _read(path)
            about |= {"height": image.shape[0], "width": image.shape[1]}
            hole, about["mask"] = self._find_mask(index, path, image.shape[:2])
            about["hole_ratio"] = float(hole.mean())
        except (InpaintError, OSError) as error:
            return [Row(method, error=str(error), **about) for method in self.inpainters]
        return [
            Row(method, **about, **_measure(inpainter, image, hole, self._distance))
            for method, inpainter in self.inpainters.items()
        ]


_FindMask = Callable[[int, Path, tuple[int, int]], tuple[np.ndarray, str]]


def _masks(masks: str | os.PathLike, seed: int) -> _FindMask:
    """A function from a photo's number, path and size to its hole and where that is from."""
    if masks in KINDS:
        kind = str(masks)

        def draw(index: int, photo: Path, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
            return random_mask(kind, *shape, np.random.default_rng([seed, index])), kind

        return draw
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


def _measure(
    inpainter: Inpainter, image: np.ndarray, hole: np.ndarray, distance: metrics.Lpips
) -> dict[str, Any]:
    try:
        started = time.perf_counter()
        filled = inpainter.restore_array(image, hole)
        seconds = time.perf_counter() - started
        return {
            "psnr": metrics.psnr(image, filled),
            "psnr_hole": metrics.psnr(image, filled, hole),
            "ssim": metrics.ssim(image, filled),
            "lpips": distance(image, filled),
            "l1": metrics.l1(image, filled),
            "seconds": seconds,
        }
    # Whatever a method stumbles over, hours of other photos should not be lost to it.
    except Exception as error:
        kind = "" if isinstance(error, InpaintError) else f"{type(error).__name__}: "
        return {"error": f"{kind}{error}"}


def _warm_up(inpainter: Inpainter) -> None:
    """Let a method load and choose its kernels, so that the first photo is timed like others."""
    image, hole = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), bool)
    hole[24:40, 24:40] = True
    inpainter.restore_array(image, hole)


def _environment(device: str, inpainters: dict[str, Inpainter]) -> dict[str, Any]:
    import torch

    from inpaint import weights
    from inpaint._opencv import cv2

    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "system": platform.platform(),
        "cpu": _cpu_name(),
        "cpu_cores": os.cpu_count(),
        "device": device,
        "gpu": torch.cuda.get_device_name(device) if device.startswith("cuda") else None,
        "threads": {"torch": torch.get_num_threads(), "opencv": cv2.getNumThreads()},
        "weights_sha256": {
            name: weights.sha256(inpainter.method.path)
            for name, inpainter in inpainters.items()
            if hasattr(inpainter.method, "path")
        },
    }


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
