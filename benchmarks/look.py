"""Fills of real pixels, on sheets to be looked at: is there a grid, a seam, a wrong colour?

    python benchmarks/look.py PHOTOS --output FOLDER [--method default] [--side 512] [--limit 50]

The centre of each photo that is large enough gets an everyday mask (seeded) and is restored. A
sheet shows four of them in their own size, damaged on the left; figures of all are printed.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from inpaint import metrics
from inpaint.inpainter import Inpainter
from inpaint.mask_shapes import random_masks
from inpaint.pairing import find_photos
from inpaint.photo import Photo
from inpaint.whole_file import write_whole

_ROWS = 4  # of a sheet
_GAP = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--output", type=Path, required=True, help="folder of the sheets")
    parser.add_argument("--method", default="default")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--limit", type=int, default=50)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    inpainter, distance = Inpainter(arguments.method), metrics.Lpips()
    rows, figures = [], []
    crops = list(itertools.islice(_crops(arguments.photos, arguments.side), arguments.limit))
    if not crops or arguments.side < metrics.LPIPS_MIN_SIDE:
        parser.error(f"no photos of {arguments.side} pixels there, or too few pixels for LPIPS")
    for index, crop in enumerate(tqdm(crops, unit="photo", disable=None)):
        hole = random_masks([("everyday", [7, index])], *crop.shape[:2])[0]
        restored = inpainter.restore_array(crop, hole)
        figures.append((distance(restored, crop), metrics.psnr(restored, crop, hole)))
        damaged = np.where(hole[..., None], np.uint8(255), crop)
        rows.append(np.pad(np.hstack((damaged, restored)), ((0, _GAP), (0, 0), (0, 0))))
    for first in range(0, len(rows), _ROWS):
        sheet = Image.fromarray(np.concatenate(rows[first : first + _ROWS]))
        path = arguments.output / f"{first:04}.png"
        write_whole(path, lambda file, sheet=sheet: sheet.save(file, "PNG"))
    lpips, psnr = np.mean(figures, axis=0)
    print(f"{len(rows)} photos, {arguments.side} pixels: LPIPS {lpips:.4f}, hole-PSNR {psnr:.2f}")


def _crops(photos: Path, side: int) -> Iterator[np.ndarray]:
    for path in find_photos(photos):
        pixels = Photo.read(path).pixels
        if pixels.dtype == np.uint16:
            pixels = (pixels // 257).astype(np.uint8)
        top, left = ((length - side) // 2 for length in pixels.shape[:2])
        if min(top, left) >= 0:
            yield pixels[top : top + side, left : left + side]


if __name__ == "__main__":
    main()
