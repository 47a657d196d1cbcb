"""What a fill repeats and its photo does not: rows of one thing, where near patches took one place.

Means against repetition count how often each place is taken (Kaspar et al., 2015), and tear what
repeats itself by nature: bricks, blinds, foam. So only what is near counts here, and only where
the photo, as far away from that place, shows something else.
"""

from __future__ import annotations

import numpy as np

from inpaint.patch_field import PATCH, PatchField
from inpaint.patches import cut_patches

_NEAREST, _FARTHEST = 4, 24  # pixels across or down, from a patch to what repeats it
_TIMES = 2  # that a patch is repeated
_PLAIN = 0.03**2  # variance, black to white is 1: in plainer patches nobody sees it
# The photo repeats a patch where another is as near to it as this, and a share of its variance.
_ALIKE, _SHARE = 0.06**2, 0.7
_MOST = 32  # patches with one place, of which pairs are looked for
_AT_ONCE = 4_096  # pairs
_SHIFTS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]  # or one of these pixels beside


def find_repeated(field: PatchField) -> np.ndarray:
    """Which of the n patches of the field are repeated near by, and not so in the photo: bool n."""
    places = field.places()
    looks = cut_patches(field.picture, places, PATCH)
    variances = looks.var(axis=2).mean(axis=1)
    first, second = _find_pairs(places, field.corners, variances > _PLAIN)
    beside = places[first] + field.corners[second] - field.corners[first]
    compared = np.flatnonzero(field.may_take(beside))  # elsewhere nothing is known
    first, beside = first[compared], beside[compared]
    unlike = np.empty(len(first), np.float32)
    for start in range(0, len(first), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        unlike[part] = _compare(field, beside[part], looks[first[part]])
    odd = unlike > _ALIKE + _SHARE * variances[first]
    return np.bincount(first[odd], minlength=len(places)) >= _TIMES


def _compare(field: PatchField, places: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """How far n known patches are from n looks, or what lies a pixel beside them: mean squares."""
    unlike = np.full(len(places), np.inf, np.float32)
    for shift in _SHIFTS:
        fit = field.may_take(places + shift)
        differences = cut_patches(field.picture, (places + shift)[fit], PATCH) - looks[fit]
        unlike[fit] = np.minimum(unlike[fit], np.square(differences).mean(axis=(1, 2)))
    return unlike


def _find_pairs(
    places: np.ndarray, corners: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of the n patches that are seen (bool n) those that take the same place (n x 2) near each
    other: m firsts and m seconds, each pair both ways round."""
    order = np.flatnonzero(seen)
    order = order[np.lexsort(places[order].T)]
    pairs = [np.empty((0, 2), int)]
    for later in range(1, min(len(order), _MOST)):
        same = (places[order[later:]] == places[order[:-later]]).all(axis=1)
        if not same.any():
            break
        pairs.append(np.stack([order[:-later][same], order[later:][same]], axis=1))
    first, second = np.concatenate(pairs).T
    apart = np.abs(corners[first] - corners[second]).max(axis=1)
    near = (apart >= _NEAREST) & (apart <= _FARTHEST)
    first, second = first[near], second[near]
    return np.concatenate([first, second]), np.concatenate([second, first])
