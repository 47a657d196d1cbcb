"""AVIF and HEIC can only be encoded again: little moves, all else stays."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from inpaint.errors import PhotoError
from inpaint.formats import picture_file
from inpaint.photo import Photo

pillow_heif = pytest.importorskip("pillow_heif")

ORIENTATION, MAKER, EXIF_GROUP, TAKEN = 0x0112, 0x010F, 0x8769, 0x9003
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 3, y * 4, (x + y) * 2], axis=-1).astype(np.uint8)


def save(pixels: np.ndarray, format: str, orientation: int = 1, **options) -> bytes:
    pillow_heif.register_heif_opener(thumbnails=False)
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = orientation, "Maker"
    exif.get_ifd(EXIF_GROUP)[TAKEN] = "2020:01:01 00:00:00"
    buffer = io.BytesIO()
    options = {"quality": 95, "exif": exif.tobytes(), "icc_profile": SRGB, "xmp": XMP} | options
    Image.fromarray(pixels).save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_way_and_metadata_stay_and_what_moves_is_counted(format, orientation):
    data = save(smooth(48, 64), format, orientation)
    photo = Photo.read(data)
    assert (photo.height, photo.width) == ((64, 48) if orientation > 4 else (48, 64))
    shown = Image.fromarray(smooth(48, 64))
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}.get(orientation)
    shown = np.asarray(shown if turn is None else shown.transpose(Image.Transpose(turn)), int)
    assert np.abs(photo.pixels - shown).mean() < 3
    hole = np.zeros((photo.height, photo.width), bool)
    hole[4:30, 8:20] = True
    encoded = photo.with_edit(np.full_like(photo.pixels, 77), hole).encoded()
    assert (encoded.format, encoded.coefficients_kept) == (format, False)
    again = Photo.read(encoded.data)
    assert again.pixels.shape == photo.pixels.shape
    assert np.abs(again.pixels[hole].astype(int) - 77).mean() < 4
    moves = np.abs(again.pixels.astype(int) - photo.pixels).max(axis=2)[~hole]
    assert (encoded.moved_pixels, encoded.largest_move) == (np.count_nonzero(moves), moves.max())
    assert moves.mean() < 4
    with Image.open(io.BytesIO(encoded.data)) as new, Image.open(io.BytesIO(data)) as old:
        assert new.size == old.size
        assert new.info["icc_profile"] == SRGB
        assert new.info["xmp"] == XMP
        exif = new.getexif()
        assert exif[MAKER] == "Maker"
        assert exif.get_ifd(EXIF_GROUP)[TAKEN] == "2020:01:01 00:00:00"
        assert exif.get(ORIENTATION, 1) == old.getexif().get(ORIENTATION, 1)


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
def test_alpha_stays(format):
    alpha = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    photo = Photo.read(save(np.dstack([smooth(48, 64), alpha]), format))
    again = Photo.read(photo.encode())
    assert np.abs(again.alpha.astype(int) - alpha).max() <= 12


def test_more_than_8_bits_are_reduced_and_this_is_told():
    levels = (smooth(48, 64).astype(np.uint16) * 257).tobytes()
    deep = pillow_heif.from_bytes("RGB;16", (64, 48), levels)
    buffer = io.BytesIO()
    deep.save(buffer, quality=95)
    photo = Photo.read(buffer.getvalue())
    assert any("8 bits" in notice for notice in photo.notices)
    assert np.abs(photo.pixels.astype(int) - smooth(48, 64)).mean() < 4


def test_without_its_package_heic_says_what_to_install(monkeypatch):
    data = save(smooth(48, 64), "HEIF")
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match="pip install pillow-heif"):
        picture_file.open_picture(data)
