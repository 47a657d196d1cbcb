"""Pictures from their steps from pixel to pixel (Poisson image editing, Pérez et al., 2003)."""

from __future__ import annotations

import numpy as np

# What colours count beside steps: from 1 / 0.001 ** 0.5 = 32 pixels on they decide. Less, and what
# is cut off shines further; more, and where copies of two skies meet shows.
_ANCHOR = 0.001
# Of the range from black to white: steps that are so far from those of the colours count half,
# and further ones hardly.
_CUT = 0.14
_TOLERANCE = 1e-4  # of what the colours alone would do wrong
_MOST_ITERATIONS = 1_000  # a guard

_LEFT, _RIGHT, _UPPER, _LOWER = np.s_[:, :-1], np.s_[:, 1:], np.s_[:-1], np.s_[1:]


def join_steps(
    picture: np.ndarray,
    hole: np.ndarray,
    colours: np.ndarray,
    across: np.ndarray,
    down: np.ndarray,
) -> np.ndarray:
    """The picture, its hole filled with what has the steps most nearly, and faintly the colours.

    picture, colours: float32 H x W x 3 in [0, 1]; hole: bool H x W; across: float32 H x W-1 x 3,
    the right pixel less the left one; down: H-1 x W x 3, the lower less the upper. Where colours
    have quite another step, in the hole or at its edge, it stays: something is cut off there, and
    would else shine into all that is around it.
    """
    from scipy import sparse  # takes a third of a second to load

    size = np.count_nonzero(hole)
    unknowns = np.full(hole.shape, -1)
    unknowns[hole] = np.arange(size)
    seen = np.where(hole[..., None], colours, picture)
    known = np.where(hole[..., None], np.float32(0), picture)
    own = np.full(hole.shape, np.float32(_ANCHOR))
    wanted = _ANCHOR * colours
    rows, columns = [], []
    for before, after, steps in ((_LEFT, _RIGHT, across), (_UPPER, _LOWER, down)):
        steps = _choose_steps(steps, seen[after] - seen[before])
        own[before] += 1
        own[after] += 1
        wanted[before] += known[after] - steps
        wanted[after] += known[before] + steps
        both = hole[before] & hole[after]
        rows.append(unknowns[before][both])
        columns.append(unknowns[after][both])
    places = np.concatenate(rows), np.concatenate(columns)
    links = sparse.csr_matrix((np.ones(len(places[0]), np.float32), places), (size, size))
    matrix = sparse.diags(own[hole]) - links - links.T
    result = picture.copy()
    result[hole] = _solve(matrix, wanted[hole], colours[hole])
    return np.clip(result, 0, 1, out=result)


def _choose_steps(copied: np.ndarray, met: np.ndarray) -> np.ndarray:
    """The copied steps; where those that are met, between two copies, are quite others, these."""
    apart = copied - met
    errors = np.square(apart).mean(axis=2, keepdims=True)
    return met + apart / (1 + (errors / _CUT**2) ** 4)


def _solve(matrix, wanted: np.ndarray, start: np.ndarray) -> np.ndarray:
    """n x 3 solutions of a sparse n x n matrix, by conjugate gradients."""
    from scipy.sparse import diags, linalg

    # What is solved for is the correction of the start: its size, not the colours', sets the error.
    limits = {"rtol": _TOLERANCE, "maxiter": _MOST_ITERATIONS, "M": diags(1 / matrix.diagonal())}
    missing = wanted - matrix @ start
    corrections = [linalg.cg(matrix, channel, **limits)[0] for channel in missing.T]
    return start + np.stack(corrections, axis=1)
