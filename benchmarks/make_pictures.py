"""The pictures that the README shows, restored by the shipped weights.

    python benchmarks/make_pictures.py [--method NAME|FILE] [--output docs/restorations.webp]

One row a case: damaged, the mask in red, restored.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint import Inpainter
from inpaint.cases import cases

HEIGHT, GAP = 300, 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", default="default")
    parser.add_argument("--output", type=Path, default=Path("docs/restorations.webp"))
    arguments = parser.parse_args()
    inpainter = Inpainter(arguments.method)
    rows = []
    for case in cases():
        restored = inpainter.restore_array(case.damaged, case.mask)
        rows.append(_row([case.damaged, case.marked, restored]))
    width = max(row.width for row in rows)
    sheet = Image.new("RGB", (width, len(rows) * (HEIGHT + GAP) - GAP), "white")
    for i, row in enumerate(rows):
        sheet.paste(row, ((width - row.width) // 2, i * (HEIGHT + GAP)))
    sheet.save(arguments.output, quality=88, method=6)
    print(f"{arguments.output}: {len(rows)} cases by {arguments.method}")


def _row(pictures: list[np.ndarray]) -> Image.Image:
    scaled = []
    for pixels in pictures:
        picture = Image.fromarray(pixels)
        width = round(picture.width * HEIGHT / picture.height)
        scaled.append(picture.resize((width, HEIGHT), Image.Resampling.LANCZOS))
    row = Image.new("RGB", (sum(p.width + GAP for p in scaled) - GAP, HEIGHT), "white")
    left = 0
    for picture in scaled:
        row.paste(picture, (left, 0))
        left += picture.width + GAP
    return row


if __name__ == "__main__":
    main()
