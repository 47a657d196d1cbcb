"""Photos to try the app with: freely licensed ones that come with scikit-image."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_THUMBNAIL = (360, 270)


@dataclass(frozen=True)
class Sample:
    """A photo to try: its file in scikit-image's data, a caption, whom to thank."""

    name: str
    file: str
    caption: str
    credit: str


SAMPLES = (
    Sample("astronaut", "astronaut.png", "Astronaut", "Eileen Collins. NASA, public domain"),
    Sample("chelsea", "chelsea.png", "Cat", "Chelsea. Stéfan van der Walt, CC0"),
    Sample("coffee", "coffee.png", "Coffee", "Rachel Michetti, Pikolo Espresso Bar, CC0"),
    Sample("rocket", "rocket.jpg", "Rocket", "Falcon 9 with DSCOVR. SpaceX, public domain"),
)


def list_samples() -> list[Sample]:
    """The samples whose files are installed."""
    return [sample for sample in SAMPLES if _file(sample).is_file()]


def find_sample(name: str) -> Sample | None:
    """The sample of that name, None if there is none."""
    return next((sample for sample in list_samples() if sample.name == name), None)


def read_sample(sample: Sample) -> bytes:
    """The photo's file as it is."""
    return _file(sample).read_bytes()


@functools.cache
def thumbnail(sample: Sample) -> bytes:
    """A small JPEG, cropped to 4:3."""
    with Image.open(io.BytesIO(read_sample(sample))) as picture:
        small = ImageOps.fit(picture.convert("RGB"), _THUMBNAIL, centering=(0.5, 0.35))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _file(sample: Sample) -> Traversable:
    return resources.files("skimage") / "data" / sample.file
