"""Files with masks to try compare_files.py with: the formats, and what lies beside a picture."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from inpaint.mask_shapes import random_mask
from inpaint.photo import Photo

PHOTOSHOP = b"Photoshop 3.0\0"
WIDE = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><note>%s</note></x:xmpmeta>"


def make(folder: Path, seed: int, lossy: bool) -> int:
    """Files of 20 kinds (or three lossy ones) in photos/, their masks in masks/; how many."""
    from skimage import data

    photos = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    files = make_lossy(photos) if lossy else make_lossless(photos)
    for name in ("photos", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for index, (name, content) in enumerate(files.items()):
        path = folder / "photos" / name
        path.write_bytes(content)
        height, width = Photo.read(path).pixels.shape[:2]
        kind = ("thin", "everyday", "scratches")[index % 3]
        mask = random_mask(kind, height, width, np.random.default_rng([seed, index]))
        Image.fromarray(mask).save(folder / "masks" / f"{path.stem}.png")
    return len(files)


def make_lossless(photos: list[np.ndarray]) -> dict[str, bytes]:
    astronaut, cat, coffee, rocket = (Image.fromarray(photo) for photo in photos)
    grey, ink = coffee.convert("L"), rocket.convert("CMYK")
    alpha = Image.fromarray(np.tile(np.uint8(np.linspace(0, 255, cat.width)), (cat.height, 1)))
    clear = cat.copy()
    clear.putalpha(alpha)
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Käthe")
    texts.add_itxt("Title", "Straße", "de", "Titel", zip=True)
    texts.add(b"gAMA", struct.pack(">I", 45455))
    deep = np.uint16(photos[0].astype(np.uint32) * 257 - photos[0] // 3)
    small = encode(cat.resize((40, 26)), "JPEG")
    ycck = bytearray(encode(ink, "JPEG", quality=90))
    ycck[ycck.index(b"Adobe") + 11] = 2
    camera = encode(
        coffee, "JPEG", quality=88, subsampling=2, exif=make_exif(6, small), dpi=(72, 72)
    )
    return {
        "camera.jpg": with_segments(
            camera,
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP % b"camera"),
            (0xED, PHOTOSHOP + b"8BIM\x04\x04\0\0\0\0\0\x04IPTC"),
            (0xE7, b"a maker's own"),
        ),
        "progressive.jpg": encode(
            cat, "JPEG", quality=80, progressive=True, subsampling=0, comment=b"by hand"
        ),
        "profile.jpg": encode(astronaut, "JPEG", quality=93, subsampling=1, icc_profile=wide()),
        "standing.jpg": opencv_jpeg(photos[1], 0x121111),
        "wide.jpg": opencv_jpeg(photos[2], 0x411111),
        "grey.jpeg": encode(grey, "JPEG", quality=75, exif=make_exif(3)),
        "inks.jpg": encode(ink, "JPEG", quality=85),
        "inks-ycck.jpg": bytes(ycck),
        "rgb.jpg": encode(rocket, "JPEG", quality=90, keep_rgb=True, exif=make_exif(8)),
        "restarts.jpg": encode(astronaut, "JPEG", quality=70, restart_marker_rows=1)
        + b"a motion photo's video",
        "texts.png": encode(coffee, "PNG", pnginfo=texts, dpi=(300, 300), exif=make_exif(5)),
        "clear.png": encode(clear, "PNG", icc_profile=wide()),
        "grey-clear.png": encode(clear.convert("LA"), "PNG", exif=make_exif(2)),
        "deep.png": encode_deep_png(deep, wide()),
        "deep-grey.png": encode_deep_png(deep[..., 1], None),
        "scan.tif": encode(astronaut, "TIFF", dpi=(600, 600), exif=make_exif(7)),
        "deep.tif": encode_deep_tiff(deep),
        "inks-lzw.tiff": encode(ink, "TIFF", compression="tiff_lzw"),
        "lossless.webp": encode(
            clear,
            "WEBP",
            lossless=True,
            exact=True,
            exif=make_exif(4),
            icc_profile=wide(),
            xmp=XMP % b"webp",
        ),
        "plain.bmp": encode(cat, "BMP", dpi=(96, 96)),
    }


def make_lossy(photos: list[np.ndarray]) -> dict[str, bytes]:
    import pillow_heif

    pillow_heif.register_heif_opener()
    told = {"quality": 85, "exif": make_exif(6), "icc_profile": wide()}
    kinds = {"photo.webp": "WEBP", "photo.avif": "AVIF", "photo.heic": "HEIF"}
    # MaskFolder goes by names without suffixes.
    return {
        f"{i}-{name}": encode(Image.fromarray(photos[i]), kind, **told)
        for i, (name, kind) in enumerate(kinds.items())
    }


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opencv_jpeg(photo: np.ndarray, factors: int) -> bytes:
    return cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factors])[
        1
    ].tobytes()


def with_segments(data: bytes, *added: tuple[int, bytes]) -> bytes:
    parts = [b"\xff%c%b%b" % (mark, struct.pack(">H", len(body) + 2), body) for mark, body in added]
    return data[:2] + b"".join(parts) + data[2:]


def make_exif(orientation: int, thumbnail: bytes | None = None) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.Copyright] = "Käthe"
    group = exif.get_ifd(ExifTags.IFD.Exif)
    group[ExifTags.Base.DateTimeOriginal] = "2024:05:06 07:08:09"
    group[ExifTags.Base.ExposureTime] = 1 / 128
    group[ExifTags.Base.MakerNote] = bytes(range(200))
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    block = exif.tobytes()
    if thumbnail is None:
        return block
    # A second directory behind the block, linked from the first.
    order = "<" if block[6:8] == b"II" else ">"
    tiff = bytearray(block.removeprefix(b"Exif\0\0"))
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, first)
    second = len(tiff)
    struct.pack_into(f"{order}I", tiff, first + 2 + 12 * count, second)
    tiff += struct.pack(f"{order}HHHII", 2, 0x201, 4, 1, second + 30)
    tiff += struct.pack(f"{order}HHII", 0x202, 4, 1, len(thumbnail)) + bytes(4)
    return b"Exif\0\0" + bytes(tiff) + thumbnail


def wide() -> bytes:
    """Display P3: sRGB's profile with the other primaries."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for i in range(int.from_bytes(profile[128:132])):
        name, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * i)
        if name in (b"rXYZ", b"gXYZ", b"bXYZ"):
            levels = [round(value * 65536) for value in WIDE[b"rgb".index(name[:1])]]
            struct.pack_into(">iii", profile, offset + 8, *levels)
    return bytes(profile)


def encode_deep_png(levels: np.ndarray, profile: bytes | None) -> bytes:
    samples = levels if levels.ndim == 2 else levels[..., ::-1]
    data = cv2.imencode(".png", np.ascontiguousarray(samples))[1].tobytes()
    if profile is None:
        return data
    body = b"iCCP" + b"Display P3\0\0" + zlib.compress(profile)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]


def encode_deep_tiff(levels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, levels, photometric="rgb", compression="zlib", metadata=None, software="scanner"
    )
    return buffer.getvalue()
