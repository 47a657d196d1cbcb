"""Ink to light and back, by the photo's own colour profile."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image, ImageCms

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION


def to_rgb(ink: Image.Image, profile: bytes | None) -> Image.Image:
    """A mode CMYK picture in sRGB; without a usable profile by simple inversion."""
    return _convert(ink, profile, back=False) or ink.convert("RGB")


def to_ink(pixels: np.ndarray, profile: bytes | None) -> np.ndarray:
    """uint8 H x W x 3 sRGB -> uint8 H x W x 4 ink, the reverse of `to_rgb`."""
    light = Image.fromarray(pixels)
    return np.asarray(_convert(light, profile, back=True) or light.convert("CMYK"))


def _convert(image: Image.Image, profile: bytes | None, back: bool) -> Image.Image | None:
    if not profile:
        return None
    try:
        ink = ImageCms.getOpenProfile(io.BytesIO(profile))
        source, target = (_srgb(), ink) if back else (ink, _srgb())
        return ImageCms.profileToProfile(
            image, source, target, _INTENT, outputMode="CMYK" if back else "RGB", flags=_FLAGS
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None  # a damaged profile, or one for another kind of colour


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
