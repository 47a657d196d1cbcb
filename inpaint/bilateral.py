"""Means over places that are near and look alike (joint bilateral, Petschnigg et al., 2004)."""

from __future__ import annotations

import numpy as np

_AT_ONCE = 512


def bilateral_mean(
    targets: tuple[np.ndarray, np.ndarray],
    sources: tuple[np.ndarray, np.ndarray],
    values: np.ndarray,
    sigma_space: float,
    sigma_colour: float,
) -> np.ndarray:
    """For each of n targets the mean of what m sources have, of which near and similar ones count
    most: float32 n x k.

    targets, sources: places (row, column), n x 2 and m x 2, and the colours there, n x 3 and m x 3;
    values: float32 m x k; sigma_space, sigma_colour: standard deviations of the Gaussians, in the
    unit of the places and in that of the colours.
    """
    wanted, offered = (
        np.hstack([places / sigma_space, colours / sigma_colour]).astype(np.float32)
        for places, colours in (targets, sources)
    )
    lengths = np.square(offered).sum(axis=1) / 2
    means = []
    for start in range(0, len(wanted), _AT_ONCE):
        likeness = wanted[start : start + _AT_ONCE] @ offered.T - lengths
        weights = np.exp(likeness - likeness.max(axis=1, keepdims=True))
        means.append(weights @ values / weights.sum(axis=1, keepdims=True))
    return np.concatenate(means)
