"""The same damaged photos, mended by all: a picture with a row for each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from inpaint import Inpainter
from inpaint._opencv import cv2
from inpaint.cases import Case, make_case

_SHOWN = ("scratches", "date-stamp", "masts", "spoon", "torn-corner")
_TILE, _GAP, _LABEL = 168, 4, 150  # pixels


def draw_grid(methods: dict[str, str | Path]) -> Image.Image:
    """A row a method: the places that it mended in the five cases; damaged ones on top."""
    shown = [make_case(name) for name in _SHOWN]
    rows = [("damaged", [_tile(case, case.damaged) for case in shown])]
    for name, method in methods.items():
        inpainter = Inpainter(method, texture=False)
        tiles = [_tile(case, inpainter.restore_array(case.damaged, case.mask)) for case in shown]
        rows.append((name, tiles))
    step = _TILE + _GAP
    sheet = Image.new("RGB", (_LABEL + step * len(shown), step * len(rows)), "white")
    draw = ImageDraw.Draw(sheet)
    for i, (name, tiles) in enumerate(rows):
        draw.text((4, i * step + _TILE // 2), name, fill="black", font_size=14, anchor="lm")
        for j, tile in enumerate(tiles):
            sheet.paste(tile, (_LABEL + j * step, i * step))
    return sheet


def _tile(case: Case, picture: np.ndarray) -> Image.Image:
    """The square around the largest damage, so that one sees what was done."""
    height, width = case.mask.shape
    count, _, boxes, _ = cv2.connectedComponentsWithStats(case.mask.astype(np.uint8))
    left, top, wide, high, _ = max(boxes[1:count], key=lambda box: box[4])
    side = min(max(wide, high) + 48, height, width, 260)
    x = min(max(left + (wide - side) // 2, 0), width - side)
    y = min(max(top + (high - side) // 2, 0), height - side)
    crop = Image.fromarray(picture[y : y + side, x : x + side])
    return crop.resize((_TILE, _TILE), Image.Resampling.LANCZOS)
