"""Restoring as a job: it waits for its turn, tells how far it is, and can be stopped."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from inpaint.errors import InpaintError
from inpaint.inpainter import Inpainter
from inpaint.mask import read_mask
from inpaint.ui.restore import masks, pictures
from inpaint.ui.restore.session import ExpiredError, OpenPhoto, Result
from inpaint.ui.state import State

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
_OPTIONS = re.compile(r" \(--[^)]*\)")  # what to type on a command line
_ENDS = ("done", "stopped", "failed")
_MOST_FEATHER, _MOST_CONTEXT = 200.0, 4000


class StoppedError(InpaintError):
    """The person asked to stop."""


@dataclass(frozen=True)
class Order:
    """What the page asks for: restore the photo `id` under its mask `revision`.

    base: the result to go on from, None for the photo as it was opened. feather and context: see
    `Inpainter.restore_array`; context None: as the method likes it.
    """

    id: str | None = None
    revision: str | None = None
    method: str = ""
    base: str | None = None
    feather: float = 0.0
    context: int | None = None
    device: str | None = None

    @classmethod
    def read(cls, sent: object) -> Order:
        """From what the browser sent, whatever that is: what makes no sense is left out."""
        sent = sent if isinstance(sent, dict) else {}
        texts = {
            key: sent[key]
            for key in ("id", "revision", "method", "base", "device")
            if isinstance(sent.get(key), str)
        }
        context = _number(sent.get("context"), 0, _MOST_CONTEXT)
        return cls(
            **texts,
            feather=_number(sent.get("feather"), 0, _MOST_FEATHER),
            context=round(context) or None,
        )


def restore_open(
    photo: OpenPhoto, mask: bytes, order: Order, restorer: Inpainter, progress: Progress
) -> Result:
    """Restore an open photo at its full size under the browser's mask."""
    began = time.perf_counter()
    base = photo.find(order.base)
    start = base.photo if base else photo.decoded
    hole = masks.scale_up(masks.read_painted(mask, photo.view_size), photo)
    restored = restorer.restore(
        start, hole, feather=order.feather, context=order.context, progress=progress
    )
    view, _ = pictures.make_view(restored, photo.source)
    return Result(
        id=secrets.token_urlsafe(9),
        parent=order.base,
        method=order.method,
        seconds=round(time.perf_counter() - began, 2),
        photo=replace(restored),  # without the pixels that it has computed for the preview
        view=view,
        notices=tuple(said for said in restored.notices if said not in start.notices),
    )


def restore_file(
    photo: Path, mask: Path, restorer: Inpainter, folder: Path, max_pixels: int
) -> Path:
    """Restore one file under a mask file of its size into `folder`; the new file's path."""
    name = pictures.clean_name(photo.name)
    source = pictures.read_photo(photo.read_bytes(), name, max_pixels)
    hole = read_mask(mask, (source.height, source.width))
    data = restorer.restore(source, hole).encode()
    path = folder / pictures.name_file(name, data)
    path.write_bytes(data)
    return path


async def follow(state: State, sent: object, owner: str | None) -> AsyncIterator[dict[str, Any]]:
    """Work an Order off; yield the events that the page shows.

    Each event carries id, revision and state: "waiting" (ahead: how many are before), "working"
    (done, total), and last "done" (result), "stopped" or "failed" (message, code). Nothing is
    raised.
    """
    order = Order.read(sent)
    marks = {"id": order.id, "revision": order.revision}
    try:
        photo = state.photos.get(order.id, owner)
        mask = photo.mask
        if mask is None or photo.revision != order.revision or photo.ordered == order.revision:
            raise ExpiredError()
        photo.ordered = order.revision  # a photo has one order, and its next mask ends it
    except InpaintError as error:
        yield {**marks, "state": "failed", **explain(error)}
        return

    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    abandoned = threading.Event()

    def tell(what: str, **facts: Any) -> None:
        photo.news = {**marks, "state": what, **facts}
        if not abandoned.is_set():
            loop.call_soon_threadsafe(events.put_nowait, photo.news)

    def check() -> None:
        outdated = photo.revision != order.revision
        if abandoned.is_set() or outdated or photo.stopped == order.revision:
            raise StoppedError("Stopped.")

    def wait(ahead: int) -> None:
        check()
        tell("waiting", ahead=ahead)

    def progress(done: int, total: int) -> None:
        check()
        tell("working", done=done, total=total)

    def work() -> None:
        try:
            with state.line.turn(wait):
                progress(0, 1)
                restorer = state.models.get(order.method, order.device)
                result = restore_open(photo, mask, order, restorer, progress)
            photo.keep(result)
            state.photos.sweep(keep=photo)
            tell("done", result=describe(result))
        except StoppedError:
            tell("stopped")
        except InpaintError as error:
            tell("failed", **explain(error))
        except MemoryError:
            tell("failed", code="memory", message="There is not enough memory for this photo.")
        except Exception:
            _log.exception("restoring failed")
            message = "Restoring failed. The app's own window tells more; try another method."
            tell("failed", code="broken", message=message)

    threading.Thread(target=work, name="restore", daemon=True).start()
    try:
        while True:
            event = await events.get()
            yield event
            if event["state"] in _ENDS:
                return
    finally:
        abandoned.set()  # a page that goes away leaves the line


def describe(result: Result) -> dict[str, Any]:
    """What the page is told of a result."""
    return {
        "id": result.id,
        "parent": result.parent,
        "method": result.method,
        "seconds": result.seconds,
        "notices": list(result.notices),
    }


def explain(error: InpaintError) -> dict[str, str]:
    """An error as the page takes it: code for what it says in its own language, and a message."""
    code = "refused"
    if isinstance(error, ExpiredError):
        code = "expired"
    elif isinstance(error, pictures.TooLargeError):
        code = "too_large"
    elif str(error) == masks.NOTHING:
        code = "nothing"
    return {"code": code, "message": _OPTIONS.sub("", str(error))}


def _number(value: object, low: float, high: float) -> float:
    if isinstance(value, (int, float)) and low <= value <= high:  # not for NaN either
        return float(value)
    return low
