"""Damaged photos that everybody has: scikit-image's, freely licensed, damaged here by drawing.

Each case is a picture as a person would bring it, and the mask they would paint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from skimage import data

from inpaint._opencv import cv2


@dataclass(frozen=True)
class Case:
    """`damaged` uint8 H x W x 3; `mask` bool H x W, True = fill."""

    name: str
    damaged: np.ndarray
    mask: np.ndarray


def cases() -> list[Case]:
    """All of them, always the same."""
    return [
        _drawn_over("scratches", data.astronaut(), _scratches, (235, 230, 215)),
        _drawn_over("date stamp", data.chelsea(), _date_stamp, (255, 120, 40)),
        _painted_over("masts", data.rocket(), _masts),
        _painted_over("spoon", data.coffee(), _spoon),
        _drawn_over("torn corner", data.coffee(), _torn_corner, (250, 250, 250)),
    ]


def _drawn_over(
    name: str, photo: np.ndarray, draw: Callable[[np.ndarray], None], color: tuple[int, int, int]
) -> Case:
    """Damage of a colour, and a mask painted one pixel wider."""
    canvas = np.zeros(photo.shape[:2], np.uint8)
    draw(canvas)
    damaged = photo.copy()
    damaged[canvas > 0] = color
    return Case(name, damaged, cv2.dilate(canvas, np.ones((3, 3), np.uint8)) > 0)


def _painted_over(name: str, photo: np.ndarray, draw: Callable[[np.ndarray], None]) -> Case:
    """An object in the photo itself, painted over to remove it."""
    canvas = np.zeros(photo.shape[:2], np.uint8)
    draw(canvas)
    return Case(name, photo.copy(), canvas > 0)


def _line(canvas: np.ndarray, points: list[tuple[int, int]], thickness: int) -> None:
    cv2.polylines(canvas, [np.array(points, np.int32)], False, 255, thickness, cv2.LINE_AA)
    canvas[:] = np.where(canvas > 127, 255, 0)


def _scratches(canvas: np.ndarray) -> None:
    _line(canvas, [(60, 0), (95, 160), (88, 330), (120, 512)], 3)
    _line(canvas, [(0, 95), (140, 80), (250, 108), (400, 92), (512, 110)], 4)
    _line(canvas, [(330, 0), (260, 60), (235, 140), (190, 250)], 5)
    _line(canvas, [(512, 300), (420, 330), (300, 420), (250, 512)], 3)
    _line(canvas, [(150, 190), (175, 205), (230, 190)], 3)


def _date_stamp(canvas: np.ndarray) -> None:
    cv2.putText(canvas, "'98 7 12", (270, 275), cv2.FONT_HERSHEY_DUPLEX, 1.0, 255, 2)


def _masts(canvas: np.ndarray) -> None:
    left = [(194, 116), (210, 116), (212, 427), (160, 427)]
    right = [(439, 116), (455, 116), (484, 427), (432, 427)]
    cv2.fillPoly(canvas, [np.array(left, np.int32), np.array(right, np.int32)], 255)


def _spoon(canvas: np.ndarray) -> None:
    cv2.ellipse(canvas, (364, 284), (50, 52), 0, 0, 360, 255, -1)
    _line(canvas, [(372, 240), (398, 170), (412, 72)], 34)


def _torn_corner(canvas: np.ndarray) -> None:
    edge = [(600, 270), (575, 285), (560, 280), (535, 310), (520, 345), (495, 360), (470, 400)]
    cv2.fillPoly(canvas, [np.array([*edge, (600, 400)], np.int32)], 255)
