"""What can be evaluated: how many photos, which holes, at which size."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from inpaint.errors import InpaintError
from inpaint.mask_shapes import KINDS, random_mask
from inpaint.report import BUCKETS
from inpaint.whole_file import write_whole

MOST_PHOTOS = 50
MAX_SIDES = (512, 1024, None)
SEED = 20240
ANY, EACH = "any", "each"  # sizes of holes, beside the names of BUCKETS

_SAMPLES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
# A kind has a size if at least this share of so many masks is of it: one is soon drawn then.
_LEAST_SHARE, _TRIES, _TRIED_SIDE = 0.02, 300, 96


class OrderError(InpaintError):
    """An order that cannot be carried out; `key` and `values` are for the translations."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True)
class Order:
    """What to evaluate.

    photos: at most MOST_PHOTOS files. kind: of KINDS. size: of the hole, ANY as the kind has it,
    EACH for one hole of each size that it has, or one of BUCKETS. max_side: photos are scaled down
    to it, None: measured as they are.
    """

    photos: Sequence[Path]
    methods: Sequence[str]
    kind: str = KINDS[0]
    size: str = ANY
    seed: int = SEED
    max_side: int | None = MAX_SIDES[0]

    def check(self) -> None:
        """OrderError says what is missing or impossible."""
        if not self.photos:
            raise OrderError("evaluate_no_photos")
        if len(self.photos) > MOST_PHOTOS:
            raise OrderError("evaluate_too_many", count=len(self.photos), most=MOST_PHOTOS)
        if not self.methods:
            raise OrderError("evaluate_no_methods")
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**53:
            raise OrderError("evaluate_bad_seed")
        if self.size not in (ANY, EACH, *list_sizes(self.kind)):
            raise OrderError("evaluate_bad_size", sizes=", ".join(list_sizes(self.kind)))

    @property
    def sizes(self) -> tuple[str, ...]:
        """The sizes of a photo's holes, one after the other."""
        return list_sizes(self.kind) if self.size == EACH else (self.size,)


@functools.cache
def list_sizes(kind: str) -> tuple[str, ...]:
    """The names of BUCKETS that masks of this kind fall into often enough to be drawn. MaskError
    for a kind that is not in KINDS."""
    rng = np.random.default_rng(SEED)
    shares = [random_mask(kind, _TRIED_SIDE, _TRIED_SIDE, rng).mean() for _ in range(_TRIES)]
    least = _LEAST_SHARE * _TRIES
    return tuple(
        name
        for name, (low, high) in BUCKETS.items()
        if sum(low <= share < high for share in shares) >= least
    )


def copy_samples(folder: Path) -> list[Path]:
    """Put photos to try it with into a folder: scikit-image's, in the public domain or CC0."""
    data = resources.files("skimage") / "data"
    return [
        write_whole(folder / name, (data / name).read_bytes())
        for name in _SAMPLES
        if (data / name).is_file()
    ]
