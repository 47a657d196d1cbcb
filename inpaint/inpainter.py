"""Inpainter: a method, the windows that a hole needs, and the pasting."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inpaint import mask as masks
from inpaint.depth import find_depth
from inpaint.errors import MethodError, PhotoError
from inpaint.known_pixels import blur_known, spread_known
from inpaint.large_holes import fill_window
from inpaint.methods import Method, create_method, fill_mirrored
from inpaint.photo import LUMINANCE, Photo
from inpaint.plan import Plan, make_plan
from inpaint.window import enclose, find_windows

if TYPE_CHECKING:
    from inpaint.formats.colour import ColourProfile

_DTYPES = (np.uint8, np.uint16, np.float32, np.float64)

Progress = Callable[[int, int], None]


class Inpainter:
    """Fills what a mask covers; every other pixel stays as it is, bit by bit.

    method: a name of `list_methods()`, a weights file, or an object with the Method contract.
    device, runtime: see `create_method`. max_memory: bytes that a restoration may
    take beside the program itself; larger windows are then filled in smaller tiles.
    texture: whether holes become texture as soon as the method says that this looks better; without
    it only those thicker than 60 pixels do, where much is known (docs/large-holes.md).
    One Inpainter serves several threads. MethodError or WeightsError if the method cannot be had.
    """

    def __init__(
        self,
        method: str | Path | Method = "default",
        device: str = "auto",
        max_memory: float | None = None,
        runtime: str = "auto",
        texture: bool = True,
    ) -> None:
        self.method = create_method(method, device, runtime)
        self.max_memory = max_memory
        self._thicknesses = {
            "max_thickness": getattr(self.method, "max_thickness", None),
            "texture_from": getattr(self.method, "texture_from", None) if texture else None,
        }

    def restore(
        self,
        photo: str | os.PathLike | bytes | Image.Image | np.ndarray | Photo,
        mask: str | os.PathLike | bytes | Image.Image | np.ndarray,
        *,
        invert: bool = False,
        turned: bool = False,
        opaque: bool = False,
        grow: int = 0,
        feather: float = 0,
        context: int | None = None,
        progress: Progress | None = None,
        on_plan: Callable[[Plan], None] | None = None,
    ) -> Photo:
        """The photo with what the mask covers filled.

        photo: all that `Photo.read` takes; mask: all that `read_mask` takes, of the photo's
        upright size, white or True = fill. The fill is made in sRGB and goes back into the
        photo's own colour profile.
        invert: black = fill instead. turned: the mask was drawn on the photo as it is stored,
        before its EXIF orientation. opaque: transparent parts under the mask become opaque.
        on_plan: called with the Plan before anything is computed.
        The others are those of `restore_array`. PhotoError or MaskError says what is wrong with
        which; the result's `notices` say what may be.
        """
        photo = Photo.read(photo)
        hole, notices = masks.read_hole(
            mask,
            (photo.height, photo.width),
            orientation=photo.traits.orientation,
            invert=invert,
            turned=turned,
        )
        hole = masks.grow(hole, grow)
        plan = self._plan(photo.pixels, hole, context)
        if on_plan is not None:
            on_plan(plan)
        box = enclose(plan.windows)
        fill = self._filled(
            photo.pixels[box.slices],
            hole[box.slices],
            plan.within(box),
            feather=feather,
            progress=progress,
            profile=photo.profile,
        )
        restored = photo.with_edit(fill, hole[box.slices], at=box)
        if opaque:
            restored = restored.opaque_in(hole)
        return replace(restored, notices=photo.notices + notices)

    def restore_array(
        self,
        image: np.ndarray,
        hole: np.ndarray,
        *,
        grow: int = 0,
        feather: float = 0,
        context: int | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """A copy of `image` with the hole filled; its dtype and shape stay.

        image: H x W x 3 RGB or H x W grey; uint8, uint16, or float32/64 from 0 to 1. hole: bool
        H x W, or what else `read_mask` takes.
        grow: pixels by which the hole grows first.
        feather: over this many pixels inside the hole's edge the fill is shifted towards the mean
        colour of its surroundings, which hides a seam; nothing of what was in the hole returns.
        context: pixels around each part of the hole that the method sees (find_windows).
        progress: called with (pixels of the hole done, pixels in all) before each fill and each
        round of a search for texture, after each tile or thick hole of a large window, and at the
        end. What it raises ends the restoration.
        MaskError if the hole is empty or of another size; PhotoError for another kind of image
        or one that is not finite outside the hole; MethodError for a context below 1.
        """
        _check_image(image)
        hole = masks.grow(masks.read_mask(hole, image.shape[:2]), grow)
        _check_values(image, hole)
        plan = self._plan(image, hole, context)
        return self._filled(image, hole, plan, feather=feather, progress=progress)

    def plan(
        self,
        photo: str | os.PathLike | bytes | Image.Image | np.ndarray | Photo,
        hole: np.ndarray,
        context: int | None = None,
    ) -> Plan:
        """What `restore` would compute for this bool H x W hole, and the memory it would take."""
        return self._plan(Photo.read(photo).pixels, hole, context)

    def _plan(self, image: np.ndarray, hole: np.ndarray, context: int | None) -> Plan:
        masks.check_hole(hole)
        windows = find_windows(hole, context)
        return make_plan(self.method, image, windows, self.max_memory)

    def _filled(
        self,
        image: np.ndarray,
        hole: np.ndarray,
        plan: Plan,
        *,
        feather: float,
        progress: Progress | None,
        profile: ColourProfile | None = None,
    ) -> np.ndarray:
        """A copy of the image with the hole filled, window by window.

        A colour that sRGB cannot hold reaches the method as the nearest that it can; by as much as
        the known pixels lose so, the fill beside them gains.
        """
        result, done, total = image.copy(), 0, int(np.count_nonzero(hole))

        def tell(pixels: int) -> None:
            nonlocal done
            done += pixels
            if progress is not None:
                progress(done, total)

        def call(picture: np.ndarray, part: np.ndarray) -> np.ndarray:
            tell(0)
            return self._call(picture, part)

        for window in plan.windows:
            part, before = hole[window.slices], done
            own = _to_float(image[window.slices], part)
            picture = own if profile is None else _to_srgb(own, part, profile)
            fill = fill_window(
                call, picture, part, plan.max_side, **self._thicknesses, on_filled=tell
            )
            filled = _feathered(fill, picture, part, feather)[part]
            if profile is not None:
                beyond = spread_known(own - profile.from_srgb(picture), part)
                filled = np.clip(profile.from_srgb(filled) + beyond[part], 0, 1)
            result[window.slices][part] = _from_float(filled, image)
            done = before + int(np.count_nonzero(part))
        tell(0)
        return result

    def _call(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        fill = np.asarray(fill_mirrored(self.method, picture, hole), np.float32)
        if fill.shape != picture.shape or not np.isfinite(fill[hole]).all():
            raise MethodError(
                f"method {self.method.name!r} failed: {picture.shape} went in, {fill.shape} "
                "came out, or values that are not numbers"
            )
        return np.clip(fill, 0, 1)


def _feathered(fill: np.ndarray, picture: np.ndarray, hole: np.ndarray, width: float) -> np.ndarray:
    """The fill, near the hole's edge shifted by how its mean colours differ from those outside.

    Both means are Gaussian, one of known pixels only, the other of the fill only.
    """
    weights = masks.feather(hole, width)[..., None]
    if width == 0 or hole.all():
        return fill
    sigma = max(min(width, float(find_depth(hole).max())) / 2, 1)
    outside, outside_share = blur_known(picture, hole, sigma)
    inside, _ = blur_known(fill, ~hole, sigma)
    shift = np.where(outside_share[..., None] > 1e-4, outside - inside, 0)
    return np.clip(fill + (1 - weights) * shift, 0, 1)


def _check_image(image: np.ndarray) -> None:
    shape = getattr(image, "shape", ())
    shaped = len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)
    if not shaped or 0 in shape or image.dtype not in _DTYPES:
        kind = f"{image.dtype} {shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise PhotoError(
            f"an image array is H x W x 3 or H x W of uint8, uint16, float32 or float64, not {kind}"
        )


def _check_values(image: np.ndarray, hole: np.ndarray) -> None:
    if image.dtype.kind != "f":
        return
    known = image[~hole]
    if not np.isfinite(known).all():
        raise PhotoError("the image has values outside the hole that are not numbers or infinite")
    if known.size and known.max() > 2:
        raise PhotoError(f"an image of floats goes from 0 to 1, not to {known.max():g}")


def _to_float(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """float32 H x W x 3 in [0, 1], with nothing in the hole that could reach the fill."""
    scale = np.float32(np.iinfo(image.dtype).max if image.dtype.kind == "u" else 1)
    picture = image.astype(np.float32) / scale
    picture[hole] = 0
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    return np.clip(picture, 0, 1)


def _to_srgb(own: np.ndarray, hole: np.ndarray, profile: ColourProfile) -> np.ndarray:
    return np.where(hole[..., None], np.float32(0), profile.to_srgb(own))


def _from_float(fill: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Pixels N x 3 in the image's dtype; N where it is grey."""
    if image.ndim == 2:
        fill = fill @ LUMINANCE
    if image.dtype.kind == "u":
        fill = np.rint(fill * np.float32(np.iinfo(image.dtype).max))
    return fill.astype(image.dtype)
