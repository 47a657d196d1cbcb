"""The photos that people have open: in memory, by unguessable id, for their owner only.

The original bytes stay as they came and are decoded once; the browser only ever sees previews. A
photo leaves when its page closes, when nobody used it for a while, or when memory is needed.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inpaint.errors import InpaintError
from inpaint.photo import Photo

BUDGET = 2 << 30
TIME_TO_LIVE = 3600.0
MOST_RESULTS = 40  # of a photo; the oldest leave first
MOST_PHOTOS = 24  # of one owner, who has a page open for each; the longest unused leaves first


class ExpiredError(InpaintError):
    """A photo that is no longer here, or never was, or belongs to somebody else."""

    def __init__(self) -> None:
        super().__init__("This photo is no longer in the app's memory. Please open it again.")


@dataclass(frozen=True)
class Result:
    """A restored photo: what `method` made in `seconds` of the result `parent`, None for the photo
    as it was opened. `view` is its preview; notices say what may be wrong with it.
    """

    id: str
    parent: str | None
    method: str
    seconds: float
    photo: Photo
    view: bytes
    notices: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        # Earlier edits are its parent's, the original is the open photo's.
        edit = self.photo.edits[-1] if self.photo.edits else None
        return len(self.view) + (edit.pixels.nbytes + edit.hole.nbytes if edit else 0)


@dataclass(frozen=True)
class LoadedMask:
    """A mask file: bool at the preview's size, as the browser has it, and at the photo's own,
    packed into bits."""

    view: np.ndarray
    packed: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.view.nbytes + self.packed.nbytes


@dataclass
class OpenPhoto:
    """A photo that somebody works on.

    `source` is the file as it came, `decoded` what it holds, `view` its preview (JPEG) of
    `view_size` (width, height). `mask` is a one-bit PNG of view_size, `revision` names it; `loaded`
    is the mask file that was opened last; `ordered` names the revision that was ordered last,
    `stopped` the one whose job is to end; `news` is the last event of the last job. `results` are
    in the order in which they were made.
    """

    id: str
    owner: str
    name: str
    source: bytes
    decoded: Photo
    view: bytes
    view_size: tuple[int, int]
    mask: bytes | None = None
    revision: str | None = None
    loaded: LoadedMask | None = None
    results: dict[str, Result] = field(default_factory=dict)
    ordered: str | None = None
    stopped: str | None = None
    news: dict[str, Any] | None = None
    used: float = 0.0

    def find(self, result_id: str | None) -> Result | None:
        """A result of this photo; None for the photo as it was opened. ExpiredError if it left."""
        if result_id is None:
            return None
        try:
            return self.results[result_id]
        except (KeyError, TypeError) as error:
            raise ExpiredError() from error

    def keep(self, result: Result) -> None:
        """Add a result; the oldest leaves if there are too many."""
        self.results[result.id] = result
        if len(self.results) > MOST_RESULTS:
            del self.results[next(iter(self.results))]

    @property
    def nbytes(self) -> int:
        photo = self.decoded
        arrays = (photo.original, photo.alpha, photo.original_ink, self.loaded)
        decoded = sum(array.nbytes for array in arrays if array is not None)
        results = sum(result.nbytes for result in list(self.results.values()))
        return len(self.source) + len(self.view) + len(self.mask or b"") + decoded + results


class PhotoStore:
    """Open photos within a budget of bytes; safe to use from any thread."""

    def __init__(
        self,
        budget: int = BUDGET,
        time_to_live: float = TIME_TO_LIVE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.budget = budget
        self.time_to_live = time_to_live
        self._clock = clock
        self._photos: dict[str, OpenPhoto] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._photos)

    @property
    def nbytes(self) -> int:
        with self._lock:
            return sum(photo.nbytes for photo in self._photos.values())

    def add(
        self,
        owner: str,
        name: str,
        source: bytes,
        decoded: Photo,
        view: bytes,
        view_size: tuple[int, int],
    ) -> OpenPhoto:
        """Keep a photo and make room for it."""
        kept = OpenPhoto(secrets.token_urlsafe(18), owner, name, source, decoded, view, view_size)
        with self._lock:
            kept.used = self._clock()
            self._photos[kept.id] = kept
            own = [photo for photo in self._photos.values() if photo.owner == owner]
            for photo in sorted(own, key=lambda photo: photo.used)[:-MOST_PHOTOS]:
                del self._photos[photo.id]
        self.sweep(keep=kept)
        return kept

    def get(self, photo_id: object, owner: str | None) -> OpenPhoto:
        """The owner's photo, which counts as used now. ExpiredError otherwise."""
        with self._lock:
            photo = self._photos.get(photo_id) if isinstance(photo_id, str) else None
            now = self._clock()
            if photo is None or not owner or not secrets.compare_digest(photo.owner, owner):
                raise ExpiredError()
            if now - photo.used > self.time_to_live:
                del self._photos[photo.id]
                raise ExpiredError()
            photo.used = now
            return photo

    def drop(self, photo_id: str, owner: str | None) -> None:
        """Forget the owner's photo. ExpiredError if there is none."""
        photo = self.get(photo_id, owner)
        photo.stopped = photo.revision
        with self._lock:
            self._photos.pop(photo.id, None)

    def sweep(self, keep: OpenPhoto | None = None) -> None:
        """Forget what nobody used for long, then whatever exceeds the budget, except `keep`.

        Whoever holds the most loses first, so that one person cannot push out all others.
        """
        with self._lock:
            limit = self._clock() - self.time_to_live
            for photo in [photo for photo in self._photos.values() if photo.used < limit]:
                del self._photos[photo.id]
            held: Counter[str] = Counter()
            for photo in self._photos.values():
                held[photo.owner] += photo.nbytes
            while held.total() > self.budget:
                idle = [photo for photo in self._photos.values() if photo is not keep]
                if not idle:
                    break
                victim = min(idle, key=lambda photo: (-held[photo.owner], photo.used))
                del self._photos[victim.id]
                held[victim.owner] -= victim.nbytes
