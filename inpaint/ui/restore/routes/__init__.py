"""The app's own routes, under /api: bytes of photos, masks and results, which never go through
Gradio's queue. All else the page needs is here too: what it starts with, and its own modules.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import FileResponse

from inpaint.methods import list_devices
from inpaint.ui.access.security import ensure_owner, find_owner
from inpaint.ui.models import Models
from inpaint.ui.restore import samples
from inpaint.ui.restore.canvas import CANVAS
from inpaint.ui.restore.routes.masks import add_mask_routes
from inpaint.ui.restore.routes.photos import add_photo_routes
from inpaint.ui.restore.routes.requests import PRIVATE, in_thread, refuse
from inpaint.ui.restore.session import MOST_RESULTS, ExpiredError
from inpaint.ui.state import State
from inpaint.ui.translations import choose_spoken, read_words

MAX_BYTES = 200 << 20
_SHOWN = (".png", ".jpg", ".webp")


def make_router(state: State, max_bytes: int = MAX_BYTES) -> APIRouter:
    """All routes under /api. max_bytes: of an uploaded photo."""
    router = APIRouter(prefix="/api")

    @router.get("/start")
    async def start(request: Request, response: Response, lang: str = "en") -> dict[str, Any]:
        ensure_owner(request, response)
        words = read_words()[choose_spoken([lang])]
        return {
            "words": _of_page(words),
            "methods": await in_thread(_describe_models, state.models, words),
            "samples": await in_thread(_describe_samples, words),
            "devices": list_devices(),
            "max_bytes": max_bytes,
            "most_results": MOST_RESULTS,
        }

    @router.get("/canvas/{name}")
    async def module(name: str) -> Response:
        path = CANVAS / name
        if path.parent != CANVAS or path.suffix != ".js" or not path.is_file():
            raise HTTPException(404, {"code": "missing", "message": "There is no such module."})
        headers = {"Cache-Control": "no-cache"}  # asked for again, and mostly found unchanged
        return FileResponse(path, media_type="text/javascript", headers=headers)

    @router.get("/files/{file_id}")
    async def take(file_id: str, request: Request) -> Response:
        try:
            path = state.files.get(file_id, find_owner(request.cookies))
        except ExpiredError as error:
            raise refuse(error) from error
        # Pictures are shown, all else is handed out: a page of somebody's would run as ours.
        shown = path.suffix.lower() in _SHOWN and request.query_params.get("save") is None
        disposition = "inline" if shown else "attachment"
        return FileResponse(
            path, filename=path.name, content_disposition_type=disposition, headers=PRIVATE
        )

    add_photo_routes(router, state, max_bytes)
    add_mask_routes(router, state)
    return router


def _of_page(words: dict[str, str]) -> dict[str, str]:
    """The words that the canvas shows, by their names within its own room."""
    room = "restore_"
    return {key.removeprefix(room): text for key, text in words.items() if key.startswith(room)}


def _describe_models(models: Models, words: dict[str, str]) -> list[dict[str, str]]:
    return [
        {
            "name": model.name,
            "title": model.title,
            "kind": model.kind,
            "description": words.get(f"model_{model.name}", model.description),
        }
        for model in models.list()
    ]


def _describe_samples(words: dict[str, str]) -> list[dict[str, str]]:
    return [
        {
            "name": sample.name,
            "caption": words[sample.key],
            "credit": sample.credit,
        }
        for sample in samples.list_samples()
    ]
