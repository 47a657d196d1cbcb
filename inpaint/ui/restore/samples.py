"""Photos to try the app with, each with its mask: scikit-image's, freely licensed, damaged here."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from inpaint.cases import list_cases, make_case
from inpaint.ui.translations import read_words
from inpaint.window import bounding_box

_QUALITY = 92
_THUMBNAIL = (360, 270)
_CROP_HEIGHT = 300  # a thumbnail shows at least this much of a photo
_MASK_COLOUR = (229, 0, 109)  # the canvas's
_MASK_OPACITY = 0.55


@dataclass(frozen=True)
class Sample:
    """A photo to try: its name, the case that it is, whom to thank for the photo."""

    name: str
    case: str
    credit: str

    @property
    def key(self) -> str:
        """The caption's key in the translations."""
        return f"sample_{self.name.replace('-', '_')}"

    @property
    def caption(self) -> str:
        """What is to be mended, in English."""
        return read_words()["en"][self.key]

    @property
    def filename(self) -> str:
        return f"{self.name}.jpg"


SAMPLES = (
    Sample("object", "masts", "Falcon 9 with DSCOVR. SpaceX, public domain"),
    Sample("wire", "wire", "Cameraman. Lav Varshney, CC0"),
    Sample("date-stamp", "date-stamp", "Chelsea. Stéfan van der Walt, CC0"),
    Sample("scratches", "scratches", "Eileen Collins. NASA, public domain"),
    Sample("torn-corner", "torn-corner", "Rachel Michetti, Pikolo Espresso Bar, CC0"),
    Sample("text", "text", "Hubble eXtreme Deep Field. NASA, public domain"),
)


def list_samples() -> list[Sample]:
    """The samples whose photos are installed."""
    installed = list_cases()
    return [sample for sample in SAMPLES if sample.case in installed]


def find_sample(name: str) -> Sample | None:
    """The sample of that name, None if there is none."""
    return next((sample for sample in list_samples() if sample.name == name), None)


@functools.cache
def read_sample(sample: Sample) -> bytes:
    """The damaged photo as a JPEG file, always the same."""
    # All of the colour's samples: halved, the damage's colour would reach beyond its mask.
    return _encode(make_case(sample.case).damaged, quality=_QUALITY, subsampling=0)


def sample_mask(sample: Sample) -> np.ndarray:
    """Where the sample is to be mended: bool H x W, of its photo's size."""
    return make_case(sample.case).mask


@functools.cache
def thumbnail(sample: Sample) -> bytes:
    """A small JPEG, 4:3, of the place to be mended, the mask in the canvas's colour."""
    case = make_case(sample.case)
    tint = (case.mask * _MASK_OPACITY)[..., None]
    marked = case.damaged * (1 - tint) + np.array(_MASK_COLOUR) * tint
    picture = Image.fromarray(np.rint(marked).astype(np.uint8))
    small = picture.resize(_THUMBNAIL, Image.Resampling.LANCZOS, box=_choose_crop(case.mask))
    return _encode(np.asarray(small), quality=85)


def _choose_crop(mask: np.ndarray) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a 4:3 part of the photo around the mask, or its upper part."""
    rows, columns = mask.shape
    box = bounding_box(mask)
    aspect = _THUMBNAIL[0] / _THUMBNAIL[1]
    height = max(_CROP_HEIGHT, 1.2 * box.height, 1.2 * box.width / aspect)
    height = min(height, rows, columns / aspect)
    width = height * aspect
    top = min(max(box.top + min(box.height - height, 0) / 2, 0), rows - height)
    left = min(max(box.left + (box.width - width) / 2, 0), columns - width)
    return left, top, left + width, top + height


def _encode(pixels: np.ndarray, **options: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()
