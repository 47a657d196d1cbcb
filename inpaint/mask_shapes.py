"""Random masks by name, for training and for measuring: strokes, boxes, blobs, scratches.

    mask = random_mask("everyday", 480, 640, np.random.default_rng(7))

The same kind, size and generator state always give the same mask. Lengths are given in pixels of
a 512 x 512 picture and scaled by the square root of the picture's area, so the share that a mask
covers does not depend on the picture's size or shape.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np

from inpaint._opencv import cv2
from inpaint.errors import MaskError
from inpaint.published_masks import draw_line, lama_masks, picture_scale, union_masks

KINDS: tuple[str, ...] = (
    "everyday",  # what people paint over: strokes, boxes, blobs; 2 to 60 % of the picture
    "thin",  # LaMa's three test sets
    "medium",
    "thick",
    "lama",  # LaMa's training set, wide holes
    "lama_small",  # LaMa's training set with narrow ones
    "comodgan",  # CoModGAN's and MI-GAN's: most of the picture
    "mat",
    "mat_small",
    "scratches",  # long thin lines as on scanned photographs
)

# Share of the picture from, up to, and how often; the everyday shapes and how often.
_EVERYDAY_BINS = ((0.02, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.6))
_EVERYDAY_BIN_WEIGHTS = (0.30, 0.25, 0.20, 0.13, 0.12)
_EVERYDAY_SHAPES = {"stroke": 0.35, "thin": 0.15, "box": 0.15, "blob": 0.35}
_LARGEST_THIN = 0.2

_MOST_TRIES = 60
_MOST_SHAPES = 400


def random_mask(kind: str, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A random mask, bool height x width, True = fill.

    At least one pixel is True and, but for a picture of a single pixel, at least one is False,
    whatever the size. Raises MaskError for a kind that is not in KINDS or a side below 1.
    """
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise MaskError(
            f"There is no kind of mask {kind!r}.{hint} Choose from: {', '.join(KINDS)}."
        )
    _check_sides(height, width)
    if height * width == 1:
        return np.ones((1, 1), bool)
    for _ in range(_MOST_TRIES):
        mask = _draw(kind, height, width, rng)
        filled = np.count_nonzero(mask)
        if 0 < filled < mask.size:
            return mask.view(bool)
    # Pictures of a few pixels: what was drawn covers all or, clipped, nothing of them.
    mask.flat[rng.integers(mask.size)] = int(filled == 0)
    return mask.view(bool)


def random_masks(tasks: Sequence[tuple[str, Sequence[int]]], height: int, width: int) -> np.ndarray:
    """One mask for each (kind, seed) of `tasks`, bool N x height x width."""
    return np.stack(
        [random_mask(kind, height, width, np.random.default_rng(seed)) for kind, seed in tasks]
    )


def everyday(height: int, width: int, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """A mask as people paint it, bool height x width, and its shape's name.

    First a share of the picture is drawn (2-10, 10-20, 20-30, 30-40 or 40-60 %, small ones
    more often), then a shape ("stroke", "thin", "box" or "blob"), and this shape is repeated until
    the share is reached. Pictures of a few pixels get the nearest share that can be had.
    """
    _check_sides(height, width)
    low, high = _EVERYDAY_BINS[rng.choice(len(_EVERYDAY_BINS), p=_EVERYDAY_BIN_WEIGHTS)]
    weights = np.array(list(_EVERYDAY_SHAPES.values()))
    names = list(_EVERYDAY_SHAPES)
    if low >= _LARGEST_THIN:
        weights[names.index("thin")] = 0
    name = names[rng.choice(len(names), p=weights / weights.sum())]
    draw = _SHAPES[name]
    best, best_miss = None, np.inf
    target = rng.uniform(low, high) * height * width
    # Where no number of pixels is such a share, a second try is no better than the first.
    possible = np.ceil(low * height * width) <= high * height * width
    for _ in range(_MOST_TRIES if possible else 1):
        mask = np.zeros((height, width), np.uint8)
        filled = 0
        for _ in range(_MOST_SHAPES):
            draw(mask, rng)
            filled = np.count_nonzero(mask)
            if filled >= target:
                break
        miss = max(low * mask.size - filled, filled - high * mask.size, 0)
        if miss < best_miss and filled > 0:
            best, best_miss = mask, miss
        if best is not None and best_miss == 0:
            break
    if best is None:
        best = np.zeros((height, width), np.uint8)
        best.flat[rng.integers(best.size)] = 1
    return best.view(bool), name


def _check_sides(height: int, width: int) -> None:
    if height < 1 or width < 1:
        raise MaskError(f"A mask needs at least one pixel, not {width} x {height}.")


def _draw(kind: str, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    if kind == "everyday":
        return everyday(height, width, rng)[0].view(np.uint8)
    if kind == "scratches":
        return _draw_scratches(height, width, rng)
    if kind in ("comodgan", "mat", "mat_small"):
        return union_masks(kind, height, width, rng)
    return lama_masks(kind, height, width, rng)


# --- the everyday shapes: each adds one of itself to a uint8 mask ------------------------------


def _scale(mask: np.ndarray) -> float:
    return picture_scale(*mask.shape) / 512


def _log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _random_point(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.random(2) * np.array(mask.shape[::-1])


def _draw_walk(
    mask: np.ndarray,
    width: float,
    steps: np.ndarray,
    turn: float,
    rng: np.random.Generator,
) -> None:
    """Draw a line of the given steps (pixels) that turns by about `turn` radians at each."""
    angles = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, turn, len(steps)))
    moves = steps[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)])
    draw_line(mask, points + _random_point(mask, rng), width)


