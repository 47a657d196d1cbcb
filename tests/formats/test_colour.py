"""Photos of wide gamut: kept outside the hole, filled in their own colours."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from inpaint import Inpainter, Photo
from inpaint.formats import colour

# X, Y, Z of red, green and blue under D50.
DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
PRIMARIES = {"Display P3": DISPLAY_P3, "Adobe RGB": ADOBE_RGB}


def make_profile(primaries: tuple) -> bytes:
    """sRGB's profile with other primaries."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", profile, 128)
    for i in range(count):
        name, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * i)
        if name in (b"rXYZ", b"gXYZ", b"bXYZ"):
            values = (round(value * 65536) for value in primaries[b"rgb".index(name[:1])])
            struct.pack_into(">iii", profile, offset + 8, *values)
    return bytes(profile)


@pytest.fixture(params=PRIMARIES.values(), ids=list(PRIMARIES))
def profile(request):
    return make_profile(request.param)


class Mean:
    """Fills with the mean of what is known, and notes it."""

    name = "mean"
    max_side = None
    seen = None

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        self.seen = image[~hole].mean(axis=0)
        return np.broadcast_to(self.seen, image.shape)


class Gradient:
    name = "gradient"
    max_side = None

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        levels = np.linspace(0.25, 0.75, image.shape[1], dtype=np.float32)
        return np.broadcast_to(levels[None, :, None], image.shape)


def save(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def with_profile(array: np.ndarray, profile: bytes) -> Photo:
    """A 16-bit photo as if its file had said so."""
    photo = Photo.read(array)
    object.__setattr__(photo.traits, "icc_profile", profile)
    return photo


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_wide_colours_outside_the_hole_stay(format, profile, picture, hole):
    pixels = picture(60, 80)
    pixels[:20] = (255, 0, 0)  # as saturated as the profile goes, beyond sRGB
    options = {"lossless": True} if format == "WEBP" else {}
    data = save(Image.fromarray(pixels), format, icc_profile=profile, **options)
    encoded = Inpainter(Mean()).restore(data, hole(60, 80)).encoded()
    with Image.open(io.BytesIO(encoded.data)) as image:
        assert image.info["icc_profile"] == profile
        np.testing.assert_array_equal(np.asarray(image)[~hole(60, 80)], pixels[~hole(60, 80)])


@pytest.mark.parametrize("colour", [(120, 140, 90), (60, 60, 60), (200, 120, 110), (90, 110, 160)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_region_of_one_colour_is_filled_with_it(colour, dtype, profile, hole):
    scale = 257 if dtype is np.uint16 else 1
    pixels = np.broadcast_to(dtype(colour) * dtype(scale), (30, 40, 3)).copy()
    mask = hole(30, 40)
    pixels[mask] = 0
    method = Mean()
    restored = Inpainter(method).restore(with_profile(pixels, profile), mask)
    assert np.abs(restored.pixels[mask].astype(int) - np.multiply(colour, scale)).max() <= 2 * scale
    if max(colour) != min(colour):  # the method saw sRGB, not the file's numbers
        assert np.abs(method.seen * 255 - colour).max() > 3


@pytest.mark.parametrize("colour", [(250, 20, 20), (20, 200, 40), (255, 128, 0), (0, 255, 255)])
@pytest.mark.parametrize("method", ["telea", "biharmonic"])
def test_a_colour_beyond_srgb_is_filled_with_itself(colour, method, profile):
    pixels = np.broadcast_to(np.uint8(colour), (90, 120, 3)).copy()
    mask = np.zeros((90, 120), bool)
    mask[30:60, 40:90] = True
    pixels[mask] = 0
    restored = Inpainter(method).restore(with_profile(pixels, profile), mask)
    assert np.abs(restored.pixels[mask].astype(int) - colour).max() <= 1


def test_the_method_sees_srgb_as_a_colour_engine_has_it(profile, picture, hole):
    pixels = np.broadcast_to(np.uint8([150, 130, 80]), (12, 14, 3)).copy()
    method = Mean()
    Inpainter(method).restore(with_profile(pixels, profile), hole(12, 14))
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    srgb = ImageCms.createProfile("sRGB")
    wanted = ImageCms.profileToProfile(Image.fromarray(pixels), own, srgb).getpixel((0, 0))
    np.testing.assert_allclose(method.seen * 255, wanted, atol=1)


def test_a_gradient_in_16_bits_has_no_bands(profile):
    pixels = np.full((4, 3000, 3), 30000, np.uint16)
    mask = np.ones((4, 3000), bool)
    mask[0] = False
    for photo in (Photo.read(pixels), with_profile(pixels, profile)):
        row = Inpainter(Gradient()).restore(photo, mask).pixels[2].astype(int)
        assert (np.diff(row, axis=0) >= 0).all()
        assert len(np.unique(row[:, 1])) > 2900
        assert np.diff(row, axis=0).max() < 40  # of 65535; a level of 8 bits is 257


def test_srgb_needs_no_conversion():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert colour.find_profile(srgb) is None
    assert colour.find_profile(None) is None
    assert colour.find_profile(b"junk" * 50) is None
    assert colour.find_profile(make_profile(DISPLAY_P3)) is not None


def test_a_damaged_profile_is_kept_and_does_no_harm(picture, hole):
    profile = make_profile(ADOBE_RGB)
    damaged = profile[:130] + bytes(len(profile) - 130)
    data = save(Image.fromarray(picture(20, 30)), "PNG", icc_profile=damaged)
    restored = Inpainter(Mean()).restore(data, hole(20, 30))
    with Image.open(io.BytesIO(restored.encode())) as image:
        assert image.info["icc_profile"] == damaged


def test_there_and_back_is_no_change(profile):
    found = colour.find_profile(profile)
    rng = np.random.default_rng(0)  # greyish: within sRGB
    levels = rng.random((50, 40, 1), np.float32) * 0.5 + 0.15
    levels = levels + rng.random((50, 40, 3), np.float32) * 0.15
    again = found.from_srgb(found.to_srgb(levels))
    assert np.abs(again - levels).max() * 255 < 2.5
    assert np.abs(again - levels).mean() * 255 < 0.5
