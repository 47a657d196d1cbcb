"""Pictures from their steps from pixel to pixel (Poisson image editing, Pérez et al., 2003)."""

from __future__ import annotations

import numpy as np

# What colours count beside steps: from 1 / 0.0005 ** 0.5 = 45 pixels on they decide.
_ANCHOR = 0.0005
_TOLERANCE = 1e-4  # of what the colours alone would do wrong
_MOST_ITERATIONS = 1_000  # a guard

_LEFT, _RIGHT, _UPPER, _LOWER = np.s_[:, :-1], np.s_[:, 1:], np.s_[:-1], np.s_[1:]


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

    size = np.count_nonzero(hole)
    unknowns = np.full(hole.shape, -1)
    unknowns[hole] = np.arange(size)
    known = np.where(hole[..., None], np.float32(0), picture)
    own = np.where(hole, np.float32(_ANCHOR), 0)
    wanted = _ANCHOR * colours
    rows, columns, values = [], [], []
    for before, after, steps in ((_LEFT, _RIGHT, across), (_UPPER, _LOWER, down)):
        weights = trust[before] * trust[after]
        own[before] += weights
        own[after] += weights
        wanted[before] += weights[..., None] * (known[after] - steps)
        wanted[after] += weights[..., None] * (known[before] + steps)
        both = hole[before] & hole[after]
        rows += [unknowns[before][both], unknowns[after][both]]
        columns += [unknowns[after][both], unknowns[before][both]]
        values += [-weights[both]] * 2
    triplets = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    matrix = sparse.csr_matrix(triplets, (size, size)) + sparse.diags(own[hole])
    result = picture.copy()
    result[hole] = _solve(matrix, wanted[hole], colours[hole])
    return np.clip(result, 0, 1, out=result)


def _solve(matrix, wanted: np.ndarray, start: np.ndarray) -> np.ndarray:
    """n x 3 solutions of a sparse n x n matrix, by conjugate gradients."""
    from scipy.sparse import diags, linalg

    # What is solved for is the correction of the start: its size, not the colours', sets the error.
    limits = {"rtol": _TOLERANCE, "maxiter": _MOST_ITERATIONS, "M": diags(1 / matrix.diagonal())}
    missing = wanted - matrix @ start
    corrections = [linalg.cg(matrix, channel, **limits)[0] for channel in missing.T]
    return start + np.stack(corrections, axis=1)
