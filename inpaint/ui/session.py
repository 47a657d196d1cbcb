"""The photos that people have open: in memory, by unguessable id, for their owner only.

The original bytes stay as they came; the browser only ever sees a preview of them. A photo
leaves when its page closes, when nobody used it for a while, or when memory is needed.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inpaint.errors import InpaintError
from inpaint.photo import Photo

BUDGET = 2 << 30
TIME_TO_LIVE = 3600.0


class ExpiredError(InpaintError):
    """A photo that is no longer here, or never was, or belongs to somebody else."""

    def __init__(self) -> None:
        super().__init__("This photo is no longer in the app's memory. Please open it again.")


@dataclass(frozen=True)
class Result:
    """A restored photo: `data` is the file to download, `view` its preview; notices: what its
    encoding did outside the mask, in words."""

    revision: str
    photo: Photo
    data: bytes
    view: bytes
    filename: str
    media_type: str
    notices: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        return len(self.data) + len(self.view) + 2 * self.photo.original.nbytes


@dataclass
class OpenPhoto:
    """A photo that somebody works on.

    `source` is the file as it came; `view` its preview (JPEG) of `view_size` (width, height).
    `base` is the result that the next restore starts from, None for the source itself.
    `mask` is a one-bit PNG of view_size, `revision` names it; `stopped` names the revision
    whose job is to end; `news` is the last event of the last job.
    """

    id: str
    owner: str
    name: str
    source: bytes
    height: int
    width: int
    view: bytes
    view_size: tuple[int, int]
    notices: tuple[str, ...] = ()
    base: Result | None = None
    mask: bytes | None = None
    revision: str | None = None
    result: Result | None = None
    stopped: str | None = None
    news: dict[str, Any] | None = None
    used: float = 0.0

    @property
    def nbytes(self) -> int:
        results = {id(kept): kept.nbytes for kept in (self.base, self.result) if kept is not None}
        return len(self.source) + len(self.view) + len(self.mask or b"") + sum(results.values())


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
        *,
        height: int,
        width: int,
        view: bytes,
        view_size: tuple[int, int],
        notices: tuple[str, ...] = (),
    ) -> OpenPhoto:
        """Keep a photo and make room for it."""
        photo = OpenPhoto(
            secrets.token_urlsafe(18), owner, name, source, height, width, view, view_size, notices
        )
        with self._lock:
            photo.used = self._clock()
            self._photos[photo.id] = photo
        self.sweep(keep=photo)
        return photo

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