def _draw_stroke(mask: np.ndarray, rng: np.random.Generator) -> None:
    scale = _scale(mask)
    width = _log_uniform(14, 72, rng) * scale
    _draw_walk(mask, width, rng.uniform(30, 120, rng.integers(2, 9)) * scale, 0.7, rng)


def _draw_thin(mask: np.ndarray, rng: np.random.Generator) -> None:
    scale = _scale(mask)
    width = rng.integers(2, 11) * scale
    _draw_walk(mask, width, rng.uniform(20, 70, rng.integers(2, 12)) * scale, 0.25, rng)


def _draw_box(mask: np.ndarray, rng: np.random.Generator) -> None:
    area = _log_uniform(0.02, 0.35, rng) * mask.size
    aspect = np.exp(rng.uniform(-0.7, 0.7))
    spans = []
    for side, extent in zip(
        mask.shape, (np.sqrt(area / aspect), np.sqrt(area * aspect)), strict=True
    ):
        extent = min(max(1, round(extent)), side)
        begin = rng.integers(side - extent + 1)
        spans.append(slice(begin, begin + extent))
    mask[tuple(spans)] = 1


def _draw_blob(mask: np.ndarray, rng: np.random.Generator) -> None:
    theta = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    waves = np.arange(1, 7)[:, None]
    heights = rng.normal(0, 1, (6, 1)) * 0.28 / waves
    phases = rng.uniform(0, 2 * np.pi, (6, 1))
    outline = (1 + (heights * np.cos(waves * theta + phases)).sum(axis=0)).clip(0.25, 2.2)
    outline *= _log_uniform(36, 170, rng) * _scale(mask)
    stretch = np.sqrt(np.exp(rng.uniform(-0.5, 0.5)))
    x, y = outline * np.cos(theta) * stretch, outline * np.sin(theta) / stretch
    turn = rng.uniform(0, 2 * np.pi)
    points = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], 1)
    cv2.fillPoly(mask, [np.rint(points + _random_point(mask, rng)).astype(np.int32)], 1)


_SHAPES = {"stroke": _draw_stroke, "thin": _draw_thin, "box": _draw_box, "blob": _draw_blob}


def _draw_scratches(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """One to ten lines, each a fifth to more than the whole of the side long, mostly hair-thin.

    Scratches of one photo run roughly one way (a roller, a fold), with strays.
    """
    mask = np.zeros((height, width), np.uint8)
    side = picture_scale(height, width)
    common = rng.uniform(0, np.pi)
    for _ in range(rng.integers(1, 11)):
        heading = common + rng.normal(0, 0.15) if rng.random() < 0.6 else rng.uniform(0, np.pi)
        along = np.linspace(-0.5, 0.5, 24) * rng.uniform(0.2, 1.5) * side
        bow = rng.normal(0, 0.25) * along**2 / side
        jitter = np.cumsum(rng.normal(0, 0.0015, along.size)) * side
        across = bow + jitter
        x = along * np.cos(heading) - across * np.sin(heading)
        y = along * np.sin(heading) + across * np.cos(heading)
        width_px = _log_uniform(1.5, 7, rng) * side / 512
        draw_line(mask, np.stack([x, y], 1) + _random_point(mask, rng), width_px)
    return mask
