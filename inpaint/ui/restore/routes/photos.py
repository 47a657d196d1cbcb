"""Routes of open photos: opened, shown, taken home, closed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel

from inpaint.errors import InpaintError
from inpaint.ui.access.security import ensure_owner, find_owner
from inpaint.ui.restore import masks, pictures, samples
from inpaint.ui.restore.routes.requests import PRIVATE, find_photo, in_thread, read_body, refuse
from inpaint.ui.restore.session import OpenPhoto, Result
from inpaint.ui.state import State


class Wish(BaseModel):
    """The file that somebody wants of a result: see `Photo.encoded`; strip: without metadata."""

    format: str | None = None
    quality: int | None = None
    strip: bool = False


def add_photo_routes(router: APIRouter, state: State, max_bytes: int) -> None:
    max_pixels = state.settings.max_pixels

    @router.get("/samples/{name}")
    async def show_sample(name: str) -> Response:
        thumbnail = await in_thread(samples.thumbnail, _find_sample(name))
        headers = {"Cache-Control": "private, max-age=3600"}
        return Response(thumbnail, media_type="image/jpeg", headers=headers)

    @router.post("/samples/{name}")
    async def open_sample(name: str, request: Request, response: Response) -> dict[str, Any]:
        owner = ensure_owner(request, response)
        photo, url = await in_thread(_open_sample, state, owner, _find_sample(name))
        return {**_describe(photo), "mask": url}

    @router.post("/photos")
    async def upload(request: Request, response: Response, name: str = "photo") -> dict[str, Any]:
        name = pictures.clean_name(name)
        data = await read_body(request, max_bytes, name)
        owner = ensure_owner(request, response)
        return _describe(await in_thread(_open, state, owner, name, data, max_pixels))

    @router.post("/photos/{photo_id}/stop")
    async def stop(photo_id: str, request: Request) -> dict[str, str]:
        photo = find_photo(state, photo_id, request)
        photo.stopped = photo.revision
        return {"state": "stopping"}

    @router.post("/photos/{photo_id}/close")
    async def close(photo_id: str, request: Request) -> dict[str, str]:
        try:
            state.photos.drop(photo_id, find_owner(request.cookies))
        except InpaintError as error:
            raise refuse(error) from error
        return {"state": "closed"}

    @router.get("/photos/{photo_id}/news")
    async def tell(photo_id: str, request: Request, response: Response) -> dict[str, Any]:
        response.headers.update(PRIVATE)
        return find_photo(state, photo_id, request).news or {}

    @router.get("/photos/{photo_id}/view")
    async def show(photo_id: str, request: Request) -> Response:
        photo = find_photo(state, photo_id, request)
        return Response(photo.view, media_type="image/jpeg", headers=PRIVATE)

    @router.get("/photos/{photo_id}/results/{result_id}")
    async def show_result(photo_id: str, result_id: str, request: Request) -> Response:
        result = _find_result(find_photo(state, photo_id, request), result_id)
        return Response(result.view, media_type="image/jpeg", headers=PRIVATE)

    @router.post("/photos/{photo_id}/results/{result_id}/file")
    async def prepare(
        photo_id: str, result_id: str, wish: Wish, request: Request
    ) -> dict[str, Any]:
        photo = find_photo(state, photo_id, request)
        result = _find_result(photo, result_id)
        return await in_thread(_make_file, state, photo, result, wish)


def _open(state: State, owner: str, name: str, data: bytes, max_pixels: int) -> OpenPhoto:
    decoded = pictures.read_photo(data, name, max_pixels)
    view, view_size = pictures.make_view(decoded, data)
    return state.photos.add(owner, name, data, decoded, view, view_size)


def _open_sample(state: State, owner: str, sample: samples.Sample) -> tuple[OpenPhoto, str]:
    """Open a sample with its mask ready."""
    data = samples.read_sample(sample)
    photo = _open(state, owner, sample.filename, data, state.settings.max_pixels)
    masks.keep_loaded(samples.sample_mask(sample), photo)
    return photo, masks.as_url(photo.loaded.view)


def _make_file(state: State, photo: OpenPhoto, result: Result, wish: Wish) -> dict[str, Any]:
    """Encode a result into a file that its owner can fetch at api/files/ID."""
    picture = result.photo.without_metadata() if wish.strip else result.photo
    encoded = picture.encoded(wish.format, wish.quality)
    path = state.files.make_folder() / pictures.name_file(photo.name, encoded.data)
    path.write_bytes(encoded.data)
    return {
        "file": state.files.add(photo.owner, path),
        "filename": path.name,
        "bytes": len(encoded.data),
        "notices": encoded.describe(),
    }


def _describe(photo: OpenPhoto) -> dict[str, Any]:
    return {
        "id": photo.id,
        "name": photo.name,
        "format": photo.decoded.format,
        "transparent": photo.decoded.alpha is not None,
        "width": photo.decoded.width,
        "height": photo.decoded.height,
        "view_width": photo.view_size[0],
        "view_height": photo.view_size[1],
        "notices": list(photo.decoded.notices),
    }


def _find_result(photo: OpenPhoto, result_id: str) -> Result:
    try:
        return photo.find(result_id)
    except InpaintError as error:
        raise refuse(error) from error


def _find_sample(name: str) -> samples.Sample:
    sample = samples.find_sample(name)
    if sample is None:
        raise HTTPException(404, {"code": "missing", "message": "There is no such sample."})
    return sample
