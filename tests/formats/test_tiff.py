"""TIFF files, read by tifffile: samples, depth, inks and tags stay."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint import Inpainter, Photo
from inpaint.errors import PhotoError
from inpaint.formats import tiff

ORIENTATION, DESCRIPTION, ARTIST, PRIVATE = 274, 270, 315, 65001


class Constant:
    name = "constant"
    max_side = None

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return np.full_like(image, (0.3, 0.6, 0.9))


def write(samples: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    colours = "rgb" if samples.ndim == 3 and samples.shape[-1] > 2 else "minisblack"
    tifffile.imwrite(buffer, samples, metadata=None, **{"photometric": colours, **options})
    return buffer.getvalue()


def tags(data: bytes) -> dict[str, object]:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return {tag.name: tag.value for tag in file.pages[0].tags.values()}


def read(data: bytes) -> np.ndarray:
    return tifffile.imread(io.BytesIO(data))


@pytest.mark.parametrize(
    ("channels", "dtype"),
    [
        *((channels, np.uint8) for channels in (1, 2, 3, 4)),
        *((channels, np.uint16) for channels in (1, 3, 4)),  # Pillow opens no other
    ],
)
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_samples_and_their_kind_stay(channels, dtype, compression, byteorder, hole):
    rng = np.random.default_rng(channels)
    top = np.iinfo(dtype).max
    samples = rng.integers(0, top + 1, (18, 25, channels), dtype)
    extra = ["unassalpha"] if channels in (2, 4) else None
    flat = samples[..., 0] if channels == 1 else samples
    data = write(
        flat,
        compression=compression,
        byteorder=byteorder,
        extrasamples=extra,
        planarconfig="contig" if channels > 1 else None,
    )
    mask = hole(18, 25)
    encoded = Inpainter(Constant()).restore(data, mask).encoded()
    again = read(encoded.data).reshape(samples.shape)
    assert encoded.notices == ()
    assert again.dtype == dtype
    np.testing.assert_array_equal(again[~mask], samples[~mask])
    old, new = tags(data), tags(encoded.data)
    for name in ("BitsPerSample", "PhotometricInterpretation", "SamplesPerPixel", "ExtraSamples"):
        assert new.get(name) == old.get(name), name
    assert (new["Compression"] == 1) == (compression is None)
    if channels > 2:
        wanted = np.rint(np.float32([0.3, 0.6, 0.9]) * top)
        np.testing.assert_array_equal(again[mask][:, :3], np.tile(wanted, (mask.sum(), 1)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_picture_lies_in_the_file_as_it_did(orientation, dtype, hole):
    samples = np.random.default_rng(orientation).integers(0, 200, (18, 25, 3), dtype)
    data = write(samples, extratags=[(ORIENTATION, 3, 1, orientation, True)])
    photo = Photo.read(data)
    shape = (25, 18) if orientation > 4 else (18, 25)
    assert (photo.height, photo.width) == shape
    mask = np.zeros(shape, bool)
    mask[0, 0] = mask[3:7, 2:9] = True
    encoded = Inpainter(Constant()).restore(photo, mask).encode()
    assert tags(encoded)["Orientation"] == orientation
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)
    stored = Image.fromarray(mask)
    stored = np.asarray(stored if turn is None else stored.transpose(Image.Transpose(turn)))
    changed = (read(encoded) != samples).any(axis=2)
    np.testing.assert_array_equal(changed, stored)


def test_separate_planes_are_read(hole):
    samples = np.random.default_rng(0).integers(0, 65536, (3, 18, 25), np.uint16)
    data = write(samples, planarconfig="separate", photometric="rgb")
    again = read(Inpainter(Constant()).restore(data, hole(18, 25)).encode())
    np.testing.assert_array_equal(again[~hole(18, 25)], np.moveaxis(samples, 0, -1)[~hole(18, 25)])


@pytest.mark.parametrize(("tile", "compression"), [((16, 16), None), ((32, 16), "zlib")])
def test_tiles_are_read(tile, compression, hole):
    samples = np.random.default_rng(0).integers(0, 65536, (48, 70, 3), np.uint16)
    data = write(samples, tile=tile, compression=compression)
    again = read(Inpainter(Constant()).restore(data, hole(48, 70)).encode())
    np.testing.assert_array_equal(again[~hole(48, 70)], samples[~hole(48, 70)])


def test_inks_stay_where_the_hole_is_not(hole):
    inks = np.random.default_rng(0).integers(0, 256, (18, 25, 4), np.uint8)
    data = write(inks, photometric="separated")
    encoded = Inpainter(Constant()).restore(data, hole(18, 25)).encode()
    np.testing.assert_array_equal(read(encoded)[~hole(18, 25)], inks[~hole(18, 25)])
    assert tags(encoded)["PhotometricInterpretation"] == 5
    assert (read(encoded)[hole(18, 25)] != inks[hole(18, 25)]).any()


@pytest.mark.parametrize("unit", [1, 2, 3])
def test_tags_stay(unit, hole, picture):
    data = write(
        picture(18, 25),
        description="Ann's scan",
        software="scanner 3",
        datetime="2024:05:06 07:08:09",
        resolution=(118.11, 118.11),
        resolutionunit=unit,
        extratags=[(ARTIST, 2, 0, "Ann", True), (PRIVATE, 4, 3, (7, 8, 9), True)],
    )
    old, new = tags(data), tags(Inpainter(Constant()).restore(data, hole(18, 25)).encode())
    names = ["ImageDescription", "Software", "DateTime", "Artist", "XResolution", "YResolution"]
    for name in [*names, "ResolutionUnit", str(PRIVATE)]:
        assert new[name] == old[name], name


def test_no_resolution_is_made_up(picture, hole):
    buffer = io.BytesIO()
    Image.fromarray(picture(18, 25)).save(buffer, "TIFF")
    assert "XResolution" not in tags(buffer.getvalue())
    photo = Inpainter(Constant()).restore(buffer.getvalue(), hole(18, 25))
    assert "XResolution" not in tags(photo.encode())
    with Image.open(io.BytesIO(photo.encode("PNG"))) as image:
        assert "dpi" not in image.info


def test_a_resolution_outlives_the_metadata(picture):
    photo = Photo.read(
        write(picture(18, 25), resolution=(300, 300), resolutionunit=2, software="x")
    )
    with Image.open(io.BytesIO(photo.without_metadata().encode())) as image:
        assert tuple(image.info["dpi"]) == (300, 300)
        assert 305 not in image.tag_v2


def test_profile_and_xmp_stay_and_xmp_loses_its_thumbnail(picture, hole):
    xmp = b"<x><xmp:Thumbnails>unrestored</xmp:Thumbnails><y/></x>"
    profile = b"a profile's bytes" * 9
    profile = profile[:16] + b"RGB " + profile[20:]
    data = write(picture(18, 25), extratags=[(700, 1, len(xmp), xmp, True)], iccprofile=profile)
    new = tags(Inpainter(Constant()).restore(data, hole(18, 25)).encode())
    assert new["XMP"] == b"<x><y/></x>"
    assert new["InterColorProfile"] == profile


def test_many_strips_hold_together():
    samples = np.random.default_rng(0).integers(0, 65536, (900, 700, 3), np.uint16)
    for compressed in (True, False):
        data = tiff.encode(
            samples,
            alpha=False,
            exif=None,
            icc_profile=None,
            xmp=None,
            dpi=None,
            compressed=compressed,
        )
        assert len(tags(data)["StripOffsets"]) > 2
        np.testing.assert_array_equal(read(data), samples)
        np.testing.assert_array_equal(tiff.decode_16_bits(data, (900, 700)), samples)


def test_several_pages_are_refused(picture):
    pages = np.stack([picture(18, 25)] * 2)
    with pytest.raises(PhotoError, match="several pictures"):
        Photo.read(write(pages, photometric="rgb"))


def test_floats_are_refused():
    with pytest.raises(PhotoError):
        Photo.read(write(np.zeros((9, 9, 3), np.float32), photometric="rgb"))


def test_a_damaged_exif_block_is_left_out(picture):
    for exif in (
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff",
        b"II*\0" + struct.pack("<I", 8),
    ):
        data = tiff.encode(
            picture(8, 9),
            alpha=False,
            exif=exif,
            icc_profile=None,
            xmp=None,
            dpi=(72, 72),
            compressed=True,
        )
        np.testing.assert_array_equal(read(data), picture(8, 9))
