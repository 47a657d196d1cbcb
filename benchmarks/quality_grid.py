"""The grid of docs/quality.png: freely licensed cases, each restored by several methods.

A row a case, of benchmarks/cases and of scikit-image's photos; columns: the photo with its mask in
red, OpenCV's fill, and those of the networks that ship.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from inpaint._opencv import cv2
from inpaint.cases import Case, make_case
from inpaint.inpainter import Inpainter
from inpaint.mask import read_mask

FOLDER = Path(__file__).parent / "cases"
SHOWN = ("beach",)  # of benchmarks/cases
DRAWN = ("scratches", "spoon")  # of inpaint.cases
COLUMNS = ("telea", "faithful", "default")
CELL = 216, 162  # width and height of a cell, pixels: keeps the file below 1.5 MB
GAP, CAPTION = 4, 20


def draw(path: Path, methods: Sequence[str]) -> None:
    """Write the grid as PNG, with those of COLUMNS that are among `methods`."""
    columns = [name for name in COLUMNS if name in methods]
    inpainters = [Inpainter(name) for name in columns]
    rows = []
    for case in tqdm(list(find_cases())):
        fills = [inpainter.restore_array(case.damaged, case.mask) for inpainter in inpainters]
        view = _view(case.mask)
        rows.append([_cell(picture, view) for picture in (_mark(case), *fills)])
    width = (len(columns) + 1) * (CELL[0] + GAP) - GAP
    sheet = Image.new("RGB", (width, CAPTION + len(rows) * (CELL[1] + GAP) - GAP), "white")
    font = ImageFont.load_default(13)
    for i, name in enumerate(("to restore", *columns)):
        place = i * (CELL[0] + GAP) + CELL[0] / 2, CAPTION / 2
        ImageDraw.Draw(sheet).text(place, name, "black", font, anchor="mm")
    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            place = across * (CELL[0] + GAP), CAPTION + down * (CELL[1] + GAP)
            sheet.paste(cell, place)
    sheet.save(path, optimize=True)


def find_cases() -> Iterator[Case]:
    """Those that are shown: of the folder, then drawn ones."""
    for name in SHOWN:
        with Image.open(FOLDER / f"{name}.jpg") as file:
            photo = np.asarray(file.convert("RGB"))
        yield Case(name, photo, read_mask(FOLDER / "masks" / f"{name}.png", photo.shape[:2]))
    yield from map(make_case, DRAWN)


def _mark(case: Case) -> np.ndarray:
    marked = case.damaged.copy()
    marked[case.mask] = (marked[case.mask] * 0.35 + np.array([230, 30, 60]) * 0.65).astype(np.uint8)
    return marked


def _view(mask: np.ndarray) -> tuple[slice, slice]:
    """A window of a cell's shape around the mask, half as large again, as far as there is photo."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    rows, columns = mask.shape
    ratio = CELL[0] / CELL[1]
    wide = min(max(1.5 * width, 1.5 * height * ratio, CELL[0]), columns, rows * ratio)
    tall = wide / ratio
    left = min(max(x + width / 2 - wide / 2, 0), columns - wide)
    top = min(max(y + height / 2 - tall / 2, 0), rows - tall)
    return slice(round(top), round(top + tall)), slice(round(left), round(left + wide))


def _cell(picture: np.ndarray, view: tuple[slice, slice]) -> Image.Image:
    return Image.fromarray(picture[view]).resize(CELL, Image.Resampling.LANCZOS)
