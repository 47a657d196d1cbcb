"""The pictures of an evaluation: a photo, its damage, the fills, and where they err."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint._opencv import cv2
from inpaint.report import Row
from inpaint.ui.kept_files import KeptFiles

SHOWN_SIDE = 512
ERROR_LEVELS = 100  # levels of 255 that the brightest colour of an error map stands for
HOLE_COLOUR = (229, 0, 109)  # the canvas's

_QUALITY = 92


@dataclass(frozen=True)
class Picture:
    """A picture that its owner gets at api/files/ID."""

    file_id: str
    width: int
    height: int


@dataclass
class PhotoPictures:
    """One photo's: JPEG files of at most SHOWN_SIDE pixels a side, in a folder of their own.

    by_method: the fill and its error map. Empty where the photo could not be read or filled.
    """

    files: KeptFiles
    owner: str
    folder: Path
    original: Picture | None = None
    damaged: Picture | None = None
    by_method: dict[str, tuple[Picture, Picture]] = field(default_factory=dict)

    def keep(self, row: Row, image: np.ndarray, hole: np.ndarray, filled: np.ndarray) -> None:
        """Save the pictures of one fill: uint8 H x W x 3, bool H x W, uint8 H x W x 3."""
        if self.original is None:
            damaged = image.copy()
            damaged[hole] = HOLE_COLOUR
            self.original = self._save("original", image)
            self.damaged = self._save("damaged", damaged)
        name = re.sub(r"[^\w.-]", "_", row.method)
        error = map_error(image, filled, SHOWN_SIDE)
        self.by_method[row.method] = (
            self._save(f"filled_{name}", filled),
            self._save(f"error_{name}", error),
        )

    def _save(self, name: str, pixels: np.ndarray) -> Picture:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.jpg"
        small = shrink(pixels, SHOWN_SIDE)
        Image.fromarray(small).save(path, quality=_QUALITY, subsampling=0)
        return Picture(self.files.add(self.owner, path), small.shape[1], small.shape[0])


def shrink(pixels: np.ndarray, max_side: int | None) -> np.ndarray:
    """The picture, scaled down if a side is longer than max_side pixels; None: as it is."""
    height, width = pixels.shape[:2]
    if max_side is None or max(height, width) <= max_side:
        return pixels
    scale = max_side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def map_error(image: np.ndarray, filled: np.ndarray, max_side: int | None = None) -> np.ndarray:
    """Where two uint8 H x W x 3 pictures differ, in the colours of `error_colours`, scaled down
    like `shrink` does.

    The error is the mean over the channels of the absolute difference.
    """
    levels = cv2.absdiff(image, filled).mean(axis=2, dtype=np.float32)
    return _paint(shrink(levels, max_side))


def error_colours(count: int) -> list[str]:
    """As many colours of the scale, from no difference to ERROR_LEVELS and more, as #rrggbb."""
    levels = np.linspace(0, ERROR_LEVELS, count, dtype=np.float32)[None]
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in _paint(levels)[0]]


def _paint(levels: np.ndarray) -> np.ndarray:
    scaled = np.rint(np.minimum(levels / ERROR_LEVELS, 1) * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(scaled, cv2.COLORMAP_MAGMA), cv2.COLOR_BGR2RGB)
