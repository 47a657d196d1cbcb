"""What is posted to Gradio's queue: small, and of files only those that the visitor uploaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from inpaint.ui.access.security import find_owner, find_route
from inpaint.ui.access.uploads import Uploads

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 8 << 20  # a payload names files and carries none


class Payloads:
    """ASGI middleware around Gradio, for all it is posted but uploads.

    413 for more than MOST_BYTES, which Gradio would take into memory whatever it is; 400 for what
    is no JSON; 403 for a file that the visitor has not uploaded: a path of this machine, which
    Gradio would read, or an address elsewhere, which it would fetch.
    """

    def __init__(self, app: ASGIApp, uploads: Uploads) -> None:
        self.app = app
        self.uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] != "POST"
            or not find_route(scope).startswith("/gradio_api/")
            or find_route(scope) == "/gradio_api/upload"
        ):
            await self.app(scope, receive, send)
            return
        request, body = Request(scope, receive), bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    break
        except ClientDisconnect:
            return
        refusal = self._refuse(body, find_owner(request.cookies))
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        unread = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def receive_again() -> Message:
            return unread.pop() if unread else await receive()

        await self.app(scope, receive_again, send)

    def _refuse(self, body: bytearray, owner: str | None) -> Response | None:
        if len(body) > MOST_BYTES:
            return PlainTextResponse("This is too large.", 413)
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            return PlainTextResponse("This is not JSON.", 400)
        if not all(self.uploads.has(owner, path) for path in _find_paths(payload)):
            return PlainTextResponse("Send the file itself, not where it is.", 403)
        return None


def _find_paths(payload: Any) -> Iterator[str]:
    """Wherever they stand in a payload, the paths of what Gradio takes for files."""
    waiting = [payload]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("path"), str):
                yield value["path"]
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
