"""A hole of 300 pixels in a photo of 100 megapixels against the same hole in one of 1 megapixel.

    python benchmarks/any_size.py [--megapixels 100] [--repeats 5] [--format JPEG]

Prints the median times of reading, restoring and writing, the ratio of restoring (bar: at most
1.3), and the highest memory of a process that does all three on the large photo, against the
decoded photo x 3 + 1.2 GB.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from memory import peak_memory
from PIL import Image
from skimage import data

from inpaint import Inpainter, Photo

_HOLE = 300
Image.MAX_IMAGE_PIXELS = None  # the large photo is ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--method", default="default")
    parser.add_argument("--format", default="JPEG")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        _restore(arguments.memory_of, Inpainter(arguments.method))
        print(peak_memory())
        return
    with tempfile.TemporaryDirectory() as folder:
        large = _make(Path(folder, "large"), arguments.megapixels, arguments.format)
        small = _make(Path(folder, "small"), 1, arguments.format)
        inpainter = Inpainter(arguments.method)
        times = {path: [] for path in (small, large)}
        _restore(small, inpainter)  # the first run warms up
        for _ in range(arguments.repeats):
            for path, taken in times.items():
                taken.append(_restore(path, inpainter))
        medians = {
            path: [statistics.median(part) for part in zip(*taken, strict=True)]
            for path, taken in times.items()
        }
        for path, (read, restored, written) in medians.items():
            size = Image.open(path).size
            print(
                f"{size[0]} x {size[1]}: read {read:.2f} s, restored {restored:.2f} s, "
                f"written {written:.2f} s"
            )
        print(f"restoring, large over small: {medians[large][1] / medians[small][1]:.2f}")
        command = [sys.executable, __file__, "--memory-of", str(large)]
        done = subprocess.run(
            [*command, "--method", arguments.method], capture_output=True, text=True, check=True
        )
        decoded = np.prod(Image.open(large).size) * 3
        print(
            f"highest memory {int(done.stdout) / 1e9:.2f} GB; decoded photo x 3 + 1.2 GB is "
            f"{(3 * decoded + 1.2e9) / 1e9:.2f} GB"
        )


def _make(folder: Path, megapixels: float, format: str) -> Path:
    """A photo of about so many pixels, the same detail at any size: tiles of one."""
    folder.mkdir()
    tile = data.coffee()
    side = (megapixels * 1e6) ** 0.5
    repeats = [max(1, round(side / size)) for size in tile.shape[:2]]
    path = folder / f"photo.{format.lower()}"
    Image.fromarray(np.tile(tile, (*repeats, 1))).save(path, format)
    return path


def _restore(path: Path, inpainter: Inpainter) -> tuple[float, float, float]:
    """Seconds of reading, restoring, writing."""
    began = time.perf_counter()
    photo = Photo.read(path)
    hole = np.zeros((photo.height, photo.width), bool)
    hole[200 : 200 + _HOLE, 200 : 200 + _HOLE] = True  # with as much around it in both photos
    read = time.perf_counter()
    restored = inpainter.restore(photo, hole)
    done = time.perf_counter()
    restored.write(path.with_name("restored" + path.suffix))
    return read - began, done - read, time.perf_counter() - done


if __name__ == "__main__":
    main()
