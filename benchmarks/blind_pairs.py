"""Which do people prefer: strokes as a network fills them, or as texture of what is around?

    python benchmarks/blind_pairs.py PHOTOS --output FOLDER [--widths 1 8] [--method default]
    python benchmarks/blind_pairs.py --score FOLDER

A stroke (seeded) is cut out of the centre of each photo and filled both ways; the figures of all
are printed. FOLDER gets a picture for each photo, of the place where both differ most: the two at
200 %, left and right in an order that only key.json tells, and the hole. Somebody who has not seen
the key writes answers.txt into it: a line for each picture, with its number and L, R or =, and !
after it if that is clear at first glance. --score counts whose answers these are.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint import Inpainter, metrics
from inpaint._opencv import cv2
from inpaint.pairing import find_photos
from inpaint.photo import Photo
from inpaint.whole_file import write_whole

_WAYS = "texture", "no texture"
_MARGIN = 60  # pixels from the crop's border to the stroke's points
_PLACE = 200  # pixels across, shown twice as large
_KEY, _ANSWERS = "key.json", "answers.txt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--output", type=Path, help="folder of the pairs")
    parser.add_argument("--widths", type=int, nargs=2, default=[1, 8], help="pixels, from and to")
    parser.add_argument("--side", type=int, default=512, help="pixels of the crops, at most")
    parser.add_argument("--method", default="default")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--score", type=Path, help="folder with pairs and answers")
    arguments = parser.parse_args()
    if arguments.score:
        print(score(arguments.score))
        return
    if not arguments.photos or not arguments.output:
        parser.error("needs photos and --output, or --score")
    if arguments.side < _PLACE:
        parser.error(f"--side: places of {_PLACE} pixels are shown")
    arguments.output.mkdir(parents=True, exist_ok=True)
    inpainters = [Inpainter(arguments.method, texture=way == _WAYS[0]) for way in _WAYS]
    distance, rng, figures, key = metrics.Lpips(), np.random.default_rng(0), [], []
    for path in find_photos(arguments.photos)[: arguments.limit]:
        crop = cut_centre(path, arguments.side)
        if min(crop.shape[:2]) < _PLACE:
            continue
        hole = draw_stroke(crop.shape[:2], arguments.widths, rng)
        fills, measured = [], []
        for inpainter in inpainters:
            began = time.perf_counter()
            fills.append(inpainter.restore_array(crop, hole))
            seconds = time.perf_counter() - began
            lpips, psnr = distance(fills[-1], crop), metrics.psnr(fills[-1], crop, hole)
            measured.append((lpips, psnr, seconds))
        order = rng.permutation(2).tolist()
        picture = show_pair([fills[way] for way in order], hole)
        target = arguments.output / f"{len(key):02}.png"
        write_whole(target, lambda file, picture=picture: picture.save(file, "PNG"))
        key.append([_WAYS[way] for way in order])
        figures.append(measured)
    if not key:
        parser.error(f"no photos of {_PLACE} pixels there")
    write_whole(arguments.output / _KEY, json.dumps(key).encode())
    times = np.array(figures)[..., 2]
    print(f"{len(key)} photos, strokes of {arguments.widths[0]} to {arguments.widths[1]} pixels")
    for way, (lpips, psnr, _) in zip(_WAYS, np.mean(figures, axis=0), strict=True):
        print(f"  {way:10} LPIPS {lpips:.4f}  hole-PSNR {psnr:.2f}")
    print(f"  texture took {np.median(times[:, 0] / times[:, 1]):.1f} times as long (median)")


def cut_centre(path: Path, side: int) -> np.ndarray:
    """uint8, at most side x side x 3, of the photo's middle."""
    pixels = Photo.read(path).pixels
    if pixels.dtype == np.uint16:
        pixels = (pixels // 257).astype(np.uint8)
    top, left = (max((length - side) // 2, 0) for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def draw_stroke(
    shape: tuple[int, int], widths: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """bool H x W: a line through three random points."""
    points = rng.integers(_MARGIN, np.array(shape[::-1]) - _MARGIN, (3, 2)).astype(np.int32)
    hole = np.zeros(shape, np.uint8)
    cv2.polylines(hole, [points], False, 1, int(rng.integers(widths[0], widths[1] + 1)))
    return hole > 0


def show_pair(fills: list[np.ndarray], hole: np.ndarray) -> Image.Image:
    """The place where the two differ most, side by side, and the hole there in half that size."""
    apart = np.square(fills[0].astype(np.float32) - fills[1]).mean(axis=2)
    around = cv2.boxFilter(apart, -1, (_PLACE // 2, _PLACE // 2), borderType=cv2.BORDER_CONSTANT)
    middle = np.unravel_index(around.argmax(), hole.shape)
    corner = np.clip(np.subtract(middle, _PLACE // 2), 0, np.subtract(hole.shape, _PLACE))
    part = tuple(slice(first, first + _PLACE) for first in corner)
    side = 2 * _PLACE
    sheet = Image.new("RGB", (2 * side + 16 + _PLACE, side), "gray")
    for index, fill in enumerate(fills):
        large = Image.fromarray(fill[part]).resize((side, side), Image.Resampling.BICUBIC)
        sheet.paste(large, (index * (side + 8), 0))
    sheet.paste(Image.fromarray(hole[part]), (2 * side + 16, 0))
    return sheet


def score(folder: Path) -> str:
    """How often, and how often clearly, each way was preferred."""
    key = json.loads((folder / _KEY).read_text(encoding="utf-8"))
    preferred, clearly = Counter(), Counter()
    lines = (folder / _ANSWERS).read_text(encoding="utf-8").splitlines()
    for number, answer in (line.split() for line in lines if line.strip()):
        way = key[int(number)]["LR".index(answer[0])] if answer[0] != "=" else "the same"
        preferred[way] += 1
        clearly[way] += answer.endswith("!")
    return ", ".join(
        f"{way} {preferred[way]} ({clearly[way]} clearly)" for way in (*_WAYS, "the same")
    )


if __name__ == "__main__":
    main()
