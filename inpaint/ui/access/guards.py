"""What stands between the network and the app, from the outside in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.middleware.cors import CORSMiddleware

from inpaint.ui.access.login import Login
from inpaint.ui.access.origins import OwnOrigin
from inpaint.ui.access.payloads import Payloads
from inpaint.ui.access.root_path import RootPath
from inpaint.ui.access.security import SecurityHeaders
from inpaint.ui.access.uploads import UploadGuard, Uploads
from inpaint.ui.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI


def add_guards(app: FastAPI, settings: Settings, uploads: Uploads) -> None:
    """Let requests pass the root path, the headers, the origin, the login, then Gradio's guards."""
    # Each one lies around those before it.
    # Gradio alone would let every site read its answers on any host but localhost.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(UploadGuard, uploads=uploads)
    app.add_middleware(Payloads, uploads=uploads)
    if settings.auth is not None:
        app.add_middleware(Login, auth=settings.auth)
    app.add_middleware(OwnOrigin, settings=settings)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RootPath, root_path=settings.root_path)
