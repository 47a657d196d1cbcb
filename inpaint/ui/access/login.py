"""A name and a password before anything else. Gradio's own login guards only Gradio's routes."""

from __future__ import annotations

import base64
import binascii
import hmac
import html
import math
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from inpaint.ui.access.security import OWNER_COOKIE, find_route, set_secret
from inpaint.ui.access.tries import Tries
from inpaint.ui.translations import choose_language, say

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LOGIN_COOKIE = "photomend_login"
TIME_TO_LIVE = 86400.0  # seconds without a request after which a visitor signs in anew

_PAGE = Template((Path(__file__).parent / "login.html").read_text(encoding="utf-8"))
_MOST_LOGINS = 1000
_MOST_BYTES = 4096  # of the form


class Login:
    """ASGI middleware: nothing without a login's cookie, or name and password by HTTP Basic.

    POST /login takes the form fields username and password; /logout ends the login. Logins are in
    memory and end with the app. Without one, a page's request gets the page to sign in, any other
    a message and 401; 429 after too many wrong tries.
    """

    def __init__(
        self, app: ASGIApp, auth: tuple[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self._name, self._password = map(_digest, auth)
        self._clock = clock
        self._tries = Tries(clock=clock)
        self._used: dict[bytes, float] = {}  # by digest of a login's cookie; the latest is last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            if self._knows(HTTPConnection(scope)):
                await self.app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
        else:
            answer = await self._answer(Request(scope, receive))
            await (self.app if answer is None else answer)(scope, receive, send)

    async def _answer(self, request: Request) -> Response | None:
        """The answer to a request that is not the app's to answer."""
        route = find_route(request.scope).rstrip("/")
        if route == "/login" and request.method == "POST":
            return await self._sign_in(request)
        if route == "/logout":
            return self._sign_out(request)
        if not self._knows(request):
            basic = _read_basic(request)
            refusal = self._check(request, *basic) if basic else _refuse(request)
            if refusal is not None:
                return refusal
        return _go_home(request) if route == "/login" else None

    async def _sign_in(self, request: Request) -> Response:
        try:
            form = await _read_form(request)
        except ClientDisconnect:
            return Response(status_code=400)
        refusal = self._check(request, form.get("username", ""), form.get("password", ""))
        if refusal is not None:
            return refusal
        token = secrets.token_urlsafe(32)
        self._used[_digest(token)] = self._clock()
        if len(self._used) > _MOST_LOGINS:
            del self._used[next(iter(self._used))]
        # gradio_client takes a redirection for a failure.
        answer = _go_home(request) if _wants_page(request) else JSONResponse({"success": True})
        set_secret(request, answer, LOGIN_COOKIE, token)
        return answer

    def _sign_out(self, request: Request) -> Response:
        answer = _go_home(request)
        # Another site's link to here comes without the cookie and changes nothing.
        if self._used.pop(_digest(request.cookies.get(LOGIN_COOKIE, "")), None) is not None:
            for cookie in (LOGIN_COOKIE, OWNER_COOKIE):
                answer.delete_cookie(cookie)
        return answer

    def _knows(self, request: HTTPConnection) -> bool:
        key = _digest(request.cookies.get(LOGIN_COOKIE, ""))
        used = self._used.pop(key, None)
        if used is None or self._clock() - used > TIME_TO_LIVE:
            return False
        self._used[key] = self._clock()
        return True

    def _check(self, request: Request, name: str, password: str) -> Response | None:
        """None if both are right. Nothing is awaited here, so tries do not overtake the count."""
        address = request.client.host if request.client else ""
        wait = self._tries.wait(address)
        if wait > 0:
            return _refuse(request, "login_wait", 429, seconds=math.ceil(wait))
        right_name = hmac.compare_digest(_digest(name), self._name)
        right_password = hmac.compare_digest(_digest(password), self._password)
        if right_name and right_password:
            self._tries.forgive(address)
            return None
        self._tries.count(address)
        return _refuse(request, "login_wrong")


def _digest(text: str) -> bytes:
    """Of one length for all, so that comparing tells no length."""
    return sha256(text.encode("utf-8", "surrogateescape")).digest()


async def _read_form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return {}
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=8)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _read_basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _home(request: Request) -> str:
    return f"{request.scope.get('root_path', '')}/"


def _go_home(request: Request) -> Response:
    return RedirectResponse(_home(request), 303, {"Cache-Control": "no-store"})


def _refuse(request: Request, key: str | None = None, status: int = 401, **values: int) -> Response:
    """The page to sign in, or a message: why the last try was refused, if there was one."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language, Cookie"}
    if "seconds" in values:
        headers["Retry-After"] = str(values["seconds"])
    message = say(key or "login_needed", request, **values)
    if not _wants_page(request):
        detail = {"code": "login", "message": message}
        return JSONResponse({"detail": detail}, status, headers)
    texts = {
        part: html.escape(say(f"login_{part}", request))
        for part in ("title", "intro", "name", "password", "submit")
    }
    page = _PAGE.substitute(
        texts,
        language=choose_language(request),
        action=html.escape(f"{_home(request)}login"),
        alert=f'<p role="alert">{html.escape(message)}</p>' if key else "",
    )
    return HTMLResponse(page, status, headers)
