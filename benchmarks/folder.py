"""A folder of photos against the fills alone, and against the network alone.

    python benchmarks/folder.py [--photos 40] [--format JPEG] [--hole 96] [--jobs 1 3]

Photos of 1 megapixel with a small hole each are restored from files into files, as `inpaint
restore FOLDER` does it, several at once; then they are restored one after the other with nothing
to decode or encode, and then the network alone fills the windows that it was asked for. Prints
photos per second of all, medians of the rounds, and how fast that is beside the fills alone (bar:
above 0.85).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from inpaint import Inpainter
from inpaint.mask import read_mask
from inpaint.methods import fill_mirrored
from inpaint.pairing import MaskFolder
from inpaint.photo import Photo
from inpaint.restore_files import JOBS, FileOptions, restore_files

_SIZE = 1200, 832
_SOURCES = "astronaut", "chelsea", "coffee", "rocket"


class Recorder:
    """A method, and what it was called with."""

    def __init__(self, method) -> None:
        self.method, self.calls = method, []
        self.name, self.max_side = method.name, method.max_side
        self.max_thickness = getattr(method, "max_thickness", None)
        self.texture_from = getattr(method, "texture_from", None)

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        self.calls.append((image, hole))
        return self.method.fill(image, hole)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--hole", type=int, default=96, help="pixels across, of a disc")
    parser.add_argument("--format", default="JPEG")
    parser.add_argument("--method", default="default")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, JOBS])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos, masks = make_folder(Path(folder), arguments)
        inpainter = Inpainter(arguments.method)
        recorder = Recorder(inpainter.method)
        arrays = [read(photo, masks.find(photo)) for photo in photos]
        restore(Inpainter(recorder), photos, masks, 1)  # which also warms up
        taken: dict[str, list[float]] = {}
        for _ in range(arguments.rounds):
            began = time.perf_counter()
            for image, hole in recorder.calls:
                fill_mirrored(inpainter.method, image, hole)
            taken.setdefault("the network alone", []).append(time.perf_counter() - began)
            began = time.perf_counter()
            for image, hole in arrays:
                inpainter.restore_array(image, hole)
            taken.setdefault("the fills alone", []).append(time.perf_counter() - began)
            for jobs in arguments.jobs:
                began = time.perf_counter()
                restore(inpainter, photos, masks, jobs)
                name = f"files, {jobs} at once"
                taken.setdefault(name, []).append(time.perf_counter() - began)
    alone = statistics.median(taken["the fills alone"])
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        rate = len(photos) / median
        print(f"{name}: {rate:.1f} photos/s, {alone / median:.2f} of the fills alone")


def make_folder(folder: Path, arguments: argparse.Namespace) -> tuple[list[Path], MaskFolder]:
    photos, masks = folder / "photos", folder / "masks"
    for made in (photos, masks):
        made.mkdir()
    rng = np.random.default_rng(0)
    width, height = _SIZE
    y, x = np.mgrid[:height, :width]
    radius = arguments.hole / 2
    for index in range(arguments.photos):
        picture = getattr(data, _SOURCES[index % len(_SOURCES)])()
        image = Image.fromarray(picture).resize(_SIZE, Image.Resampling.LANCZOS)
        image.save(photos / f"{index}.{arguments.format.lower()}", arguments.format, quality=90)
        top, left = rng.uniform(radius, height - radius), rng.uniform(radius, width - radius)
        hole = np.hypot(y - top, x - left) < radius
        Image.fromarray(hole).save(masks / f"{index}.png")
    return sorted(photos.iterdir()), MaskFolder(masks)


def read(photo: Path, mask: Path) -> tuple[np.ndarray, np.ndarray]:
    pixels = Photo.read(photo).pixels
    return pixels, read_mask(mask, pixels.shape[:2])


def restore(inpainter: Inpainter, photos: list[Path], masks: MaskFolder, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as output:
        outcomes = restore_files(
            inpainter, photos, masks, Path(output), FileOptions(), lambda *_: None, jobs
        )
        for outcome in outcomes:
            if outcome.error:
                raise SystemExit(outcome.error)


if __name__ == "__main__":
    main()
