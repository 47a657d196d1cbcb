"""Smart select: a rough mark, a scribble or a loop, grown to the object that it means."""

from __future__ import annotations

import threading

import numpy as np

from inpaint._opencv import cv2
from inpaint.mask import grow
from inpaint.window import Window, bounding_box

_SIDE = 400  # pixels that GrabCut looks at, along the longer side
_ROUNDS = 4
_COLOURS = 5  # of the mark, and of the background, that others are compared with
_ENCLOSES = 2.0  # a mark that surrounds more than so many times its own area is a loop
_GAP = 0.25  # of a loop's extent, that its ends may be apart
_LEAST_SHARE = 0.15  # of a loop's inside: a smaller object was not meant
_LEAST_REACH = 24  # pixels around a scribble
_HALO = 2  # pixels that an object's edge blurs over
_SEED = 0
_lock = threading.Lock()  # GrabCut draws from OpenCV's one source of random numbers


def grow_selection(image: np.ndarray, rough: np.ndarray) -> np.ndarray:
    """The object that a rough mark lies on, or surrounds: bool H x W.

    image: uint8 H x W x 3 RGB; rough: bool H x W. A scribble is taken for part of the object, a
    loop or a box for what surrounds it (GrabCut: Rother, Kolmogorov, Blake, 2004). Deterministic.
    Where nothing can be told apart it is the mark itself, a loop filled.
    """
    box = bounding_box(rough)
    if box is None:
        return rough.copy()
    inside = _find_inside(rough, box)
    is_loop = inside is not None
    inside = rough if inside is None else inside
    window = _surroundings(box, rough.shape, is_loop)
    part, mark, filled = image[window.slices], rough[window.slices], inside[window.slices]
    labels = _label(mark, filled, is_loop)
    found = _cut(part, labels)
    if not is_loop:
        found = _parts_that_meet(found | mark, mark)
    elif found.sum() < _LEAST_SHARE * filled.sum():  # of the object only what shines
        found = filled
    selected = np.zeros_like(rough)
    selected[window.slices] = _fill_holes(found)
    return grow(selected, _HALO)


def _find_inside(rough: np.ndarray, box: Window) -> np.ndarray | None:
    """What a mark surrounds, itself included; None if it is no loop."""
    mark = rough[box.slices]
    inside = _fill_holes(mark)
    if inside.sum() <= _ENCLOSES * mark.sum():
        # Hands leave loops a bit open: thickened they close, and what stays hollow grows back.
        gap = round(_GAP * max(mark.shape))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap | 1, gap | 1))
        thick = cv2.dilate(np.pad(mark, gap).astype(np.uint8), disc)
        hollow = (_fill_holes(thick > 0) & (thick == 0)).astype(np.uint8)
        inside = cv2.dilate(hollow, disc)[gap : gap + box.height, gap : gap + box.width] > 0
        inside |= mark
        if inside.sum() <= _ENCLOSES * mark.sum():
            return None
    found = rough.copy()
    found[box.slices] = inside
    return found


def _surroundings(box: Window, shape: tuple[int, int], is_loop: bool) -> Window:
    margin = max(box.height, box.width) // 4 + 8
    if not is_loop:  # the object may go on, further the less the scribble is a line along it
        margin = max(margin + min(box.height, box.width), _LEAST_REACH)
    top, left = max(box.top - margin, 0), max(box.left - margin, 0)
    bottom = min(box.top + box.height + margin, shape[0])
    right = min(box.left + box.width + margin, shape[1])
    return Window(top, left, bottom - top, right - left)


def _label(mark: np.ndarray, filled: np.ndarray, is_loop: bool) -> np.ndarray:
    """What GrabCut is told: the background, what is surely or probably the object."""
    if is_loop:
        return np.where(filled & ~mark, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    labels = np.full(mark.shape, cv2.GC_PR_BGD, np.uint8)
    labels[0], labels[-1], labels[:, 0], labels[:, -1] = (cv2.GC_BGD,) * 4
    labels[mark] = cv2.GC_FGD
    return labels


def _cut(picture: np.ndarray, labels: np.ndarray) -> np.ndarray:
    height, width = labels.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)
    labels_small = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
    sure = (labels == cv2.GC_FGD).astype(np.uint8) * 255
    # Thin strokes survive the shrinking.
    labels_small[cv2.resize(sure, size, interpolation=cv2.INTER_AREA) > 60] = cv2.GC_FGD
    try:
        with _lock:
            cv2.setRNGSeed(_SEED)
            found = _grab(small, labels_small)
    except cv2.error:  # no object, or no background, to learn colours from
        return labels == cv2.GC_FGD
    found = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return cv2.resize(found * np.float32(1), (width, height), interpolation=cv2.INTER_CUBIC) > 0.5


def _grab(picture: np.ndarray, labels: np.ndarray) -> np.ndarray:
    sure = labels == cv2.GC_FGD
    if sure.any():  # by colour alone, what else is probably the object
        lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
        near, far = _distance(lab, sure), _distance(lab, labels == cv2.GC_BGD)
        labels = np.where((labels == cv2.GC_PR_BGD) & (near < far), cv2.GC_PR_FGD, labels)
    labels = np.ascontiguousarray(labels, np.uint8)
    models = np.zeros((2, 1, 65))
    cv2.grabCut(picture, labels, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))


def _distance(lab: np.ndarray, where: np.ndarray) -> np.ndarray:
    """How far each pixel's colour is from the nearest of the main colours there."""
    colours = lab[where]
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0)
    count = min(_COLOURS, len(colours))
    _, _, centres = cv2.kmeans(colours, count, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    return np.min([np.linalg.norm(lab - centre, axis=2) for centre in centres], axis=0)


def _fill_holes(mask: np.ndarray) -> np.ndarray:
    """With all that the mask surrounds."""
    padded = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, parts = cv2.connectedComponents(padded, connectivity=4)
    return (parts != parts[0, 0])[1:-1, 1:-1]


def _parts_that_meet(mask: np.ndarray, mark: np.ndarray) -> np.ndarray:
    _, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return np.isin(parts, np.unique(parts[mark]))
