"""A photo goes into its file as it came, but for what was edited."""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from inpaint.errors import PhotoError
from inpaint.formats import FORMATS, SUFFIXES
from inpaint.photo import Photo

TIFF_DEFLATE = "tiff_adobe_deflate"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MAKER, ORIENTATION, EXIF_GROUP, GPS_GROUP, TAKEN = 0x010F, 0x0112, 0x8769, 0x8825, 0x9003


def make_exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKER] = "Maker"
    exif.get_ifd(EXIF_GROUP)[TAKEN] = "2020:01:01 00:00:00"
    exif.get_ifd(GPS_GROUP)[1] = "N"
    return exif.tobytes()


def save(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def reopen(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def edit(photo: Photo, hole: np.ndarray, value: int = 77) -> Photo:
    return photo.with_edit(np.full_like(photo.pixels, value), hole)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_lies_turned_stays_turned(format, orientation, picture, hole):
    stored = Image.fromarray(picture(24, 40))
    lossless = {"lossless": True} if format == "WEBP" else {}
    data = save(stored, format, exif=make_exif(orientation), **lossless)
    photo = Photo.read(data)
    assert photo.pixels.shape == ((40, 24, 3) if orientation >= 5 else (24, 40, 3))
    mask = hole(photo.height, photo.width)
    written = edit(photo, mask).encode()
    again = Photo.read(written)
    with reopen(written) as image, reopen(data) as before:
        assert image.size == before.size
        assert image.getexif()[ORIENTATION] == orientation
    if format != "JPEG":
        assert (again.pixels[mask] == 77).all()
        np.testing.assert_array_equal(again.pixels[~mask], photo.pixels[~mask])
    else:
        assert abs(int(np.median(again.pixels[mask])) - 77) <= 3


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_metadata_is_kept(format, picture, hole):
    data = save(
        Image.fromarray(picture(32, 48)),
        format,
        exif=make_exif(),
        icc_profile=SRGB,
        dpi=(300, 300),
        **({"xmp": XMP} if format in ("JPEG", "WEBP", "AVIF") else {}),
    )
    photo = Photo.read(data)
    assert photo.format == format
    assert photo.notices == ()
    with reopen(data) as before, reopen(edit(photo, hole(32, 48)).encode()) as after:
        assert after.format == format
        assert after.info["icc_profile"] == SRGB
        exif = after.getexif()
        assert exif[MAKER] == "Maker"
        assert exif.get_ifd(EXIF_GROUP)[TAKEN] == "2020:01:01 00:00:00"
        assert exif.get_ifd(GPS_GROUP)[1] == "N"
        assert after.info.get("xmp") == before.info.get("xmp")
        if format in ("JPEG", "PNG", "TIFF"):
            assert tuple(map(round, after.info["dpi"])) == (300, 300)
        if format in ("JPEG", "PNG", "WEBP"):
            assert after.info["exif"] == before.info["exif"]


@pytest.mark.parametrize("target", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_metadata_goes_into_another_format(target, picture):
    photo = Photo.read(save(Image.fromarray(picture(16, 24)), "JPEG", exif=make_exif(6), xmp=XMP))
    with reopen(photo.encode(target)) as image:
        exif = image.getexif()
        assert (exif[MAKER], exif.get_ifd(EXIF_GROUP)[TAKEN]) == ("Maker", "2020:01:01 00:00:00")
        xmp = image.info.get("xmp") or image.info["XML:com.adobe.xmp"].encode()
        assert xmp == XMP
    again = Photo.read(photo.encode(target))
    assert (again.height, again.width) == (24, 16)


def test_a_format_without_exif_is_written_upright(picture):
    photo = Photo.read(save(Image.fromarray(picture(16, 24)), "PNG", exif=make_exif(6)))
    np.testing.assert_array_equal(Photo.read(photo.encode("BMP")).pixels, photo.pixels)


def test_orientation_may_stand_in_xmp_alone(picture):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
    photo = Photo.read(save(Image.fromarray(picture(16, 24)), "JPEG", xmp=xmp))
    assert (photo.height, photo.width) == (24, 16)
    again = Photo.read(photo.encode())
    assert (again.height, again.width) == (24, 16)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_keeps_its_tables_and_its_order(subsampling, progressive, picture):
    options = {"quality": 71, "subsampling": subsampling, "progressive": progressive}
    data = save(Image.fromarray(picture(64, 48)), "JPEG", comment=b"by hand", **options)
    with reopen(data) as before, reopen(Photo.read(data).encode()) as after:
        assert after.quantization == before.quantization
        assert [part[1:3] for part in after.layer] == [part[1:3] for part in before.layer]
        assert after.info.get("progressive", 0) == before.info.get("progressive", 0)
        assert after.info["comment"] == b"by hand"


def test_jpeg_that_stores_rgb_still_does(picture):
    data = save(Image.fromarray(picture(32, 32)), "JPEG", keep_rgb=True, quality=90)
    with reopen(data) as before, reopen(Photo.read(data).encode()) as after:
        assert before.info["adobe_transform"] == after.info["adobe_transform"] == 0


def test_a_very_detailed_progressive_jpeg_is_written():
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    data = save(Image.fromarray(noise), "JPEG", quality=100, subsampling=0)
    photo = Photo.read(data)
    photo.traits.jpeg["progressive"] = True
    assert Photo.read(photo.encode()).width == 96


def test_quality_replaces_the_tables(picture):
    photo = Photo.read(save(Image.fromarray(picture(64, 64)), "JPEG", quality=60))
    assert len(photo.encode(quality=95)) > len(photo.encode()) > len(photo.encode(quality=10))
    for quality in (0, 101, -5):
        with pytest.raises(PhotoError, match="1 to 100"):
            photo.encode(quality=quality)


def test_lossless_webp_stays_lossless(picture, hole):
    pixels = picture(40, 40)
    rgba = np.dstack([pixels, np.where(hole(40, 40), 0, 255).astype(np.uint8)])
    photo = Photo.read(save(Image.fromarray(rgba), "WEBP", lossless=True, exact=True))
    again = Photo.read(photo.encode())
    np.testing.assert_array_equal(again.pixels, pixels)
    np.testing.assert_array_equal(again.alpha, rgba[..., 3])


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_stays_compressed_or_raw(compression, picture):
    data = save(Image.fromarray(picture(20, 30)), "TIFF", compression=compression)
    with reopen(Photo.read(data).encode()) as image:
        assert image.info["compression"] == ("raw" if compression == "raw" else TIFF_DEFLATE)
        np.testing.assert_array_equal(np.asarray(image), picture(20, 30))


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_tiff_keeps_exif_whatever_its_compression(compression, picture):
    data = save(Image.fromarray(picture(20, 30)), "TIFF", exif=make_exif())
    photo = Photo.read(data)
    object.__setattr__(photo.traits, "compressed_tiff", compression != "raw")
    with reopen(photo.encode()) as image:
        assert image.getexif().get_ifd(EXIF_GROUP)[TAKEN] == "2020:01:01 00:00:00"
        np.testing.assert_array_equal(np.asarray(image), picture(20, 30))


def test_png_keeps_texts_and_gamma(picture):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Ann")
    texts.add_itxt("Title", "Straße", "de", "Titel")
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    texts.add(b"gAMA", struct.pack(">I", 100000))
    data = save(Image.fromarray(picture(20, 30)), "PNG", pnginfo=texts)
    with reopen(Photo.read(data).encode()) as image:
        image.load()
        assert image.info["Author"] == "Ann"
        assert image.info["Title"] == "Straße"
        assert image.info["gamma"] == 1
        assert image.info["XML:com.adobe.xmp"] == XMP.decode()


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_thumbnail_of_the_unrestored_photo_goes(order, picture):
    thumbnail = save(Image.fromarray(picture(16, 16)), "JPEG")
    entries = struct.pack(f"{order}HHHI4s", 1, MAKER, 2, 4, b"Ann\0")
    second = 8 + len(entries) + 4
    address = second + 2 + 2 * 12 + 4
    links = struct.pack(f"{order}H", 2)
    links += struct.pack(f"{order}HHIIHHII", 0x201, 4, 1, address, 0x202, 4, 1, len(thumbnail))
    mark = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8)
    tiff = mark + entries + struct.pack(f"{order}I", second) + links + bytes(4) + thumbnail
    data = save(Image.fromarray(picture(32, 32)), "JPEG", exif=b"Exif\0\0" + tiff)
    with reopen(Photo.read(data).encode()) as image:
        assert image.getexif()[MAKER] == "Ann"
        written = image.info["exif"][6:]
    unlinked = mark + entries + bytes(4) + links + bytes(4) + bytes(len(thumbnail))
    assert written == unlinked


def test_damaged_exif_is_no_obstacle(picture):
    for block in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0\x09"):
        data = save(Image.fromarray(picture(16, 16)), "JPEG", exif=block)
        assert Photo.read(data).encode()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "P"])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_modes_keep_their_pixels_outside_the_hole(mode, format, picture, hole):
    source = Image.fromarray(picture(30, 40))
    if mode in ("RGBA", "LA"):
        source.putalpha(Image.fromarray(picture(30, 40)[..., 2]))
    image = source.convert(mode)
    photo = Photo.read(save(image, format))
    assert (photo.alpha is not None) == (mode in ("RGBA", "LA"))
    mask = hole(30, 40)
    written = edit(photo, mask).encode()
    with reopen(written) as after:
        kept = {"1": "L", "P": "RGB"}.get(mode, mode)
        assert after.mode == kept
        np.testing.assert_array_equal(
            np.asarray(after)[~mask], np.asarray(image.convert(kept))[~mask]
        )
        assert (Photo.read(written).pixels[mask] == 77).all()
    assert bool(photo.notices) == (mode in ("1", "P"))


