"""The random masks of published inpainting networks, drawn anew from their documented numbers.

LaMa (github.com/advimman/lama) draws either strokes or boxes for one picture, never both.
CoModGAN (github.com/zsyzzsoft/co-mod-gan), whose masks MI-GAN uses too, and MAT
(github.com/fenglinglwb/MAT) draw the union of rectangles and zigzag brushes.

Every function takes height, width and a generator and returns uint8 H x W, 1 = fill; it may come
out empty or full, which `inpaint.mask_shapes.random_mask` sees to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from inpaint._opencv import cv2

_SHIFT = 3  # OpenCV takes points in eighths of a pixel


def picture_scale(height: int, width: int) -> float:
    """The side of a square with the picture's area: what lengths in pixels are scaled by.

    So the share of a picture that a kind of mask covers hardly depends on its shape.
    """
    return float(np.sqrt(height * width))


def draw_line(mask: np.ndarray, points: ArrayLike, width: float) -> None:
    """Draw a line with round joints through points (N x 2, x before y) into a uint8 mask."""
    scaled = np.rint(np.asarray(points, np.float64) * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(mask, [scaled], False, 1, max(1, round(width)), cv2.LINE_8, _SHIFT)


# --- LaMa ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LamaMasks:
    """One of LaMa's sets of masks: all lengths in pixels of a picture of `size` x `size`."""

    size: int
    strokes: tuple[int, int]  # fewest and most, both included
    length: int
    stroke_width: int
    boxes: tuple[int, int] = (0, 0)
    box_side: tuple[int, int] = (0, 0)
    margin: int = 0  # between boxes and the border
    box_weight: float = 0.0  # against 1 for strokes

    def draw(self, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
        """A mask of strokes or of boxes, at the scale of the picture."""
        scale = picture_scale(height, width) / self.size
        if rng.random() * (1 + self.box_weight) < self.box_weight:
            return self._draw_boxes(height, width, scale, rng)
        return self._draw_strokes(height, width, scale, rng)

    def _draw_strokes(
        self, height: int, width: int, scale: float, rng: np.random.Generator
    ) -> np.ndarray:
        mask = np.zeros((height, width), np.uint8)
        for number in range(rng.integers(self.strokes[0], self.strokes[1] + 1)):
            direction, length, stroke_width = rng.random((3, rng.integers(1, 6)))
            # Four directions about a radian apart, mirrored on every other stroke.
            angles = (0.01 + direction * 4 // 1) * (-1 if number % 2 == 0 else 1)
            lengths = (10 + length * self.length // 1) * scale
            widths = (5 + stroke_width * self.stroke_width // 1) * scale
            x, y = (rng.random(2) * (width, height) // 1).tolist()
            for step_x, step_y, step_width in zip(
                (lengths * np.sin(angles)).tolist(),
                (lengths * np.cos(angles)).tolist(),
                widths.tolist(),
                strict=True,
            ):
                end_x = min(max(x + step_x, 0.0), float(width))
                end_y = min(max(y + step_y, 0.0), float(height))
                draw_line(mask, ((x, y), (end_x, end_y)), step_width)
                x, y = end_x, end_y
        return mask

    def _draw_boxes(
        self, height: int, width: int, scale: float, rng: np.random.Generator
    ) -> np.ndarray:
        mask = np.zeros((height, width), np.uint8)
        for _ in range(rng.integers(self.boxes[0], self.boxes[1] + 1)):
            (top, tall), (left, wide) = (self._span(side, scale, rng) for side in (height, width))
            mask[top : top + tall, left : left + wide] = 1
        return mask

    def _span(self, side: int, scale: float, rng: np.random.Generator) -> tuple[int, int]:
        """Where a box begins along one side of the picture, and how long it is there."""
        margin = min(round(self.margin * scale), (side - 1) // 2)
        longest = side - 2 * margin
        extent = rng.uniform(self.box_side[0], self.box_side[1]) * scale
        extent = min(max(1, round(extent)), longest)
        return int(rng.integers(margin, side - margin - extent + 1)), extent


# LaMa's code draws one stroke more than its settings say; the most here include it.
LAMA_SETS: dict[str, tuple[LamaMasks, ...]] = {
    "thin": (
        LamaMasks(256, (4, 51), 40, 10),
        LamaMasks(512, (4, 71), 100, 20),
    ),
    "medium": (
        LamaMasks(256, (4, 6), 100, 50, (1, 5), (10, 50), 0, 0.3),
        LamaMasks(512, (4, 11), 200, 100, (1, 5), (30, 150), 0, 0.3),
    ),
    "thick": (
        LamaMasks(256, (1, 6), 200, 100, (1, 3), (30, 150), 10, 0.3),
        LamaMasks(512, (1, 6), 450, 250, (1, 4), (30, 300), 10, 0.3),
    ),
    "lama": (LamaMasks(256, (1, 6), 200, 100, (1, 4), (30, 150), 10, 1.0),),
    "lama_small": (LamaMasks(256, (4, 13), 80, 40, (1, 1), (30, 128), 0, 1.0),),
}


def lama_masks(kind: str, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A mask of one of LAMA_SETS, by the settings whose size is nearest to the picture's."""
    size = picture_scale(height, width)
    nearest = min(LAMA_SETS[kind], key=lambda masks: abs(np.log(size / masks.size)))
    return nearest.draw(height, width, rng)


# --- CoModGAN and MAT ------------------------------------------------------------------------


@dataclass(frozen=True)
class UnionMasks:
    """Most rectangles up to half the picture's side, most up to all of it, and most brushes."""

    half_boxes: int
    full_boxes: int
    brushes: int

    def draw(self, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
        """The union of rectangles and brushes."""
        mask = np.zeros((height, width), np.uint8)
        for most, part in ((self.half_boxes, 2), (self.full_boxes, 1)):
            for _ in range(rng.integers(most + 1)):
                _draw_box_beyond_border(mask, height / part, width / part, rng)
        brushes = np.zeros_like(mask)
        for _ in range(rng.integers(self.brushes + 1)):
            _draw_brush(brushes, rng)
        # Brushes all wander to the right: only flipping spreads them evenly.
        rows, columns = (slice(None, None, rng.choice((1, -1))) for _ in range(2))
        return mask | brushes[rows, columns]


def _draw_box_beyond_border(
    mask: np.ndarray, tallest: float, widest: float, rng: np.random.Generator
) -> None:
    """Fill a rectangle that may lie up to half outside the picture."""
    spans = []
    for side, longest in zip(mask.shape, (tallest, widest), strict=True):
        extent = int(rng.random() * longest)
        begin = int(rng.integers(-(extent // 2), max(1, side - extent + extent // 2)))
        spans.append(slice(max(0, begin), max(0, begin + extent)))
    mask[tuple(spans)] = 1


def _draw_brush(mask: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a zigzag of 4 to 17 steps, wide and blunt."""
    height, width = mask.shape
    count = rng.integers(4, 18)
    mean_angle, spread = 2 * np.pi / 5, 2 * np.pi / 15
    angles = mean_angle + rng.uniform(-rng.random(), rng.random(), count) * spread
    angles[::2] *= -1
    radius = np.hypot(height, width) / 8
    lengths = rng.normal(radius, radius / 2, count).clip(0, 2 * radius)
    steps = lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    limit = np.array([width, height], np.float64)
    points = [np.floor(rng.random(2) * limit)]
    for step in steps:
        points.append((points[-1] + step).clip(0, limit))
    # The authors' brush is 12 to 48 pixels wide at 256 and at 512 alike; scaled beyond those.
    size = picture_scale(height, width)
    scale = size / np.clip(size, 256, 512)
    draw_line(mask, np.stack(points), rng.integers(12, 48) * scale)


_MAT_256, _MAT_512 = UnionMasks(3, 1, 7), UnionMasks(4, 2, 8)
_MAT_SMALL = UnionMasks(2, 1, 3)
_COMODGAN = UnionMasks(9, 4, 19)


def union_masks(kind: str, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A mask of the kind "comodgan", "mat" or "mat_small"."""
    nearer_256 = picture_scale(height, width) < 256 * np.sqrt(2)
    masks = {
        "comodgan": _COMODGAN,
        "mat": _MAT_256 if nearer_256 else _MAT_512,
        "mat_small": _MAT_SMALL,
    }
    return masks[kind].draw(height, width, rng)
