"""Pictures from their steps from pixel to pixel (Poisson image editing, Pérez et al., 2003)."""

from __future__ import annotations

import numpy as np

# What colours count beside steps: from 1 / 0.001 ** 0.5 = 32 pixels on they decide. Less, and what
# is cut off shines further; more, and where copies of two skies meet shows.
_ANCHOR = 0.001
_TOLERANCE = 1e-4  # of what the colours alone would do wrong
_MOST_ITERATIONS = 1_000  # a guard

# The pixels before the steps, and those after them.
ACROSS, DOWN = (np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])


def join_steps(
    picture: np.ndarray,
    hole: np.ndarray,
    colours: np.ndarray,
    across: np.ndarray,
    down: np.ndarray,
    belief: np.ndarray,
) -> np.ndarray:
    """The picture, its hole filled with what has the steps most nearly, and faintly the colours.

    picture, colours: float32 H x W x 3 in [0, 1]; hole: bool H x W; across: float32 H x W-1 x 3,
    the right pixel less the left one; down: H-1 x W x 3, the lower less the upper; belief: H x W,
    from 0, where the steps of the colours stay, in the hole and at its edge, to 1: between two
    pixels the smaller one's counts. Something is cut off where it is small, and would else shine
    into all that is around it.
    """
    from scipy import sparse  # takes a third of a second to load

    size = np.count_nonzero(hole)
    unknowns = np.full(hole.shape, -1)
    unknowns[hole] = np.arange(size)
    # What is solved for is the correction of the colours: their size does not set the error.
    joined = np.where(hole[..., None], colours, picture)
    own = np.full(size, np.float32(_ANCHOR))
    wanted = np.zeros((size, 3), np.float32)
    rows, columns = [], []
    for (before, after), steps in ((ACROSS, across), (DOWN, down)):
        near = hole[before] | hole[after]
        ends = unknowns[before][near], unknowns[after][near]
        missing = steps[near] - (joined[after][near] - joined[before][near])
        missing *= np.minimum(belief[before], belief[after])[near][:, None]
        for end, change in zip(ends, (-missing, missing), strict=True):
            own[end[end >= 0]] += 1
            wanted[end[end >= 0]] += change[end >= 0]
        both = (ends[0] >= 0) & (ends[1] >= 0)
        rows.append(ends[0][both])
        columns.append(ends[1][both])
    places = np.concatenate(rows), np.concatenate(columns)
    links = sparse.csr_matrix((np.ones(len(places[0]), np.float32), places), (size, size))
    joined[hole] += _solve(sparse.diags(own) - links - links.T, wanted)
    return np.clip(joined, 0, 1, out=joined)


def _solve(matrix, wanted: np.ndarray) -> np.ndarray:
    """n x 3 solutions of a sparse n x n matrix, by conjugate gradients."""
    from scipy.sparse import diags, linalg

    limits = {"rtol": _TOLERANCE, "maxiter": _MOST_ITERATIONS, "M": diags(1 / matrix.diagonal())}
    return np.stack([linalg.cg(matrix, channel, **limits)[0] for channel in wanted.T], axis=1)
