"""Where a fill of patches cuts things off: there is an edge, and would glow if it were joined."""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2
from inpaint.gradients import ACROSS, DOWN
from inpaint.patch_field import PatchField

# All in the range from black to white. Where patches differ so much (root mean square) amid detail
# they are believed half, and (by the power) those that differ less nearly in full, others hardly.
_CUT, _POWER = 0.1, 8
# Amid steps much smaller than this nothing is cut off: an edge shows more there than a glow.
_SMOOTH = 0.06
_AROUND = 4  # pixels, standard deviation
_WINDOW = 1.5  # pixels, of PatchField.average: wider than a joint


def find_belief(field: PatchField, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """How far patches that meet are believed to show one thing: float32 H x W, 0 to 1, which means
    something in the hole and at its edge only.

    across, down: steps from pixel to pixel that are copied, H x W-1 x 3 and H-1 x W x 3.
    """
    detail = _find_detail(field, across, down)
    cuts = _find_dissent(field) / _CUT**2 * detail / (detail + _SMOOTH**2)
    return 1 / (1 + cuts ** (_POWER / 2))


def _find_dissent(field: PatchField) -> np.ndarray:
    """H x W: mean squares of how far the patches over a pixel are from their mean there, or from
    the pixel where it is known."""
    means = field.average(field.picture, _WINDOW)
    dissent = field.average(np.square(field.picture), _WINDOW)
    dissent -= np.square(means)
    means -= field.picture
    means[field.hole] = 0
    dissent += np.square(means)
    return np.maximum(dissent.mean(axis=2), 0)


def _find_detail(field: PatchField, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """H x W: mean squares of the steps around, of the copied ones where something is unknown."""
    squares = np.zeros(field.hole.shape, np.float32)
    for (before, after), copied in ((ACROSS, across), (DOWN, down)):
        unknown = (field.hole[before] | field.hole[after])[..., None]
        steps = np.where(unknown, copied, field.picture[after] - field.picture[before])
        squares[before] += np.square(steps).mean(axis=2)
    return cv2.GaussianBlur(squares, (0, 0), _AROUND)
