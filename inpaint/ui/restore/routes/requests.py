"""What all routes do with a request: read its body, find its photo, refuse it in words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from inpaint.errors import InpaintError
from inpaint.ui.access.security import find_owner
from inpaint.ui.restore import pictures
from inpaint.ui.restore.jobs import explain
from inpaint.ui.restore.session import OpenPhoto
from inpaint.ui.state import State

_log = logging.getLogger(__name__)

PRIVATE = {"Cache-Control": "private, no-store"}
_STATUS = {"expired": 404, "too_large": 413}
_AT_ONCE = 2  # a large photo takes much memory while it is decoded
_decoding: anyio.CapacityLimiter | None = None


async def in_thread(act: Callable[..., Any], *arguments: Any) -> Any:
    """Run what takes a while outside the event loop; what it raises becomes an answer in words."""
    global _decoding
    if _decoding is None:  # an event loop must run when it is made
        _decoding = anyio.CapacityLimiter(_AT_ONCE)
    try:
        return await anyio.to_thread.run_sync(act, *arguments, limiter=_decoding)
    except InpaintError as error:
        raise refuse(error) from error
    except MemoryError as error:
        detail = {"code": "memory", "message": "There is not enough memory for this photo."}
        raise HTTPException(507, detail) from error
    except Exception as error:
        _log.exception("a request failed")
        message = "This did not work. The app's own window tells more."
        raise HTTPException(500, {"code": "broken", "message": message}) from error


def find_photo(state: State, photo_id: str, request: Request) -> OpenPhoto:
    """The visitor's open photo, or the answer that there is none."""
    try:
        return state.photos.get(photo_id, find_owner(request.cookies))
    except InpaintError as error:
        raise refuse(error) from error


async def read_body(request: Request, limit: int, what: str) -> bytes:
    """The request's body, given up as soon as it exceeds `limit` bytes."""
    length = request.headers.get("content-length", "")
    body = bytearray()
    try:
        if not (length.isdigit() and int(length) > limit):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    break
            else:
                return bytes(body)
    except ClientDisconnect as error:
        raise HTTPException(400, {"code": "broken", "message": "The upload broke off."}) from error
    raise refuse(
        pictures.TooLargeError(f"{what} is larger than {limit / 2**20:.0f} MB, the app's limit.")
    )


def refuse(error: InpaintError) -> HTTPException:
    """The answer that an error becomes."""
    detail = explain(error)
    return HTTPException(_STATUS.get(detail["code"], 422), detail)
