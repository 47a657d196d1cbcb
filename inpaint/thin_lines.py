"""Thin lines in a picture, and what tells a scratch on it from a line of its own.

A line is brighter or darker than what lies on both sides of it, and goes on in one direction.
Each is described by a few numbers (FEATURES); which of them are scratches is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inpaint._opencv import cv2

LEVELS = 3  # lines are looked for in the picture, its half and its quarter: thin to wide
FEATURES = (
    "length",  # log of its share of the picture's side
    "persistence",  # 0 to 1: how surely it goes on, at its surest place
    "prominence",  # log of its response over that of all that lies around
    "lopsidedness",  # log of how much its two sides differ, over its contrast to them
    "unsteadiness",  # log of how much its brightness varies, over how much its sides' does
    "colour",  # how much more colourful it is than its sides, about -1 to 1
    "level",  # how often the picture was halved: how wide it is
)

_SMALLEST = 40  # sides below which there is nothing to go by
_DIRECTIONS = 16
_SECTOR = 4  # directions that one line may take
_LINE = 11  # pixels along which a response is averaged
_FLANK = 3  # pixels from a line's middle to what lies beside it
_LOPSIDED = 0.5  # what a difference between the two sides takes off a response
_FLOOR = 3.0  # grey levels below which a response is noise
_ABOVE_AROUND = 2.5  # and how many times that of all around it must reach to count in full
_CANDIDATE = 0.4, 0.5  # share of that limit, and persistence, from which pixels form lines
_SHORTEST = 0.05  # of the picture's side
_FEWEST = 10  # pixels

_ANGLES = np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
_ALONG = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], 1)  # x, y
_ACROSS = np.stack([-np.sin(_ANGLES), np.cos(_ANGLES)], 1)


@dataclass(frozen=True)
class Lines:
    """Lines of one level and direction: the pixels of all of them, one line after the other.

    level: pixels are those of the picture halved so many times. bright: brighter than their sides.
    rows, columns: int N.
    counts: int L, how many of the N belong to each. features: float L x len(FEATURES).
    """

    level: int
    bright: bool
    rows: np.ndarray
    columns: np.ndarray
    counts: np.ndarray
    features: np.ndarray


def find_thin_lines(picture: np.ndarray) -> Iterator[Lines]:
    """All thin lines of a uint8 H x W x 3 picture of some hundred pixels a side."""
    side = float(np.sqrt(picture.shape[0] * picture.shape[1]))
    colours = picture.astype(np.float32)
    for level in range(LEVELS):
        if min(colours.shape[:2]) < _SMALLEST:
            return
        grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
        bright, dark = _respond(grey)
        window = int(side / 8) | 1
        around = cv2.blur(np.maximum(np.maximum(bright.max(0), dark.max(0)), 0), (window, window))
        limit = np.maximum(_FLOOR, _ABOVE_AROUND * around)
        for responses in (bright, dark):
            response = responses.max(0)
            persistence, direction = _persist(responses, limit)
            least_response, least_persistence = _CANDIDATE
            rows, columns = np.nonzero(
                (response > least_response * limit) & (persistence > least_persistence)
            )
            scene = _Scene(
                level, responses is bright, side, colours, response, persistence, direction, around
            )
            for first in range(0, _DIRECTIONS, _SECTOR // 2):
                among = (direction[rows, columns] - first) % _DIRECTIONS < _SECTOR
                lines = scene.describe(rows[among], columns[among])
                if lines is not None:
                    yield lines
        colours, side = cv2.pyrDown(colours), side / 2


def _respond(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much brighter, and how much darker, a line here would be than both of its sides.

    float32 directions x H x W each, below 0 where it is not.
    """
    height, width = grey.shape
    margin = _FLANK + 1 + _LINE // 2
    padded = cv2.copyMakeBorder(grey, *[margin] * 4, cv2.BORDER_REPLICATE)
    bright = np.empty((_DIRECTIONS, height, width), np.float32)
    dark = np.empty_like(bright)
    for i, kernel in enumerate(_KERNELS):
        mean = cv2.filter2D(padded, -1, kernel)
        x, y = np.rint(_FLANK * _ACROSS[i]).astype(int)
        middle, one, other = (
            mean[margin + y * s : margin + y * s + height, margin + x * s : margin + x * s + width]
            for s in (0, 1, -1)
        )
        one, other = cv2.subtract(middle, one), cv2.subtract(middle, other)
        less, more = cv2.min(one, other), cv2.max(one, other)
        bright[i] = cv2.addWeighted(less, 1 + _LOPSIDED, more, -_LOPSIDED, 0)
        dark[i] = cv2.addWeighted(more, -1 - _LOPSIDED, less, _LOPSIDED, 0)
    return bright, dark


