"""Scratches, strokes and specks across a scan: what texture costs beside the network alone.

    python benchmarks/scans.py [--megapixels 3] [--method default] [--rounds 3]

Four photos of scikit-image's, side by side and grainy, are damaged in each of the ways below, and
restored with and without texture (`Inpainter(texture=False)`), by turns. Prints the share of the
scan that is hole, medians of the seconds, their ratio, and how often one is told how far it is:
so long the app's Stop waits at most.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from skimage import data

from inpaint import Inpainter
from inpaint._opencv import cv2

_SOURCES = "astronaut", "coffee", "rocket", "chelsea"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=3)
    parser.add_argument("--method", default="default")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    scan = make_scan(arguments.megapixels)
    print(f"{scan.shape[1]} x {scan.shape[0]} pixels, {arguments.method}")
    inpainters = [Inpainter(arguments.method, texture=texture) for texture in (True, False)]
    for name, hole in make_damages(scan.shape[:2]).items():
        taken, waits = ([], []), []
        for _ in range(arguments.rounds):
            for inpainter, seconds in zip(inpainters, taken, strict=True):
                told = [time.perf_counter()]
                inpainter.restore_array(
                    scan, hole, progress=lambda *_, told=told: told.append(time.perf_counter())
                )
                seconds.append(told[-1] - told[0])
                if inpainter is inpainters[0]:
                    waits.append(max(np.diff(told)))
        with_texture, without = (statistics.median(seconds) for seconds in taken)
        print(
            f"{name}: {hole.mean():.2%} hole, {with_texture:.2f} s with texture, "
            f"{without:.2f} s without, {with_texture / without:.2f} times as long; "
            f"told every {statistics.median(waits):.2f} s at least"
        )


def make_scan(megapixels: float) -> np.ndarray:
    """uint8 H x W x 3, 4 by 3."""
    side = round((megapixels * 1e6 / 12) ** 0.5 / 2) * 2
    half = (2 * side, 3 * side // 2)  # width, height
    photos = [cv2.resize(getattr(data, source)(), half) for source in _SOURCES]
    scan = np.vstack([np.hstack(photos[:2]), np.hstack(photos[2:])])
    grain = np.random.default_rng(0).normal(0, 4, scan.shape)
    return np.clip(scan + grain, 0, 255).astype(np.uint8)


def make_damages(shape: tuple[int, int]) -> dict[str, np.ndarray]:
    return {
        "a speck": draw_specks(shape, 1),
        "60 specks": draw_specks(shape, 60),
        "800 specks": draw_specks(shape, 800),
        "30 scratches of 5 pixels": draw_scratches(shape, 30, 5),
        "150 scratches of 3 pixels": draw_scratches(shape, 150, 3),
        "8 strokes of 40 pixels": draw_scratches(shape, 8, 40),
    }


def draw_specks(shape: tuple[int, int], count: int) -> np.ndarray:
    rng, hole = np.random.default_rng(2), np.zeros(shape, np.uint8)
    for _ in range(count):
        place = rng.uniform(0, shape[1]), rng.uniform(0, shape[0])
        cv2.circle(hole, np.int32(place), int(rng.integers(1, 5)), 1, cv2.FILLED)
    return hole.astype(bool)


def draw_scratches(shape: tuple[int, int], count: int, thickness: int) -> np.ndarray:
    """Lines of 5 to 45 % of the scan's width, a little bent."""
    rng, hole = np.random.default_rng(1), np.zeros(shape, np.uint8)
    for _ in range(count):
        place = np.array([rng.uniform(0, shape[1]), rng.uniform(0, shape[0])])
        angles = rng.uniform(0, np.pi) + np.cumsum(rng.normal(0, 0.08, 20))
        steps = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        length = rng.uniform(0.05, 0.45) * shape[1]
        line = place + np.cumsum(steps * length / len(steps), axis=0)
        cv2.polylines(hole, [np.int32(line)], False, 1, thickness)
    return hole.astype(bool)


if __name__ == "__main__":
    main()
