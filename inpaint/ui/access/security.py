"""What surrounds every request: who owns it, which paths there are, and headers that keep other
sites out.
"""

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
_OWNER = re.compile(r"[\w-]{43}", re.ASCII)

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
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# What the page and gradio_client ask for. Gradio answers to much more, for which this app has no
# use: it fetches from other hosts, runs ffmpeg on uploads, shows what is monitored, stores the
# state of any session, and calls events past the queue.
_ROUTES = re.compile(
    r"/(?:$|config/?$|log(?:in|out)/?$|api/|(?:assets|static|svelte)/"
    r"|(?:theme\.css|favicon\.ico|manifest\.json|robots\.txt)$"
    r"|gradio_api/(?:info/?$|openapi\.json$|app_id/?$|startup-events$|theme\.css$"
    r"|upload(?:_progress)?$|queue/(?:join|data|status)$|call/|cancel$|reset/?$|heartbeat/"
    r"|file=(?!\s*\w{2,}:)))"
)


def find_owner(cookies: dict[str, str]) -> str | None:
    """The owner's secret from a request's cookies, None if there is none of ours."""
    owner = cookies.get(OWNER_COOKIE, "")
    return owner if _OWNER.fullmatch(owner) else None


def ensure_owner(request: Request, response: Response) -> str:
    """The request's owner; a new one gets a cookie that scripts cannot read."""
    owner = find_owner(request.cookies)
    if owner is None:
        owner = secrets.token_urlsafe(32)
        set_secret(request, response, OWNER_COOKIE, owner)
    return owner


def set_secret(request: Request, response: Response, name: str, value: str) -> None:
    """A cookie for this app alone: scripts cannot read it, other sites' requests lack it."""
    response.set_cookie(
        name,
        value,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def find_route(scope: Scope) -> str:
    """The path of a request within the app, wherever a proxy shows the app."""
    return scope["path"].removeprefix(scope.get("root_path", ""))


class SecurityHeaders:
    """ASGI middleware: security headers on every answer; paths the app has no use for are none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        route = find_route(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if route.startswith(("/api/", "/gradio_api/")):
                    headers.setdefault("Cache-Control", "private, no-store")
            await send(message)

        if not (_ROUTES.match(route) and _ROUTES.match(unquote(route))):
            refusal = PlainTextResponse("There is nothing here.", status_code=404)
            await refusal(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)
