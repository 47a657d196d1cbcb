"""Restoring as a job: progress as events, stoppable."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from inpaint.errors import InpaintError
from inpaint.inpainter import Inpainter
from inpaint.mask import read_mask
from inpaint.photo import Photo
from inpaint.ui import pictures
from inpaint.ui.models import Models
from inpaint.ui.session import ExpiredError, OpenPhoto, PhotoStore, Result

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


class StoppedError(InpaintError):
    """The person asked to stop."""


def restore_open(
    photo: OpenPhoto, mask: bytes, revision: str, restorer: Inpainter, progress: Progress
) -> Result:
    """Restore an open photo at its full size under the browser's mask."""
    painted = pictures.read_painted(mask, photo.view_size)
    start = photo.base.photo if photo.base else Photo.read(photo.source)
    hole = pictures.scale_mask(painted, photo.height, photo.width)
    restored = restorer.restore(start, hole, progress=progress)
    encoded = restored.encoded()
    view, _ = pictures.make_view(restored, photo.source)
    filename, media_type = pictures.name_result(photo.name, encoded.data)
    notices = tuple(encoded.describe())
    return Result(revision, restored, encoded.data, view, filename, media_type, notices)


def restore_file(photo: Path, mask: Path, restorer: Inpainter, folder: Path) -> Path:
    """Restore one file under a mask file of its size into `folder`; the new file's path."""
    name = pictures.clean_name(photo.name)
    source = pictures.read_photo(photo.read_bytes(), name)
    hole = read_mask(mask, (source.height, source.width))
    data = restorer.restore(source, hole).encode()
    path = folder / pictures.name_result(name, data)[0]
    path.write_bytes(data)
    return path


def follow(store: PhotoStore, models: Models, order: object, owner: str | None) -> Iterator:
    """Work an order {"id", "revision", "method"} off; yield the events that the page shows.

    Each event carries id, revision and state: "loading", "working" (done, total), and last
    "done" (seconds, filename, notices), "stopped" or "failed" (message). Nothing is raised.
    """
    order = order if isinstance(order, dict) else {}
    marks = {"id": order.get("id"), "revision": order.get("revision")}
    try:
        photo = store.get(marks["id"], owner)
        mask, revision = photo.mask, photo.revision
        if mask is None or revision is None or revision != marks["revision"]:
            raise ExpiredError()
    except InpaintError as error:
        yield {**marks, "state": "failed", "message": str(error)}
        return

    events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    abandoned = threading.Event()

    def tell(state: str, **facts: Any) -> None:
        photo.news = {**marks, "state": state, **facts}
        events.put(photo.news)

    def progress(done: int, total: int) -> None:
        if abandoned.is_set() or photo.stopped == revision:
            raise StoppedError("Stopped.")
        tell("working", done=done, total=total)

    def work() -> None:
        try:
            began = time.perf_counter()
            progress(0, 1)
            restorer = models.get(str(order.get("method")))
            photo.result = restore_open(photo, mask, revision, restorer, progress)
            store.sweep(keep=photo)
            seconds = round(time.perf_counter() - began, 1)
            result = photo.result
            tell("done", seconds=seconds, filename=result.filename, notices=list(result.notices))
        except StoppedError:
            tell("stopped")
        except InpaintError as error:
            tell("failed", message=str(error))
        except MemoryError:
            tell("failed", message="There is not enough memory to restore this photo.")
        except Exception:
            _log.exception("restoring failed")
            message = "Restoring failed. The app's own window tells more; try another method."
            tell("failed", message=message)

    tell("loading")
    worker = threading.Thread(target=work, name="restore", daemon=True)
    worker.start()
    try:
        while True:
            event = events.get()
            yield event
            if event["state"] in ("done", "stopped", "failed"):
                return
    finally:
        # A page that goes away must not let the next job start beside this one.
        abandoned.set()
        worker.join()