def test_a_fill_with_colours_becomes_grey_in_a_grey_photo(picture, hole):
    photo = Photo.read(save(Image.fromarray(picture(30, 30)[..., 0]), "PNG"))
    mask = hole(30, 30)
    edited = photo.with_edit(picture(30, 30), mask)
    assert (edited.pixels == edited.pixels[..., :1]).all()
    with reopen(edited.encode()) as image:
        assert image.mode == "L"
        expected = np.asarray(Image.fromarray(picture(30, 30)).convert("L"), int)
        assert np.abs(np.asarray(image, int) - expected)[mask].max() <= 1


def test_colour_keys_and_palettes_with_transparency_become_alpha(picture):
    pixels = picture(10, 10)
    pixels[0, 0] = (1, 2, 3)
    key = Photo.read(save(Image.fromarray(pixels), "PNG", transparency=(1, 2, 3)))
    assert key.alpha[0, 0] == 0
    assert key.alpha[5, 5] == 255
    palette = Image.fromarray(pixels).quantize(16)
    clear = palette.getpixel((3, 3))
    photo = Photo.read(save(palette, "PNG", transparency=clear))
    assert photo.alpha[3, 3] == 0
    assert photo.alpha.max() == 255


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_keeps_its_inks_outside_the_hole(format, picture, hole):
    ink = Image.fromarray(picture(32, 32)).convert("CMYK")
    photo = Photo.read(save(ink, format))
    mask = hole(32, 32)
    edited = edit(photo, mask)
    np.testing.assert_array_equal(edited.ink[~mask], photo.ink[~mask])
    with reopen(edited.encode()) as after:
        assert after.mode == "CMYK"
        if format == "TIFF":
            np.testing.assert_array_equal(np.asarray(after)[~mask], np.asarray(ink)[~mask])
    again = Photo.read(edited.encode())
    assert np.abs(again.pixels[mask].astype(int) - 77).max() <= (24 if format == "JPEG" else 3)
    with reopen(photo.encode("PNG")) as image:
        assert image.mode == "RGB"


