"""Damaged photos that everybody has: scikit-image's, freely licensed, damaged here by drawing.

Each case is a picture as a person would bring it, and the mask they would paint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inpaint._opencv import cv2

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_SUPERSAMPLING = 4  # what is drawn as damage is drawn this much larger, for soft edges
_MARGIN = 2  # how far, in pixels, a mask is painted beyond the damage


@dataclass(frozen=True)
class Case:
    """`damaged` uint8 H x W x 3; `mask` bool H x W, True = fill."""

    name: str
    damaged: np.ndarray
    mask: np.ndarray

    @property
    def marked(self) -> np.ndarray:
        """The damaged photo under its mask in red."""
        marked = self.damaged.copy()
        red = marked[self.mask] * 0.35 + np.array([230, 30, 60]) * 0.65
        marked[self.mask] = red.astype(np.uint8)
        return marked


def list_cases() -> list[str]:
    """The names of those whose photo is installed: nothing is downloaded."""
    return [name for name, (file, _) in _CASES.items() if (_photos() / file).is_file()]


def make_case(name: str) -> Case:
    """The case of that name of `list_cases`, always the same."""
    file, damage = _CASES[name]
    with (_photos() / file).open("rb") as opened, Image.open(opened) as picture:
        photo = np.array(picture.convert("RGB"))
    return Case(name, *damage(photo))


def cases() -> list[Case]:
    """All of them."""
    return [make_case(name) for name in list_cases()]


def _photos() -> Traversable:
    return resources.files("skimage") / "data"


# --- damage: from a photo to the damaged one and its mask --------------------------------------

_Damage = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
_Points = list[tuple[float, float]]


def _scratches(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    drawing = _Drawing(photo)
    drawing.line([(60, 0), (95, 160), (88, 330), (120, 512)], 2.5)
    drawing.line([(0, 80), (140, 62), (250, 78), (400, 64), (512, 84)], 3.5)
    drawing.line([(330, 0), (280, 70), (262, 150), (205, 250)], 4.5)
    drawing.line([(512, 300), (420, 330), (300, 420), (250, 512)], 2.5)
    drawing.line([(150, 190), (175, 205), (230, 190)], 2.5)
    return drawing.over((235, 230, 215))


def _date_stamp(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    drawing = _Drawing(photo)
    drawing.digits("'98 7 12", (300, 256), 22)
    return drawing.over((255, 128, 48))


def _masts(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Down to the ground, and with the lamps beside them: half a lamp's glow would be spread.
    drawing = _Drawing(photo)
    drawing.area([(194, 116), (210, 116), (212, 355), (226, 368), (226, 427), (158, 427)])
    drawing.area(
        [(439, 116), (455, 116), (477, 360), (486, 427), (402, 427), (404, 372), (432, 356)]
    )
    return drawing.under()


def _spoon(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    drawing = _Drawing(photo)
    angles = np.linspace(0, 2 * np.pi, 90)
    drawing.area([(364 + 50 * np.cos(angle), 284 + 52 * np.sin(angle)) for angle in angles])
    drawing.line([(372, 240), (398, 170), (412, 72)], 34)
    return drawing.under()


def _torn_corner(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    drawing = _Drawing(photo)
    edge = [(600, 270), (575, 285), (560, 280), (535, 310), (520, 345), (495, 360), (470, 400)]
    drawing.area([*edge, (600, 400)])
    return drawing.over((250, 250, 250))


def _wire(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    drawing = _Drawing(photo)
    for left, right, sag in ((34, 58, 46), (74, 84, 50)):
        x = np.linspace(0, photo.shape[1], 80)
        along = x / photo.shape[1]
        y = left + (right - left) * along + 4 * sag * along * (1 - along)
        drawing.line(list(zip(x, y)), 2.4)
    return drawing.over((38, 38, 40))


def _caption(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    drawing = _Drawing(photo)
    drawing.text("Hubble\nExtreme Deep Field", 84)
    return drawing.over((240, 240, 240))


class _Drawing:
    """Shapes to lie over a photo; coordinates are its pixels, x to the right and y down."""

    def __init__(self, photo: np.ndarray) -> None:
        self.photo = photo
        height, width, _ = photo.shape
        self._canvas = np.zeros((height * _SUPERSAMPLING, width * _SUPERSAMPLING), np.uint8)

    def line(self, points: _Points, width: float) -> None:
        cv2.polylines(self._canvas, [_scale(points)], False, 255, round(width * _SUPERSAMPLING))

    def area(self, corners: _Points) -> None:
        cv2.fillPoly(self._canvas, [_scale(corners)], 255)

    def text(self, words: str, height: float) -> None:
        """Lines of text in the middle of the photo."""
        picture = Image.fromarray(self._canvas)
        middle = picture.width / 2, picture.height / 2
        font = ImageFont.load_default(height * _SUPERSAMPLING)
        ImageDraw.Draw(picture).text(
            middle, words, 255, font, anchor="mm", align="center", spacing=0.2 * font.size
        )
        self._canvas = np.array(picture)

    def digits(self, words: str, left_top: tuple[float, float], height: float) -> None:
        """Digits, spaces and apostrophes of seven segments, as cameras burnt them in."""
        left, top = left_top
        side = height / 2
        for character in words:
            for start, end in _SEGMENTS[character]:
                points = [(left + side * x, top + side * y) for x, y in (start, end)]
                self.line(points, height / 8)
            left += side * (1.5 if character != "'" else 0.7)

    def over(self, color: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
        """What was drawn is damage of that colour, and masked with a margin."""
        opacity = self._opacity()
        damaged = self.photo * (1 - opacity[..., None]) + np.array(color) * opacity[..., None]
        side = 2 * _MARGIN + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        mask = cv2.dilate((opacity > 0).astype(np.uint8), disc) > 0
        return np.rint(damaged).astype(np.uint8), mask

    def under(self) -> tuple[np.ndarray, np.ndarray]:
        """What was drawn is the mask of something that the photo itself shows."""
        return self.photo, self._opacity() >= 0.5

    def _opacity(self) -> np.ndarray:
        size = self.photo.shape[1::-1]
        return cv2.resize(self._canvas, size, interpolation=cv2.INTER_AREA) / np.float32(255)


def _scale(points: _Points) -> np.ndarray:
    return np.rint(np.array(points) * _SUPERSAMPLING).astype(np.int32)


def _segments(names: str) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Ends of the segments a to g, in widths of a digit that is one wide and two high."""
    gap = 0.16
    ends = {
        "a": ((gap, 0), (1 - gap, 0)),
        "b": ((1, gap), (1, 1 - gap)),
        "c": ((1, 1 + gap), (1, 2 - gap)),
        "d": ((gap, 2), (1 - gap, 2)),
        "e": ((0, 1 + gap), (0, 2 - gap)),
        "f": ((0, gap), (0, 1 - gap)),
        "g": ((gap, 1), (1 - gap, 1)),
    }
    return [ends[name] for name in names]


_SEGMENTS = {
    " ": [],
    "'": [((0.2, 0), (0.2, 0.5))],
    "1": _segments("bc"),
    "2": _segments("abged"),
    "7": _segments("abc"),
    "8": _segments("abcdefg"),
    "9": _segments("abcdfg"),
}

# By name: the file in scikit-image's data, and what happens to it.
_CASES: dict[str, tuple[str, _Damage]] = {
    "scratches": ("astronaut.png", _scratches),
    "date-stamp": ("chelsea.png", _date_stamp),
    "masts": ("rocket.jpg", _masts),
    "spoon": ("coffee.png", _spoon),
    "torn-corner": ("coffee.png", _torn_corner),
    "wire": ("camera.png", _wire),
    "text": ("hubble_deep_field.jpg", _caption),
}
