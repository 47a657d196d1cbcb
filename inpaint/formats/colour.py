"""Colours of a photo's own profile to sRGB, in which the methods work, and back."""

from __future__ import annotations

import io
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageCms

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION

# A profile that moves no colour by more than this many of 255 levels is taken for sRGB.
_SAME = 2
_STEP = 5  # of 255: between the nodes of a colour table


class ColourProfile:
    """An RGB profile as two tables of colours, for values of any depth."""

    def __init__(self, to_srgb: np.ndarray, from_srgb: np.ndarray) -> None:
        self._to_srgb, self._from_srgb = to_srgb, from_srgb

    def to_srgb(self, pixels: np.ndarray) -> np.ndarray:
        """float32 ... x 3 in the profile's colours -> sRGB, all in [0, 1]."""
        return _look_up(self._to_srgb, pixels)

    def from_srgb(self, pixels: np.ndarray) -> np.ndarray:
        """The reverse of `to_srgb`."""
        return _look_up(self._from_srgb, pixels)


@lru_cache(maxsize=8)
def find_profile(icc_profile: bytes | None) -> ColourProfile | None:
    """The profile, or None where sRGB does: there is none, it is sRGB, unusable or not for RGB."""
    if not icc_profile or icc_profile[16:20] != b"RGB ":
        return None
    levels = np.arange(0, 256, _STEP, dtype=np.uint8)
    nodes = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    flat = Image.fromarray(nodes.reshape(len(levels), -1, 3))
    tables = [_convert(flat, icc_profile, back) for back in (False, True)]
    if None in tables:
        return None
    to_srgb, from_srgb = (np.asarray(table).reshape(nodes.shape) for table in tables)
    if np.abs(to_srgb.astype(np.int16) - nodes).max() <= _SAME:
        return None
    return ColourProfile(*(np.float32(table) / 255 for table in (to_srgb, from_srgb)))


def ink_to_rgb(ink: Image.Image, profile: bytes | None) -> Image.Image:
    """A mode CMYK picture in sRGB; without a usable profile by simple inversion."""
    return _convert(ink, profile, back=False) or ink.convert("RGB")


def rgb_to_ink(pixels: np.ndarray, profile: bytes | None) -> np.ndarray:
    """uint8 H x W x 3 sRGB -> uint8 H x W x 4 ink, the reverse of `ink_to_rgb`."""
    light = Image.fromarray(pixels)
    return np.asarray(_convert(light, profile, back=True, mode="CMYK") or light.convert("CMYK"))


def _convert(
    image: Image.Image, profile: bytes | None, back: bool, mode: str = "RGB"
) -> Image.Image | None:
    """From the profile to sRGB or back; None for a damaged profile or one for another mode."""
    if not profile:
        return None
    try:
        own = ImageCms.getOpenProfile(io.BytesIO(profile))
        source, target = (_srgb(), own) if back else (own, _srgb())
        return ImageCms.profileToProfile(
            image, source, target, _INTENT, outputMode=mode, flags=_FLAGS
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _look_up(table: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Linear interpolation between the table's nodes."""
    from scipy.ndimage import map_coordinates

    places = np.moveaxis(np.clip(pixels, 0, 1) * (255 / _STEP), -1, 0)
    channels = [
        map_coordinates(table[..., i], places, np.float32, order=1, mode="nearest")
        for i in range(3)
    ]
    return np.stack(channels, axis=-1)