def test_a_profile_that_fits_no_ink_is_no_obstacle(picture, hole):
    ink = Image.fromarray(picture(16, 16)).convert("CMYK")
    for profile in (SRGB, b"no profile at all" * 20):
        photo = Photo.read(save(ink, "TIFF", icc_profile=profile))
        assert edit(photo, hole(16, 16)).encode()


def png_of_16_bits(levels: np.ndarray) -> bytes:
    """Grey (H x W) or RGB (H x W x 3), as neither Pillow nor we write it."""
    colour = 2 if levels.ndim == 3 else 0
    rows = [b"\0" + row.astype(">u2").tobytes() for row in levels]
    data = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 16, colour, 0, 0, 0)
    for name, body in [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]:
        data += struct.pack(">I", len(body)) + name + body
        data += struct.pack(">I", zlib.crc32(name + body))
    return data


@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 3)])
@pytest.mark.parametrize("target", ["PNG", "TIFF"])
def test_16_bits_stay_16_bits(shape, target, hole):
    levels = np.linspace(0, 65535, int(np.prod(shape))).astype(np.uint16).reshape(shape)
    photo = Photo.read(png_of_16_bits(levels))
    assert photo.notices == ()
    wide = levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, axis=2)
    np.testing.assert_array_equal(photo.pixels, wide)
    mask = hole(9, 12)
    again = Photo.read(edit(photo, mask, 12345).encode(target))
    assert again.traits.colour == photo.traits.colour
    np.testing.assert_array_equal(again.pixels[~mask], photo.pixels[~mask])
    assert (again.pixels[mask] == 12345).all()


