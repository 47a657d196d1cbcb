"""How strong the detail in a hole should be: as in places near by that have its colours.

Where a network is unsure its fill is smooth, and what looks most like that in the photo is what is
smooth there: a fog of shadow or sky in the middle of a rock face. But the colours of an unsure fill
are still nearly right. What near places of such colours have, the hole should have.
"""

from __future__ import annotations

import numpy as np

from inpaint._opencv import cv2
from inpaint.bilateral import bilateral_mean
from inpaint.known_pixels import blur_known
from inpaint.patches import choose_sources, split_cells

_FINE = 1.5  # pixels, standard deviations: of the Gaussian that takes the detail away ...
_AROUND = 3.0  # ... of that in which its strength is measured ...
_NEAR, _ALIKE = 20.0, 0.07  # ... and of the kernel, in the picture and in RGB, black to white is 1
_MOST_SOURCES = 2_000
_STEP = 2  # pixels from one place of the hole where it is asked for to the next


def expect_detail(picture: np.ndarray, hole: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """The strength of detail, root mean squares: float32 H x W. Outside the hole what is there, in
    the hole as much as the fill has, at least.

    picture: float32 H x W x 3 in [0, 1], of which the bool H x W hole is not known; filled: the
    same, filled.
    """
    means, _ = blur_known(picture, hole, _FINE)
    squares, _ = blur_known(np.square(picture - means), hole, _AROUND)
    strength = np.sqrt(squares.mean(axis=2))
    sources = choose_sources(hole, _MOST_SOURCES)
    offered = tuple(sources.T)
    smooth = cv2.GaussianBlur(filled, (0, 0), _FINE)
    height, width = hole.shape
    padding = [(0, -side % _STEP) for side in hole.shape]
    asked = split_cells(np.pad(hole, padding), _STEP).any(axis=(1, 3))
    targets = np.argwhere(asked)
    wanted = tuple(np.minimum(_STEP * targets, np.subtract(hole.shape, 1)).T)
    expected = np.zeros(asked.shape, np.float32)
    expected[asked] = bilateral_mean(
        (np.stack(wanted, axis=1), smooth[wanted]),
        (sources, means[offered]),
        strength[offered][:, None],
        _NEAR,
        _ALIKE,
    )[:, 0]
    expected = expected.repeat(_STEP, axis=0).repeat(_STEP, axis=1)[:height, :width]
    own = cv2.GaussianBlur(np.square(filled - smooth).mean(axis=2), (0, 0), _AROUND)
    return np.where(hole, np.maximum(expected, np.sqrt(own)), strength)
