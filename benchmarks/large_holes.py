"""What is done beyond a network's fill where holes are thick, on photos of your own.

   python benchmarks/large_holes.py PHOTOS [--sides 100 240 600] [--method default]

A blob of that many pixels across is cut out of each photo at random (seeded) and filled three
ways: by the method in one go, shrunk to 256 pixels and enlarged, and as the Inpainter does it.
Printed are means: LPIPS in the window (lower is better), PSNR in the hole (higher is better),
the sharpness of the fill over that of its surroundings (standard deviation of the Laplacian; 1 is
as sharp), and how much the fill repeats itself: the highest correlation of its detail, deep in
the hole, with itself 8 or 16 pixels on. --context sees less around the blob than the Inpainter
would: a window where the hole takes more. --sheet writes a picture with a row for each photo.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint import metrics
from inpaint._opencv import cv2
from inpaint.depth import find_depth
from inpaint.known_pixels import enlarge, shrink_known
from inpaint.large_holes import fill_window
from inpaint.methods import create_method, fill_mirrored
from inpaint.pairing import find_photos
from inpaint.photo import Photo
from inpaint.window import find_windows

_SHOWN = 320
_DEEP = 16  # pixels from the hole's edge
_STEPS = ((0, 8), (8, 0), (8, 8), (8, -8), (0, 16), (16, 0))  # a network's strides


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[100, 240, 600])
    parser.add_argument("--method", default="default")
    parser.add_argument("--context", type=int, help="pixels around the blob")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    method, distance = create_method(arguments.method), metrics.Lpips()
    rows = []
    for side in arguments.sides:
        figures = defaultdict(list)
        shares, repeats = [], []
        for index, path in enumerate(find_photos(arguments.photos)[: arguments.limit]):
            photo = Photo.read(path).pixels
            if min(photo.shape[:2]) < 1.5 * side:
                continue
            truth, hole = _cut(photo, side, arguments.context, np.random.default_rng(index))
            shares.append(hole.mean())
            repeats.append(_repeats(truth, hole))
            fills = _fill(method, np.where(hole[..., None], np.float32(0), truth), hole)
            for name, fill in fills.items():
                result = np.where(hole[..., None], fill, truth)
                figures[name].append(_measure(result, truth, hole, distance))
            rows.append(_row([np.where(hole[..., None], 1, truth), *fills.values()], hole, truth))
        share = np.mean(shares)
        print(f"holes of {side} pixels in {len(shares)} photos, {share:.0%} of their windows")
        print(f"  {'photo':12} {'':40}  repeats {np.mean(repeats):.2f}")
        for name, values in figures.items():
            lpips, psnr, sharpness, again = np.mean(values, axis=0)
            print(
                f"  {name:12} LPIPS {lpips:.4f}  PSNR {psnr:.2f}  sharpness {sharpness:.2f}  "
                f"repeats {again:.2f}"
            )
    if arguments.sheet:
        width = max(row.shape[1] for row in rows)
        rows = [np.pad(row, ((0, 4), (0, width - row.shape[1]), (0, 0))) for row in rows]
        Image.fromarray(np.concatenate(rows)).save(arguments.sheet)


def _cut(
    photo: np.ndarray, side: int, context: int | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The window of a blob at a random place, float32 in [0, 1], and the blob in it."""
    down, across = np.mgrid[:side, :side] - side // 2
    angle, turns = np.arctan2(down, across), rng.uniform(0, 6, 2)
    radius = 0.4 + np.sin(3 * angle + turns[0]) / 15 + np.sin(7 * angle + turns[1]) / 30
    hole = np.zeros(photo.shape[:2], bool)
    top, left = (rng.integers(0, size - side) for size in hole.shape)
    hole[top : top + side, left : left + side] = np.hypot(down, across) < side * radius
    (window,) = find_windows(hole, context)
    return photo[window.slices].astype(np.float32) / 255, hole[window.slices]


def _fill(method, picture: np.ndarray, hole: np.ndarray) -> dict[str, np.ndarray]:
    def fill(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return np.clip(fill_mirrored(method, picture, hole), 0, 1)

    scale = min(1, 256 / max(hole.shape))
    small, part = shrink_known(picture, hole, *(round(size * scale) for size in hole.shape))
    small = np.where(part[..., None], fill(small, part), small)
    names = "max_thickness", "texture_from"
    thicknesses = {name: getattr(method, name, None) for name in names}
    return {
        "in one go": fill(picture, hole),
        "shrunk": enlarge(small, *hole.shape),
        "Inpainter": fill_window(fill, picture, hole, method.max_side, **thicknesses),
    }


def _measure(
    result: np.ndarray, truth: np.ndarray, hole: np.ndarray, distance: metrics.Lpips
) -> tuple[float, float, float, float]:
    reach = np.ones((max(9, max(hole.shape) // 20),) * 2)
    around = (cv2.dilate(hole.astype(np.uint8), reach) > 0) & ~hole
    inside = cv2.erode(hole.astype(np.uint8), np.ones((5, 5))) > 0
    laplacian = cv2.Laplacian(cv2.cvtColor(result.astype(np.float32), cv2.COLOR_RGB2GRAY), -1)
    sharpness = laplacian[inside].std() / laplacian[around].std()
    again = _repeats(result, hole)
    result, truth = (np.rint(picture * 255).astype(np.uint8) for picture in (result, truth))
    return distance(result, truth), metrics.psnr(result, truth, hole), sharpness, again


def _repeats(picture: np.ndarray, hole: np.ndarray) -> float:
    grey = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2GRAY)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), 4)
    deep = find_depth(hole) > _DEEP
    found = [0.0]
    for step in _STEPS:
        both = deep & np.roll(deep, step, (0, 1))
        if np.count_nonzero(both) > 1 and detail[both].std() > 0:
            again = np.roll(detail, step, (0, 1))
            found.append(np.corrcoef(detail[both], again[both])[0, 1])
    return max(found)


def _row(pictures: list[np.ndarray], hole: np.ndarray, truth: np.ndarray) -> np.ndarray:
    height = round(_SHOWN * hole.shape[0] / hole.shape[1])
    shown = []
    for picture in [*pictures]:
        result = np.where(hole[..., None], picture, truth)
        image = Image.fromarray(np.rint(np.clip(result, 0, 1) * 255).astype(np.uint8))
        shown.append(np.asarray(image.resize((_SHOWN, height), Image.Resampling.LANCZOS)))
    return np.concatenate(shown, axis=1)


if __name__ == "__main__":
    main()