def test_formats_without_16_bits_say_so():
    levels = np.linspace(0, 65535, 9 * 12 * 3).astype(np.uint16).reshape(9, 12, 3)
    encoded = Photo.read(png_of_16_bits(levels)).encoded("JPEG")
    assert any("16 bits" in notice for notice in encoded.notices)


def test_samples_of_32_bits_are_refused(picture):
    for levels in (np.ones((4, 5), np.float32), np.full((4, 5), 70000, np.int32)):
        with pytest.raises(PhotoError, match="8 or 16 bits"):
            Photo.read(save(Image.fromarray(levels), "TIFF"))


def test_colours_of_another_kind_become_rgb_and_this_is_told():
    photo = Photo.read(save(Image.new("LAB", (4, 5), (128, 128, 128)), "TIFF", icc_profile=SRGB))
    assert any("LAB" in notice for notice in photo.notices)
    with reopen(photo.encode()) as image:
        assert image.mode == "RGB"


def test_arrays(picture):
    for channels, shape in [(1, (8, 9, 1)), (2, (8, 9, 2)), (3, (8, 9, 3)), (4, (8, 9, 4))]:
        array = np.random.default_rng(0).integers(0, 65535, shape).astype(np.uint16)
        photo = Photo.read(array)
        assert photo.pixels.dtype == np.uint16
        assert photo.pixels.shape == (8, 9, 3)
        assert (photo.alpha is not None) == (channels in (2, 4))
        assert (photo.format, photo.name) == (None, None)
    flat = Photo.read(picture(8, 9)[..., 0])
    with reopen(flat.encode()) as image:
        assert (image.format, image.mode) == ("PNG", "L")
    for wrong in (np.zeros((3, 3, 3)), np.zeros((3, 3, 5), np.uint8), np.zeros((0, 3), np.uint8)):
        with pytest.raises(PhotoError, match="a photo array is"):
            Photo.read(wrong)


def test_16_bit_arrays_are_written_with_16_bits():
    from inpaint._opencv import cv2

    array = np.random.default_rng(0).integers(0, 65535, (8, 9, 4)).astype(np.uint16)
    data = np.frombuffer(Photo.read(array).encode(), np.uint8)
    read = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read, array[..., [2, 1, 0, 3]])
    with reopen(Photo.read(array[..., :3]).encode("JPEG")) as image:
        assert image.mode == "RGB"


def test_sources(tmp_path, picture):
    path = tmp_path / "späte Ernte.png"
    Image.fromarray(picture(8, 9)).save(path)
    data = path.read_bytes()
    for source in (path, str(path), data, bytearray(data), Image.fromarray(picture(8, 9))):
        np.testing.assert_array_equal(Photo.read(source).pixels, picture(8, 9))
    photo = Photo.read(path)
    assert photo.name == "späte Ernte.png"
    assert Photo.read(photo) is photo
    assert not photo.pixels.flags.writeable
    with pytest.raises(PhotoError, match="a path, bytes"):
        Photo.read(3)


def test_the_array_given_stays_writeable_and_apart(picture):
    array = picture(8, 9)
    photo = Photo.read(array)
    array[:] = 0
    np.testing.assert_array_equal(photo.pixels, picture(8, 9))


