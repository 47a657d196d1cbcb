"""The grid of docs/quality.png: freely licensed cases, each restored by several methods.

A row a case, some of benchmarks/cases and of scikit-image's photos; columns: the photo with its
mask in red, OpenCV's fill, and those of the networks that ship.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from inpaint._opencv import cv2
from inpaint.cases import Case, make_case
from inpaint.inpainter import Inpainter
from inpaint.mask import read_mask
from inpaint.whole_file import write_whole

FOLDER = Path(__file__).parent / "cases"  # NAME.jpg, masks/NAME.png
# Those of share-alike licences are not among them: their pictures would have to stay under these.
SHOWN = ("portrait", "square", "palace", "colosseum", "mountains", "pagoda")
DRAWN = ("scratches", "spoon")  # on scikit-image's photos
COLUMNS = {"telea": "OpenCV (Telea)", "faithful": "faithful", "default": "default"}
WIDTHS = range(300, 90, -10)  # of a cell, pixels: the first with which the file is small enough
LARGEST = 1_500_000  # bytes
SHAPE = 3 / 2  # width of a cell over its height
GAP, CAPTION = 4, 20

Row = Sequence[Image.Image]


def draw(path: Path, inpainters: Mapping[str, Inpainter]) -> None:
    """Write the grid as PNG, with those of COLUMNS that are among the `inpainters`."""
    columns = [name for name in COLUMNS if name in inpainters]
    rows = []
    for case in tqdm(list(find_cases()), unit="case", disable=None):
        fills = [inpainters[name].restore_array(case.damaged, case.mask) for name in columns]
        view = _view(case.mask)
        rows.append([Image.fromarray(picture[view]) for picture in (case.marked, *fills)])
    captions = ["damaged, mask in red", *(COLUMNS[name] for name in columns)]
    for width in WIDTHS:
        data = _encode(_sheet(rows, captions, width))
        if len(data) < LARGEST:
            break
    write_whole(path, data)


def find_cases() -> Iterator[Case]:
    """Those that are shown: of the folder, then those drawn."""
    for name in SHOWN:
        with Image.open(FOLDER / f"{name}.jpg") as file:
            photo = np.asarray(file.convert("RGB"))
        yield Case(name, photo, read_mask(FOLDER / "masks" / f"{name}.png", photo.shape[:2]))
    yield from map(make_case, DRAWN)


def _sheet(rows: Sequence[Row], captions: Sequence[str], width: int) -> Image.Image:
    cell = width, round(width / SHAPE)
    across, down = (side + GAP for side in cell)
    size = len(captions) * across - GAP, CAPTION + len(rows) * down - GAP
    sheet = Image.new("RGB", size, "white")
    font = ImageFont.load_default(13)
    for i, caption in enumerate(captions):
        place = i * across + width / 2, CAPTION / 2
        ImageDraw.Draw(sheet).text(place, caption, "black", font, anchor="mm")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            scaled = picture.resize(cell, Image.Resampling.LANCZOS)
            sheet.paste(scaled, (x * across, CAPTION + y * down))
    return sheet


def _encode(sheet: Image.Image) -> bytes:
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _view(mask: np.ndarray) -> tuple[slice, slice]:
    """A window of a cell's shape around the mask, half as large again, as far as there is photo."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    rows, columns = mask.shape
    wide = max(1.5 * width, 1.5 * height * SHAPE, WIDTHS[0])
    wide = min(wide, columns, rows * SHAPE)
    tall = wide / SHAPE
    left = min(max(x + width / 2 - wide / 2, 0), columns - wide)
    top = min(max(y + height / 2 - tall / 2, 0), rows - tall)
    return slice(round(top), round(top + tall)), slice(round(left), round(left + wide))
