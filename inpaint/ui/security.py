"""What surrounds every request: who owns it, and headers that keep other sites out."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWNER_COOKIE = "photomend_owner"
_OWNER = re.compile(r"[\w-]{43}")

# Gradio's page runs inline scripts and builds functions from text; all else is this app's own.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Gradio would fetch these from other hosts on a visitor's behalf.
_FETCHES = re.compile(r"/gradio_api/(file[=/]\s*\w+:/|proxy=)", re.IGNORECASE)


def find_owner(cookies: dict[str, str]) -> str | None:
    """The owner's secret from a request's cookies, None if there is none of ours."""
    owner = cookies.get(OWNER_COOKIE, "")
    return owner if _OWNER.fullmatch(owner) else None


def ensure_owner(request: Request, response: Response) -> str:
    """The request's owner; a new one gets a cookie that scripts cannot read."""
    owner = find_owner(request.cookies)
    if owner is None:
        owner = secrets.token_urlsafe(32)
        response.set_cookie(
            OWNER_COOKIE,
            owner,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
    return owner


class SecurityHeaders:
    """ASGI middleware: security headers on every answer, no fetching from other hosts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if _FETCHES.search(unquote(scope["path"])):
            refusal = PlainTextResponse("Not available.", status_code=403)
            await refusal(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)