def test_no_picture(tmp_path, picture):
    good = save(Image.fromarray(picture(64, 64)), "JPEG")
    png = save(Image.fromarray(picture(64, 64)), "PNG")
    files = {
        "text.jpg": b"hello",
        "empty.png": b"",
        "cut.jpg": good[: len(good) // 2],
        "cut.png": png[: len(png) // 2],
        "cut.webp": save(Image.fromarray(picture(64, 64)), "WEBP")[:100],
        "header.jpg": good[:30],
        "bad.tif": b"II*\0\xff\xff\xff\x7f",
        "page.eps": save(Image.fromarray(picture(8, 8)), "EPS"),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder.png").mkdir()
    for name in [*files, "folder.png", "missing.png"]:
        with pytest.raises(PhotoError) as caught:
            Photo.read(tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(PhotoError):
        Photo.read("null\0byte")


def test_several_pictures_in_one_file_are_refused(tmp_path, picture):
    frames = [Image.fromarray(picture(8, 8, seed)) for seed in range(3)]
    for format in ("WEBP", "PNG", "TIFF"):
        data = save(frames[0], format, save_all=True, append_images=frames[1:])
        with pytest.raises(PhotoError, match=r"(3|several) pictures"):
            Photo.read(data)
    photo = Photo.read(save(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert any("animation" in notice for notice in photo.notices)


def test_a_phones_second_picture_is_left_out_and_told(picture):
    frames = [Image.fromarray(picture(16, 16, seed)) for seed in range(2)]
    photo = Photo.read(save(frames[0], "MPO", save_all=True, append_images=frames[1:]))
    assert photo.format == "JPEG"
    assert any("first" in notice for notice in photo.notices)
    with reopen(photo.encode()) as image:
        assert image.format == "JPEG"


def test_decompression_bomb():
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in [(b"IHDR", header), (b"IDAT", b""), (b"IEND", b"")]:
        data += struct.pack(">I", len(body)) + name + body
        data += struct.pack(">I", zlib.crc32(name + body))
    with pytest.raises(PhotoError, match="too many pixels"):
        Photo.read(data)


def test_a_format_that_is_read_only_becomes_png(tmp_path, picture):
    photo = Photo.read(save(Image.fromarray(picture(8, 9)), "GIF"))
    assert any("PNG" in notice for notice in photo.notices)
    with reopen(photo.encode()) as image:
        assert image.format == "PNG"
    with pytest.raises(PhotoError, match="read only"):
        photo.write(tmp_path / "photo.gif")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PhotoError, match="no format to write"):
        photo.encode("GIF")


def test_transparency_is_not_lost_silently(picture):
    opaque = np.dstack([picture(8, 9), np.full((8, 9), 255, np.uint8)])
    assert Photo.read(opaque).encode("jpg")
    clear = opaque.copy()
    clear[0, 0, 3] = 0
    with pytest.raises(PhotoError, match="transparent"):
        Photo.read(clear).encode("JPEG")


def test_writing(tmp_path, picture):
    photo = Photo.read(picture(16, 16))
    for suffix, format in FORMATS.items():
        path = tmp_path / f"photo{suffix.upper()}"
        photo.write(str(path))
        with Image.open(path) as image:
            assert image.format == format
        assert suffix in SUFFIXES
    photo.write(tmp_path / "plain")
    with Image.open(tmp_path / "plain") as image:
        assert image.format == "PNG"
    photo.write(tmp_path / "really.png", format="jpeg")
    with Image.open(tmp_path / "really.png") as image:
        assert image.format == "JPEG"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path, picture, monkeypatch):
    photo = Photo.read(picture(16, 16))
    with pytest.raises(PhotoError, match=r"missing.photo\.png"):
        photo.write(tmp_path / "missing" / "photo.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PhotoError, match=r"folder\.png"):
        photo.write(tmp_path / "folder.png")
    old = photo.write(tmp_path / "old.png").data

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PhotoError, match="No space left"):
        Photo.read(picture(20, 20)).write(tmp_path / "old.png")
    assert (tmp_path / "old.png").read_bytes() == old
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.png", "old.png"]


def test_an_edit_must_fit(picture, hole):
    photo = Photo.read(picture(8, 9))
    for wrong in (picture(9, 8), picture(8, 9).astype(np.uint16), picture(8, 9)[..., 0]):
        with pytest.raises(PhotoError, match="like its photo"):
            photo.with_edit(wrong, hole(8, 9))
    assert photo.with_edit(picture(8, 9), np.zeros((8, 9), bool)) is photo