def _persist(responses: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How surely a line goes on here, from 0 to 1, and the direction in which it does: H x W.

    The mean over a long line of responses that count in full from `limit` on: one strong spot
    makes no line. Computed at half the size.
    """
    height, width = limit.shape
    share = 1 / limit[::2, ::2]
    step, margin = _LINE * 2 // 3, _LINE
    best = np.full(share.shape, -1, np.float32)
    direction = np.zeros(share.shape, np.uint8)
    for i, kernel in enumerate(_KERNELS):
        near = cv2.dilate(responses[i], np.ones((3, 3), np.uint8))[::2, ::2]
        counted = cv2.min(cv2.max(near * share, 0), 1)
        padded = cv2.copyMakeBorder(counted, *[margin] * 4, cv2.BORDER_CONSTANT)
        mean = cv2.filter2D(padded, -1, kernel)
        x, y = np.rint(step * _ALONG[i]).astype(int)
        whole = sum(
            mean[margin + y * s :, margin + x * s :][: share.shape[0], : share.shape[1]]
            for s in (-1, 0, 1)
        )
        direction[whole > best] = i
        best = cv2.max(best, whole)
    persistence = cv2.resize(best / 3, (width, height), interpolation=cv2.INTER_LINEAR)
    return persistence, cv2.resize(direction, (width, height), interpolation=cv2.INTER_NEAREST)


@dataclass(frozen=True)
class _Scene:
    """What the lines of one level, bright ones or dark ones, are described by."""

    level: int
    bright: bool
    side: float
    colours: np.ndarray
    response: np.ndarray
    persistence: np.ndarray
    direction: np.ndarray
    around: np.ndarray

    def describe(self, rows: np.ndarray, columns: np.ndarray) -> Lines | None:
        """Of the lines that these pixels form, those that are long enough; None if none is."""
        if not rows.size:
            return None
        canvas = np.zeros(self.direction.shape, np.uint8)
        canvas[rows, columns] = 1
        closed = cv2.morphologyEx(canvas, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        labels = cv2.connectedComponents(closed, connectivity=8)[1]
        label = labels[rows, columns]
        order = np.argsort(label, kind="stable")
        groups = _Groups(np.unique(label, return_counts=True)[1])
        rows, columns = rows[order], columns[order]
        length = groups.length(columns, rows)
        kept = (length >= _SHORTEST * self.side) & (groups.counts >= _FEWEST)
        if not kept.any():
            return None
        chosen = groups.spread(kept)
        rows, columns = rows[chosen], columns[chosen]
        groups = _Groups(groups.counts[kept])
        features = self._features(groups, rows, columns, length[kept])
        return Lines(self.level, self.bright, rows, columns, groups.counts, features)

    def _features(
        self, groups: _Groups, rows: np.ndarray, columns: np.ndarray, length: np.ndarray
    ) -> np.ndarray:
        line = self.colours[rows, columns]
        one, other = (self._beside(rows, columns, side) for side in (_FLANK + 1, -_FLANK - 1))
        beside = (one + other) / 2
        brightness, brightness_beside = line.mean(1), beside.mean(1)
        contrast = groups.mean(np.abs(brightness - brightness_beside)) + 1
        difference = groups.mean(np.abs((one - other).mean(1)))
        prominence = self.response[rows, columns] / (self.around[rows, columns] + 1)
        colour, colour_beside = (np.ptp(groups.mean(part), axis=1) for part in (line, beside))
        deviation, deviation_beside = groups.std(brightness), groups.std(brightness_beside)
        return np.stack(
            [
                np.log(length / self.side),
                groups.max(self.persistence[rows, columns]),
                np.log(groups.mean(prominence)),
                np.log(difference / contrast + 0.05),
                np.log((deviation + 8) / (deviation_beside + 8)),
                (colour - colour_beside) / 50,
                np.full(len(length), self.level),
            ],
            axis=1,
        )

    def _beside(self, rows: np.ndarray, columns: np.ndarray, distance: int) -> np.ndarray:
        """The colours so many pixels beside each pixel of a line: float32 N x 3."""
        height, width, _ = self.colours.shape
        x, y = np.rint(distance * _ACROSS[self.direction[rows, columns]]).astype(int).T
        return self.colours[np.clip(rows + y, 0, height - 1), np.clip(columns + x, 0, width - 1)]


class _Groups:
    """Values of N pixels that lie group after group, `counts` of them in each."""

    def __init__(self, counts: np.ndarray) -> None:
        self.counts = counts
        self._starts = np.cumsum(counts) - counts

    def spread(self, values: np.ndarray) -> np.ndarray:
        return np.repeat(values, self.counts, axis=0)

    def mean(self, values: np.ndarray) -> np.ndarray:
        sums = np.add.reduceat(values, self._starts, axis=0, dtype=np.float64)
        return (sums.T / self.counts).T

    def max(self, values: np.ndarray) -> np.ndarray:
        return np.maximum.reduceat(values, self._starts)

    def std(self, values: np.ndarray) -> np.ndarray:
        return np.sqrt(self.mean((values - self.spread(self.mean(values))) ** 2))

    def length(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How long a bar with each group's second moments is."""
        x, y = x - self.spread(self.mean(x)), y - self.spread(self.mean(y))
        xx, yy, xy = self.mean(x * x), self.mean(y * y), self.mean(x * y)
        return np.sqrt(12 * ((xx + yy) / 2 + np.hypot((xx - yy) / 2, xy))) + 1


def _line_kernels() -> list[np.ndarray]:
    """Lines of _LINE pixels through the middle, one a direction, each of sum 1."""
    fine = 9
    middle, reach = (_LINE * fine - 1) / 2, (_LINE - 1) * fine / 2
    kernels = []
    for along in _ALONG:
        canvas = np.zeros((_LINE * fine, _LINE * fine), np.uint8)
        start, end = (np.rint((middle + s * reach * along) * 16).astype(int) for s in (-1, 1))
        cv2.line(canvas, start, end, 255, fine, cv2.LINE_AA, shift=4)
        kernel = cv2.resize(np.float32(canvas), (_LINE, _LINE), interpolation=cv2.INTER_AREA)
        kernels.append(kernel / kernel.sum())
    return kernels


_KERNELS = _line_kernels()
