"""Where a proxy shows the app: under a path of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """ASGI middleware: the app under `root_path`, "/photomend", or at "/" if that is empty.

    Some proxies pass the path on as it came, some without the prefix: both are understood. Of a
    proxy that asks by another name than the visitor's, X-Forwarded-Host must tell that one.
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self.app = app
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.root_path or scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path == self.root_path and scope["type"] == "http":
            # The page's own addresses are relative to its folder.
            query = scope["query_string"].decode("latin-1")
            address = f"{self.root_path}/?{query}" if query else f"{self.root_path}/"
            await RedirectResponse(address, 308)(scope, receive, send)
            return
        if not path.startswith(f"{self.root_path}/"):
            path = self.root_path + path
        await self.app({**scope, "root_path": self.root_path, "path": path}, receive, send)
