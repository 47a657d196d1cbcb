"""Photo: a picture file and its pixels, and writing it back as it was.

What the file carries beside its pixels (FileTraits: EXIF, ICC profile, XMP, resolution, a JPEG's
tables ...) goes into the file that is written. Pixels are held upright, as a person sees them;
the edited picture is turned back into the way the file stores it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from inpaint.errors import PhotoError
from inpaint.formats import FORMATS, SUFFIXES, colour
from inpaint.formats.decode import decode, split_channels
from inpaint.formats.edited import Edit, EditedPicture
from inpaint.formats.encode import EncodedPhoto, encode
from inpaint.formats.picture_file import PictureFile, open_picture, quiet
from inpaint.formats.traits import FileTraits, read_traits
from inpaint.places import as_place
from inpaint.whole_file import write_whole
from inpaint.window import Window, bounding_box

# What red, green and blue add to a grey.
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Photo(EditedPicture):
    """A picture file and its pixels, to be read, edited and written back as it was.

    The fields are those of EditedPicture: `original` and `alpha` as they were read, `traits` of
    the file, and `edits`; `pixels` is the original with all edits.
    """

    @property
    def profile(self) -> colour.ColourProfile | None:
        """How its colours become sRGB and back; None if they are (taken for) sRGB."""
        return (
            None if self.original_ink is not None else colour.find_profile(self.traits.icc_profile)
        )

    @classmethod
    def read(
        cls,
        source: str | os.PathLike | bytes | Image.Image | np.ndarray | Photo,
        *,
        max_pixels: float | None = None,
    ) -> Photo:
        """From a path, a file's bytes, a PIL image, an array, or a Photo (returned as it is).

        Arrays: uint8 or uint16, H x W or H x W x 1 (grey), x 2 (grey, alpha), x 3 (RGB) or
        x 4 (RGBA). max_pixels: a file with more is refused before it is decoded; 200 million
        without it. PhotoError says in one line which file it is and what is wrong with it.
        """
        if isinstance(source, Photo):
            return source
        if isinstance(source, np.ndarray):
            return _from_array(source)
        return _from_file(open_picture(source, max_pixels))

    def with_edit(self, pixels: np.ndarray, hole: np.ndarray, at: Window | None = None) -> Photo:
        """This photo with `pixels` inside the bool `hole`, itself outside.

        Both are as large as the photo, or as the window `at` of it. A grey photo takes the
        luminance of the pixels, a CMYK one converts them by its colour profile.
        """
        at = at or Window(0, 0, self.height, self.width)
        like = self.original[at.slices]
        if pixels.dtype != like.dtype or pixels.shape != like.shape:
            raise PhotoError(
                f"an edit is {like.dtype} {like.shape} like its photo, "
                f"not {pixels.dtype} {pixels.shape}"
            )
        if hole.shape != pixels.shape[:2]:
            raise PhotoError(f"an edit's hole is {pixels.shape[:2]} like it, not {hole.shape}")
        box = bounding_box(hole)
        if box is None:
            return self
        part, patch = hole[box.slices].copy(), pixels[box.slices].copy()
        if self.traits.colour == "L":
            grey = np.rint(patch @ LUMINANCE).astype(patch.dtype)
            patch = np.repeat(grey[..., None], 3, axis=2)
        ink = None
        if self.original_ink is not None:
            ink = colour.rgb_to_ink(patch, self.traits.icc_profile)
        place = Window(at.top + box.top, at.left + box.left, box.height, box.width)
        return replace(self, edits=(*self.edits, Edit(place, part, patch, ink)))

    def opaque_in(self, hole: np.ndarray) -> Photo:
        """This photo with nothing transparent inside the bool H x W hole."""
        if self.alpha is None:
            return self
        alpha = self.alpha.copy()
        alpha[hole] = np.iinfo(alpha.dtype).max
        return replace(self, alpha=alpha)

    def without_metadata(self) -> Photo:
        """This photo without EXIF (but for how it lies), XMP, comments and texts.

        What its colours need stays: a colour profile, a resolution.
        """
        return replace(self, traits=self.traits.without_metadata())

    def encode(self, format: str | None = None, quality: int | None = None) -> bytes:
        """The bytes of a file; see `encoded`."""
        return self.encoded(format, quality).data

    def encoded(self, format: str | None = None, quality: int | None = None) -> EncodedPhoto:
        """A file in `format`, and what encoding it did outside the holes; by default in the
        photo's own format, or PNG if that is not one of FORMATS or there is none.

        A JPEG in its own format and quality keeps all coefficients of the 8 x 8 blocks that the
        holes do not meet. quality: 1 to 100 for JPEG, WebP, AVIF and HEIC (a JPEG's own tables
        without it); the others are lossless. PhotoError for another format or quality, or where
        alpha would be lost.
        """
        target = self._choose_format(format)
        if quality is not None and not 1 <= quality <= 100:
            raise PhotoError(f"quality is {quality}; it goes from 1 to 100")
        return encode(self, target, quality)

    def write(
        self, path: str | os.PathLike, format: str | None = None, quality: int | None = None
    ) -> EncodedPhoto:
        """Encode into the file `path`, which appears whole or not at all.

        The format is the one given, else the one that the suffix names, else the photo's own.
        PhotoError if it cannot be written there.
        """
        path = as_place(path)
        suffix = path.suffix.lower()
        if format is None and suffix in SUFFIXES and suffix not in FORMATS:
            raise PhotoError(f"{path}: {suffix} files are read only; use {' '.join(FORMATS)}")
        encoded = self.encoded(format or FORMATS.get(suffix), quality)
        try:
            write_whole(path, encoded.data)
        except OSError as error:
            raise PhotoError(f"{path}: cannot be written ({error.strerror or error})") from error
        return encoded

    def _choose_format(self, format: str | None) -> str:
        known = sorted(set(FORMATS.values()))
        if format is None:
            return self.format if self.format in known else "PNG"
        target = FORMATS.get(f".{format.lower()}", format.upper())
        if target not in known:
            raise PhotoError(f"{format!r} is no format to write; there are {', '.join(known)}")
        return target


def _from_array(array: np.ndarray) -> Photo:
    shaped = array[..., None] if array.ndim == 2 else array
    channels = shaped.shape[2] if shaped.ndim == 3 else 0
    if array.dtype not in (np.uint8, np.uint16) or channels not in (1, 2, 3, 4) or not array.size:
        raise PhotoError(
            "a photo array is uint8 or uint16 and H x W or H x W x 1 to 4 channels, "
            f"not {array.dtype} {array.shape}"
        )
    traits = FileTraits(colour="L" if channels < 3 else "RGB")
    return Photo(*split_channels(shaped), traits=traits)


def _from_file(file: PictureFile) -> Photo:
    with file.explained():
        with quiet():
            traits = read_traits(file)
        samples = decode(file, traits.icc_profile)
    return Photo(
        samples.pixels,
        samples.alpha,
        os.path.basename(file.name) if file.name else None,
        samples.notices,
        traits,
        samples.ink,
        file.data if traits.format == "JPEG" else None,
    )
