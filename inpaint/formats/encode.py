"""From an edited photo to the bytes of its file."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from inpaint.errors import PhotoError
from inpaint.formats import (
    LOSSLESS,
    WITH_16_BITS,
    WITH_ALPHA,
    WITH_GREY,
    WITH_INK,
    WITHOUT_EXIF,
    colour,
    png,
    tiff,
)
from inpaint.formats.decode import to_8_bits
from inpaint.formats.edited import EditedPicture
from inpaint.formats.exif import (
    PREFIX,
    find_orientation,
    turn_back,
    turn_window_back,
    turn_window_upright,
)
from inpaint.formats.jpeg import edit_jpeg
from inpaint.formats.jpeg_segments import count_trailing
from inpaint.formats.picture_file import open_picture, register_heif
from inpaint.formats.traits import png_chunks, profile_fits, write_options
from inpaint.window import Window, enclose

_STRIP = 512  # rows


@dataclass(frozen=True)
class EncodedPhoto:
    """The bytes of a photo's file, and what the encoding did outside the hole.

    coefficients_kept: a JPEG of which all blocks that the hole does not meet are as they were.
    moved_pixels: how many pixels outside the hole differ once the file is decoded; largest_move:
    by how many of 255 levels at most (both 0 for an unedited photo and for lossless formats).
    """

    data: bytes = field(repr=False)
    format: str
    notices: tuple[str, ...] = ()
    coefficients_kept: bool = False
    moved_pixels: int = 0
    largest_move: int = 0

    def describe(self) -> list[str]:
        """For a person: the notices, and what moved outside the hole, where anything did."""
        if not self.moved_pixels:
            return list(self.notices)
        moved = (
            f"{self.moved_pixels:,} pixels outside the mask moved by at most "
            f"{self.largest_move} of 255 levels"
        )
        if self.coefficients_kept:
            what = (
                "all blocks that the mask does not meet are as they were; in and beside the others "
                f"{moved}"
            )
        else:
            what = f"{self.format} was encoded again: {moved}, all over the picture"
        return [*self.notices, what]


def encode(photo: EditedPicture, target: str, quality: int | None) -> EncodedPhoto:
    """The photo as a file of the format `target`; quality 1 to 100, None for the file's own.

    PhotoError where it cannot be written so.
    """
    notices: list[str] = []
    if target == photo.format == "JPEG" and photo.source is not None and quality is None:
        try:
            data = _edit_jpeg(photo)
            if trailing := count_trailing(photo.source):
                notices.append(
                    f"{trailing:,} bytes that follow the picture in the file (a film, say) are "
                    "left out"
                )
            return EncodedPhoto(data, target, tuple(notices), True, *_moves(photo, data))
        except PhotoError as error:
            notices.append(f"all of the picture is encoded again, by its own tables: {error}")
    if quality is not None and target in LOSSLESS:
        notices.append(f"{target} is lossless, the quality makes no difference to it")
    samples = _arrange(photo, target, notices)
    try:
        data = _encode_samples(photo, samples, target, quality)
    except PhotoError:
        raise
    except (OSError, ValueError, KeyError) as error:
        raise PhotoError(f"{_called(photo)}: cannot be written as {target} ({error})") from error
    lossless = target in LOSSLESS or (
        target == "WEBP" and photo.traits.lossless_webp and quality is None
    )
    moves = (0, 0) if lossless else _moves(photo, data)
    return EncodedPhoto(data, target, tuple(notices), False, *moves)


def _edit_jpeg(photo: EditedPicture) -> bytes:
    traits = photo.traits
    at = enclose([edit.window for edit in photo.edits]) if photo.edits else Window(0, 0, 1, 1)
    crop = photo.cropped(at)
    samples = crop.pixels if crop.ink is None else crop.ink
    return edit_jpeg(
        photo.source,
        turn_back(samples[..., :1] if traits.colour == "L" else samples, traits.orientation),
        turn_back(photo.hole_in(at), traits.orientation),
        turn_window_back(at, (photo.height, photo.width), traits.orientation),
        turn_back(photo.original, traits.orientation).shape[:2],
        exif=traits.exif,
        metadata=not traits.stripped,
    )


def _moves(photo: EditedPicture, data: bytes) -> tuple[int, int]:
    """How many pixels outside the holes the file shows otherwise than the photo, and the most."""
    if not photo.edits:
        return 0, 0
    file = open_picture(data, max_pixels=photo.original.size)
    file.decode()
    orientation = find_orientation(file.image)
    before = turn_back(photo.original, orientation)
    count = most = 0
    # In strips: a large photo would be held twice more.
    for top in range(0, before.shape[0], _STRIP):
        strip = before[top : top + _STRIP]
        box = (0, top, strip.shape[1], top + strip.shape[0])
        image = file.image.crop(box)
        if image.mode == "CMYK":
            image = colour.ink_to_rgb(image, photo.traits.icc_profile)
        after = np.asarray(image.convert("RGB"))
        strip = strip if strip.dtype == np.uint8 else to_8_bits(strip)
        box = _find_difference(strip, after)
        if box is None:
            continue
        strip, after = strip[box.slices], after[box.slices]
        stored = Window(top + box.top, box.left, box.height, box.width)
        upright = turn_window_upright(stored, before.shape[:2], orientation)
        hole = turn_back(photo.hole_in(upright), orientation)
        move = (np.maximum(strip, after) - np.minimum(strip, after)).max(axis=2)
        move[hole] = 0
        count += int(np.count_nonzero(move))
        most = max(most, int(move.max()))
    return count, most


def _find_difference(first: np.ndarray, second: np.ndarray) -> Window | None:
    """The rectangle outside which two H x W x C pictures are equal; None if they are."""
    (rows,) = np.nonzero((first != second).reshape(len(first), -1).any(axis=1))
    if not len(rows):
        return None
    part = slice(rows[0], rows[-1] + 1)
    columns = np.nonzero((first[part] != second[part]).any(axis=0))[0]
    left, right = columns.min(), columns.max() + 1
    return Window(int(rows[0]), int(left), int(rows[-1] + 1 - rows[0]), int(right - left))


def _arrange(photo: EditedPicture, target: str, notices: list[str]) -> np.ndarray:
    """The samples as they lie in a file of that format, H x W x channels, turned back."""
    pixels, alpha = photo.pixels, photo.alpha
    if pixels.dtype == np.uint16 and target not in WITH_16_BITS:
        notices.append(f"16 bits per channel are reduced to 8 for {target}")
        pixels, alpha = to_8_bits(pixels), None if alpha is None else to_8_bits(alpha)
    if alpha is not None and target not in WITH_ALPHA:
        if alpha.min() < np.iinfo(alpha.dtype).max:
            raise PhotoError(
                f"{_called(photo)}: has transparent parts, which {target} cannot "
                f"hold; use {', '.join(sorted(WITH_ALPHA))}"
            )
        alpha = None
    if photo.ink is not None and target in WITH_INK:
        samples = photo.ink
    # No reader here opens a TIFF of 16 bits that is grey with alpha: that one becomes RGBA.
    elif (
        photo.traits.colour == "L"
        and target in WITH_GREY
        and not (target == "TIFF" and alpha is not None and pixels.dtype == np.uint16)
    ):
        samples = pixels[..., :1]
    else:
        samples = pixels
    if alpha is not None:
        samples = np.dstack([samples, alpha])
    if target in WITHOUT_EXIF:
        return samples
    return turn_back(samples, photo.traits.orientation)


def _encode_samples(
    photo: EditedPicture, samples: np.ndarray, target: str, quality: int | None
) -> bytes:
    traits, alpha = photo.traits, photo.alpha is not None and target in WITH_ALPHA
    exif = traits.exif.removeprefix(PREFIX) if traits.exif else None
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA" if alpha else "CMYK"}[samples.shape[2]]
    profile = traits.icc_profile
    profile = profile if profile_fits(profile, mode) else None
    if target == "TIFF":
        return tiff.encode(
            samples,
            alpha=alpha,
            exif=exif,
            icc_profile=profile,
            xmp=traits.xmp,
            # A TIFF's own tags say it, in a unit of its own, unless they are stripped.
            dpi=None if traits.format == "TIFF" and not traits.stripped else traits.dpi,
            compressed=traits.compressed_tiff,
        )
    if target == "PNG":
        deep = samples.dtype == np.uint16
        data = png.encode_16_bits(samples) if deep else _save(_to_picture(samples, mode), "PNG", {})
        return png.insert_chunks(data, png_chunks(traits), profile, exif)
    if target == "HEIF":
        register_heif(photo.name)
    picture = _to_picture(samples, mode)
    return _save(picture, target, write_options(traits, target, mode, quality))


def _to_picture(samples: np.ndarray, mode: str) -> Image.Image:
    samples = np.ascontiguousarray(samples)
    return Image.frombuffer(mode, samples.shape[1::-1], samples, "raw", mode, 0, 1)


def _save(picture: Image.Image, target: str, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    try:
        picture.save(buffer, target, **options)
    except OSError:
        # Pillow's buffer is too small for the scans of some very detailed pictures.
        if not options.get("optimize"):
            raise
        buffer = io.BytesIO()
        picture.save(buffer, target, **{**options, "progressive": False, "optimize": False})
    return buffer.getvalue()


def _called(photo: EditedPicture) -> str:
    return photo.name or "the photo"
