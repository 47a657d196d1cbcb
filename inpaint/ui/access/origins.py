"""Who may ask: the app's own pages and programs, no other site's.

A page of another site can make its visitor's browser ask this app. Its requests carry none of our
cookies (they are SameSite=Strict) and it cannot read the answers, but they would still work: so
they are refused. A link to the app is the exception.

A site can also point its own name at 127.0.0.1, so that its page and this app are one site to the
browser. An app that listens on this machine only and asks for no password therefore answers to
this machine's names only. Behind a proxy (there is a root path, or a password) it may have any.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from inpaint.ui.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_FORWARDED = {"forwarded", "x-forwarded-for", "x-real-ip"}
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class OwnOrigin:
    """ASGI middleware: 403 for requests from pages of other sites, and by names not the app's."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.local_only = (
            is_loopback(settings.host) and settings.auth is None and not settings.root_path
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self.local_only and not is_loopback(_hostname(headers.get("host", ""))):
            reason = "This app answers on this machine only. A proxy needs --root-path or --auth."
        elif _is_foreign(headers, scope.get("method", "")):
            reason = "Requests from other sites are refused. A proxy must pass on the Host header."
        else:
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own, which no other machine reaches."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(settings: Settings) -> bool:
    """Whether the app serves only those who sit at this computer."""
    return is_loopback(settings.host) and settings.auth is None and not settings.root_path


def sits_here(settings: Settings, headers: Mapping[str, str]) -> bool:
    """Whether a request's headers are of somebody who sits at this computer."""
    # A proxy that nobody told the app of lets others in.
    return is_private(settings) and not _FORWARDED & {name.lower() for name in headers}


def _is_foreign(headers: Headers, method: str) -> bool:
    site = headers.get("sec-fetch-site")  # which no page can set or leave out
    if site is not None:
        link = (method, headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
        return site not in ("same-origin", "none") and link != ("GET", "navigate", "document")
    origin = headers.get("origin")
    if origin is None:
        return False
    scheme, _, authority = origin.lower().partition("://")
    port = _DEFAULT_PORTS.get(scheme, "")
    # A page can make a browser send neither of these.
    own = (headers.get("host", ""), headers.get("x-forwarded-host", "").split(",")[0].strip())
    names = [name.lower().removesuffix(port) for name in own if name]
    return authority.removesuffix(port) not in names


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
