"""Pictures from their steps from pixel to pixel (Poisson image editing, Pérez et al., 2003)."""

from __future__ import annotations

import numpy as np

# What colours count beside steps: beyond 1 / 0.0005 ** 0.5 = 45 pixels they decide.
_ANCHOR = 0.0005
_TOLERANCE, _MOST_ITERATIONS = 1e-3, 300


def join_steps(
    picture: np.ndarray,
    hole: np.ndarray,
    colours: np.ndarray,
    across: np.ndarray,
    down: np.ndarray,
    trust: np.ndarray,
) -> np.ndarray:
    """The picture, its hole filled with what has the steps most nearly, and faintly the colours.

    picture, colours: float32 H x W x 3 in [0, 1]; hole: bool H x W; across: float32 H x W-1 x 3,
    the right pixel less the left one; down: H-1 x W x 3, the lower less the upper; trust: float32
    H x W, 1 in the hole: how much a step to a known pixel counts.
    """
    from scipy import sparse  # takes a third of a second to load

    unknowns = np.full(hole.shape, -1)
    unknowns[hole] = np.arange(np.count_nonzero(hole))
    own = np.where(hole, np.float32(_ANCHOR), 0)
    wanted = _ANCHOR * colours
    rows, columns, values = [], [], []
    for axis, steps in ((1, across), (0, down)):
        first = np.s_[:, :-1] if axis == 1 else np.s_[:-1]
        second = np.s_[:, 1:] if axis == 1 else np.s_[1:]
        weights = trust[first] * trust[second]
        own[first] += weights
        own[second] += weights
        weights = weights[..., None]
        known = np.where(hole[..., None], np.float32(0), picture)
        wanted[first] += weights * (known[second] - steps)
        wanted[second] += weights * (known[first] + steps)
        both = hole[first] & hole[second]
        rows += [unknowns[first][both], unknowns[second][both]]
        columns += [unknowns[second][both], unknowns[first][both]]
        values += [-weights[both, 0]] * 2
    triplets = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    size = np.count_nonzero(hole)
    diagonal = own[hole]
    matrix = sparse.csr_matrix(triplets, (size, size)) + sparse.diags(diagonal)
    result = picture.copy()
    result[hole] = _solve(matrix, diagonal, wanted[hole], colours[hole])
    return np.clip(result, 0, 1, out=result)


def _solve(matrix, diagonal: np.ndarray, wanted: np.ndarray, start: np.ndarray) -> np.ndarray:
    """By conjugate gradients, a colour channel at a time."""
    from scipy.sparse import diags, linalg

    scaled = diags(1 / diagonal)
    limits = {"rtol": _TOLERANCE, "maxiter": _MOST_ITERATIONS}
    channels = [
        linalg.cg(matrix, right, x0, M=scaled, **limits)[0]
        for right, x0 in zip(wanted.T, start.T, strict=True)
    ]
    return np.stack(channels, axis=1)
