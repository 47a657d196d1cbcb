"""The app's own routes: photos, masks and results as bytes, each with its owner's cookie.

An answer that is not 2xx carries {"detail": {"code", "message"}}; the message is for people.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import anyio.to_thread
from fastapi import APIRouter, HTTPException, Request, Response
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse

from inpaint.errors import InpaintError
from inpaint.ui import pictures, samples
from inpaint.ui.models import Models
from inpaint.ui.security import ensure_owner, find_owner
from inpaint.ui.session import ExpiredError, OpenPhoto, PhotoStore
from inpaint.ui.state import State

_log = logging.getLogger(__name__)

MAX_BYTES = 200 << 20
_MAX_MASK_BYTES = 1 << 20
_SHOWN = (".png", ".jpg", ".webp")
_PRIVATE = {"Cache-Control": "private, no-store"}


def make_router(state: State, max_bytes: int = MAX_BYTES) -> APIRouter:
    """Routes under /api."""
    store, models, files = state.photos, state.models, state.files
    router = APIRouter(prefix="/api")
    decoding = anyio.CapacityLimiter(2)  # a large photo takes much memory while it is decoded

    async def run(work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await anyio.to_thread.run_sync(work, *arguments, limiter=decoding)
        except InpaintError as error:
            raise _refuse(error) from error
        except Exception as error:
            _log.exception("a request failed")
            message = "This did not work. The app's own window tells more."
            raise HTTPException(500, {"code": "failed", "message": message}) from error

    def find(photo_id: str, request: Request) -> OpenPhoto:
        try:
            return store.get(photo_id, find_owner(request.cookies))
        except ExpiredError as error:
            raise _refuse(error) from error

    @router.get("/start")
    async def start(request: Request, response: Response) -> dict[str, Any]:
        ensure_owner(request, response)
        response.headers.update(_PRIVATE)
        shown = [
            {"name": one.name, "caption": one.caption, "credit": one.credit}
            for one in samples.list_samples()
        ]
        return {
            "methods": await run(_describe_models, models),
            "samples": shown,
            "max_bytes": max_bytes,
        }

    @router.get("/samples/{name}")
    async def show_sample(name: str) -> Response:
        data = await run(samples.thumbnail, _find_sample(name))
        headers = {"Cache-Control": "public, max-age=86400"}
        return Response(data, media_type="image/jpeg", headers=headers)

    @router.post("/samples/{name}")
    async def open_sample(name: str, request: Request, response: Response) -> dict[str, Any]:
        sample = _find_sample(name)
        data = samples.read_sample(sample)
        owner = ensure_owner(request, response)
        return _describe(await run(_open, store, owner, sample.file, data))

    @router.post("/photos")
    async def upload(request: Request, response: Response, name: str = "photo") -> dict[str, Any]:
        name = pictures.clean_name(name)
        data = await _read_body(request, max_bytes, name)
        owner = ensure_owner(request, response)
        return _describe(await run(_open, store, owner, name, data))

    @router.post("/photos/{photo_id}/mask")
    async def paint(photo_id: str, request: Request) -> dict[str, str]:
        photo = find(photo_id, request)
        mask = await _read_body(request, _MAX_MASK_BYTES, "The mask")
        await run(pictures.read_painted, mask, photo.view_size)
        photo.mask, photo.revision = mask, secrets.token_hex(8)
        return {"revision": photo.revision}

    @router.post("/photos/{photo_id}/stop")
    async def stop(photo_id: str, request: Request) -> dict[str, str]:
        photo = find(photo_id, request)
        photo.stopped = photo.revision
        return {"state": "stopping"}

    @router.post("/photos/{photo_id}/continue")
    async def go_on(photo_id: str, request: Request) -> dict[str, Any]:
        photo = find(photo_id, request)
        if photo.result is None:
            raise _refuse(ExpiredError())
        photo.base, photo.mask, photo.revision = photo.result, None, None
        return _describe(photo)

    @router.post("/photos/{photo_id}/close")
    async def close(photo_id: str, request: Request) -> dict[str, str]:
        try:
            store.drop(photo_id, find_owner(request.cookies))
        except ExpiredError as error:
            raise _refuse(error) from error
        return {"state": "closed"}

    @router.get("/photos/{photo_id}/news")
    async def tell(photo_id: str, request: Request, response: Response) -> dict[str, Any]:
        response.headers.update(_PRIVATE)
        return find(photo_id, request).news or {}

    @router.get("/photos/{photo_id}/{kind}")
    async def show(photo_id: str, kind: str, request: Request) -> Response:
        photo = find(photo_id, request)
        kept = {"base": photo.base, "result": photo.result, "download": photo.result}.get(kind)
        if kind == "original" or (kind == "base" and kept is None):
            return Response(photo.view, media_type="image/jpeg", headers=_PRIVATE)
        if kept is None:
            raise HTTPException(404, {"code": "missing", "message": "There is no such picture."})
        if kind != "download":
            return Response(kept.view, media_type="image/jpeg", headers=_PRIVATE)
        disposition = f"attachment; filename*=UTF-8''{quote(kept.filename, safe='')}"
        headers = {**_PRIVATE, "Content-Disposition": disposition}
        return Response(kept.data, media_type=kept.media_type, headers=headers)

    @router.get("/files/{file_id}")
    async def take(file_id: str, request: Request) -> Response:
        try:
            path = files.get(file_id, find_owner(request.cookies))
        except ExpiredError as error:
            raise _refuse(error) from error
        # Pictures are shown, all else is handed out: a page of somebody's would run as ours.
        shown = path.suffix.lower() in _SHOWN
        disposition = "inline" if shown else "attachment"
        return FileResponse(
            path, filename=path.name, content_disposition_type=disposition, headers=_PRIVATE
        )

    return router


def _describe_models(models: Models) -> list[dict[str, str]]:
    return [
        {"name": model.name, "kind": model.kind, "description": model.description}
        for model in models.list()
    ]


def _open(store: PhotoStore, owner: str, name: str, data: bytes) -> OpenPhoto:
    photo = pictures.read_photo(data, name)
    view, view_size = pictures.make_view(photo, data)
    return store.add(
        owner,
        name,
        data,
        height=photo.height,
        width=photo.width,
        view=view,
        view_size=view_size,
        notices=photo.notices,
    )


def _describe(photo: OpenPhoto) -> dict[str, Any]:
    return {
        "id": photo.id,
        "name": photo.name,
        "width": photo.width,
        "height": photo.height,
        "view_width": photo.view_size[0],
        "view_height": photo.view_size[1],
        "notices": list(photo.notices),
    }


def _find_sample(name: str) -> samples.Sample:
    sample = samples.find_sample(name)
    if sample is None:
        raise HTTPException(404, {"code": "missing", "message": "There is no such sample."})
    return sample


async def _read_body(request: Request, limit: int, what: str) -> bytes:
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
    raise _refuse(
        pictures.TooLargeError(f"{what} is larger than {limit / 2**20:.0f} MB, the app's limit.")
    )


def _refuse(error: InpaintError) -> HTTPException:
    status, code = 422, "refused"
    if isinstance(error, ExpiredError):
        status, code = 404, "expired"
    elif isinstance(error, pictures.TooLargeError):
        status, code = 413, "too_large"
    return HTTPException(status, {"code": code, "message": str(error)})
