"""Files that go through Gradio: uploads, and what its endpoints hand out.

Gradio keeps them in one folder, at paths that hold a hash of their content and a secret, and gives
a file to whoever knows its path. Here the folder is this process's own, and an upload is only for
who uploaded it. Gradio itself removes them after a time (`Blocks(delete_cache=...)`).
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from inpaint.ui.access.security import find_owner, find_route
from inpaint.ui.folders import make_folder, touch

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TIME_TO_LIVE = 3600  # seconds
KEEP_FREE = 1 << 30  # bytes of the disk that uploads leave free
_FILE = re.compile(r"/gradio_api/file=(.*)", re.DOTALL)


@functools.cache
def own_folder() -> Path:
    """Gradio's folder, of this process alone.

    To be called before Gradio is imported: it reads the variable then, and again at every check.
    """
    folder = make_folder("uploads")
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Uploads:
    """Who uploaded what into Gradio's folder."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._clock = clock
        self._owners: dict[str, set[str]] = {}  # by the name of an upload's own folder

    def note(self, owner: str, path: str) -> None:
        """The owner has uploaded the file at `path`."""
        if name := self._name_folder(path):
            self._owners.setdefault(name, set()).add(owner)

    def may_have(self, owner: str | None, path: str) -> bool:
        """Whether the file is the owner's, or was never noted."""
        owners = self._owners.get(self._name_folder(path))
        return owners is None or owner in owners

    def has(self, owner: str | None, path: str) -> bool:
        """Whether it is a file of the folder, and the owner's if it is anybody's."""
        return self._name_folder(path) != "" and self.may_have(owner, path)

    def sweep(self) -> None:
        """Remove what Gradio does not: uploads that broke off, and folders that have become empty,
        TIME_TO_LIVE after they were touched last."""
        touch(self.folder)
        limit = self._clock() - TIME_TO_LIVE
        for entry in self.folder.iterdir():
            try:
                if entry.stat().st_mtime >= limit:
                    continue
                if not entry.is_dir():
                    entry.unlink()
                elif not any(entry.iterdir()):
                    entry.rmdir()
            except OSError:
                continue  # the next sweep sees to it
        gone = [name for name in self._owners if not (self.folder / name).is_dir()]
        for name in gone:
            del self._owners[name]

    def close(self) -> None:
        """Remove all of them: the app ends."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _name_folder(self, path: str) -> str:
        """The folder of one upload: a hash, so it does not matter how a file system sees names."""
        try:
            return Path(path).resolve().relative_to(self.folder).parts[0].lower()
        except (ValueError, OSError, IndexError):
            return ""


class UploadGuard:
    """ASGI middleware around Gradio: an upload goes back to the owner who sent it, to nobody else.

    What somebody without an owner's cookie uploads (a program) and what the app made stays with
    whoever knows its path, which cannot be guessed. Uploads that would fill the disk get a 507.
    """

    def __init__(self, app: ASGIApp, uploads: Uploads) -> None:
        self.app = app
        self.uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, route = Request(scope), find_route(scope)
        owner, file = find_owner(request.cookies), _FILE.match(route)
        answer: ASGIApp = self.app
        if route == "/gradio_api/upload":
            answer = self._refuse(request) or self.app
            send = self._noting(owner, send)
        elif file and not self.uploads.may_have(owner, file[1]):
            answer = PlainTextResponse("There is no such file.", 404)
        await answer(scope, receive, send)

    def _refuse(self, request: Request) -> Response | None:
        length = request.headers.get("content-length", "")
        if not length.isdecimal():
            return PlainTextResponse("An upload must tell its length.", 411)
        if int(length) > shutil.disk_usage(self.uploads.folder).free - KEEP_FREE:
            return PlainTextResponse("The app's disk has no room for this upload.", 507)
        return None

    def _noting(self, owner: str | None, send: Send) -> Send:
        """Notes the paths in Gradio's answer, a JSON list, before they are sent."""
        answer = bytearray()

        async def send_noted(message: Message) -> None:
            answer.extend(message.get("body", b""))
            if owner and message["type"] == "http.response.body" and not message.get("more_body"):
                for path in _read_paths(answer):
                    self.uploads.note(owner, path)
            await send(message)

        return send_noted


def _read_paths(answer: bytearray) -> list[str]:
    try:
        paths = json.loads(answer)
    except ValueError:
        return []  # an error's text
    return paths if isinstance(paths, list) else []
