"""Ten photos of different kinds, restored in the app as a person does it: docs/app/ten-photos.webp.

    python benchmarks/ten_photos.py [--write docs/app/ten-photos.webp]

A Chromium opens the app, paints over something in each of scikit-image's photos with the tools at
hand, restores by the default model and downloads the file, of which is checked that only the part
around the painting changed. The picture has for each what was painted and what came back.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from in_browser import (
    ROOT,
    chromium,
    download,
    drag,
    open_app,
    open_file,
    part,
    read_mask,
    restore,
    running_app,
    take,
)
from PIL import Image
from playwright.sync_api import Page
from skimage import data

from inpaint._opencv import cv2

_TILE = 340, 230
_COLUMNS = 2  # pairs beside each other
_GAP = 8
_REACH = 34  # pixels around the painting that a JPEG's blocks, and a brush's round ends, may reach

_SPOON = (0.658, 0.625), (0.625, 0.725), (0.667, 0.75)

Act = Callable[[Page], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, default=ROOT / "docs" / "app" / "ten-photos.webp")
    target = parser.parse_args().write
    pairs = []
    with tempfile.TemporaryDirectory() as folder, running_app() as address, chromium() as browser:
        page = open_app(browser, address)
        for name, (photo, acts) in _photos().items():
            path = Path(folder, name)
            Image.fromarray(photo).save(path, quality=92)
            pairs.append(_restore(page, path, acts))
            print(f"{name}: only what was painted over changed")
    target.parent.mkdir(parents=True, exist_ok=True)
    _grid(pairs).save(target, quality=88)
    print(target)


def _restore(page: Page, path: Path, acts: list[Act]) -> tuple[Image.Image, Image.Image]:
    open_file(page, path)
    for act in acts:
        act(page)
    page.mouse.move(2, 2)
    painted = Image.open(io.BytesIO(part(page, "frame").screenshot()))
    mask = read_mask(page)
    restore(page, "default")
    with Image.open(path) as before, Image.open(download(page).path()) as after:
        assert after.size == before.size
        changed = np.asarray(before.convert("RGB")) != np.asarray(after.convert("RGB"))
        near = cv2.dilate(mask.astype(np.uint8), np.ones((2 * _REACH + 1,) * 2, np.uint8))
        near = cv2.resize(near, after.size, interpolation=cv2.INTER_NEAREST) > 0
        assert changed.any()
        assert not (changed.any(axis=2) & ~near).any(), path.name
        return painted.convert("RGB"), after.convert("RGB")


# What a person does, in shares of the photo's width and height.


def _brush(size: int, *points: tuple[float, float]) -> Act:
    return _tool("brush", *points, size=size)


def _tool(name: str, *points: tuple[float, float], size: int | None = None) -> Act:
    def act(page: Page) -> None:
        take(page, name)
        if size is not None:
            part(page, "size").fill(str(size))
        before = part(page, "undo").is_disabled()
        drag(page, *points)
        if name == "smart" and before:
            page.wait_for_function("!document.querySelector('[data-pm=undo]').disabled")
        page.wait_for_timeout(700)

    return act


def _photos() -> dict[str, tuple[np.ndarray, list[Act]]]:
    return {
        "portrait.jpg": (
            data.astronaut(),
            [_tool("lasso", (0.545, 0.685), (0.65, 0.65), (0.68, 0.72), (0.56, 0.755))],
        ),
        "animal.png": (data.cat(), [_brush(12, (0.44, 0.73), (0.3, 0.75), (0.08, 0.79))]),
        "still-life.jpg": (data.coffee(), [_tool("smart", *_SPOON, size=40)]),
        "night.jpg": (
            data.rocket(),
            [_tool("lasso", (0.295, 0.26), (0.32, 0.26), (0.35, 0.97), (0.26, 0.97))],
        ),
        "stars.jpg": (
            data.hubble_deep_field(),
            [_tool("rectangle", (0.03, 0.02), (0.14, 0.12)), _brush(24, (0.61, 0.19), (0.63, 0.2))],
        ),
        "black-and-white.png": (
            data.camera(),
            [_tool("lasso", (0.83, 0.32), (0.89, 0.3), (0.9, 0.5), (0.82, 0.5))],
        ),
        "workshop.jpg": (
            data.stereo_motorcycle()[0],
            [_tool("lasso", (0.405, 0.86), (0.48, 0.81), (0.5, 0.88), (0.42, 0.9))],
        ),
        "scan.png": (data.moon(), [_brush(14, (0.15, 0.1), (0.45, 0.5), (0.6, 0.95))]),
        "texture.png": (data.brick(), [_tool("rectangle", (0.4, 0.36), (0.56, 0.56))]),
        "medical.jpg": (data.retina(), [_brush(20, (0.3, 0.62), (0.36, 0.66), (0.4, 0.72))]),
    }


def _grid(pairs: list[tuple[Image.Image, Image.Image]]) -> Image.Image:
    width, height = _TILE
    rows = -(-len(pairs) // _COLUMNS)
    across = 2 * width + _GAP
    size = _COLUMNS * across + (_COLUMNS - 1) * 3 * _GAP, rows * (height + _GAP) - _GAP
    grid = Image.new("RGB", size, "white")
    for number, pair in enumerate(pairs):
        row, column = divmod(number, _COLUMNS)
        for side, picture in enumerate(pair):
            tile = picture.copy()
            tile.thumbnail(_TILE, Image.Resampling.LANCZOS)
            left = column * (across + 3 * _GAP) + side * (width + _GAP) + (width - tile.width) // 2
            grid.paste(tile, (left, row * (height + _GAP) + (height - tile.height) // 2))
    return grid


if __name__ == "__main__":
    main()
