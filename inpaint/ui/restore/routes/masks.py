"""Routes of masks: painted, loaded from a file, grown to an object, proposed, taken home."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
from fastapi import APIRouter, Request

from inpaint.scratches import find_scratches
from inpaint.selection import grow_selection
from inpaint.ui.restore import masks, pictures
from inpaint.ui.restore.routes.requests import find_photo, in_thread, read_body
from inpaint.ui.restore.session import OpenPhoto
from inpaint.ui.state import State

_MOST_PAINTED = 1 << 20  # bytes of a mask of the preview's size
_MOST_FILE = 64 << 20  # bytes of a mask file


def add_mask_routes(router: APIRouter, state: State) -> None:
    @router.post("/photos/{photo_id}/mask")
    async def paint(photo_id: str, request: Request) -> dict[str, str]:
        photo = find_photo(state, photo_id, request)
        mask = await read_body(request, _MOST_PAINTED, "The mask")
        await in_thread(masks.read_painted, mask, photo.view_size)
        photo.mask, photo.revision = mask, secrets.token_hex(8)
        return {"revision": photo.revision}

    @router.post("/photos/{photo_id}/mask/load")
    async def load(photo_id: str, request: Request) -> dict[str, Any]:
        photo = find_photo(state, photo_id, request)
        data = await read_body(request, _MOST_FILE, "The mask")
        inverted, turned = await in_thread(masks.load, data, photo)
        url = masks.as_url(photo.loaded.view)
        return {"mask": url, "inverted": inverted, "turned": turned}

    @router.post("/photos/{photo_id}/mask/file")
    async def save(photo_id: str, request: Request) -> dict[str, str]:
        photo = find_photo(state, photo_id, request)
        mask = await read_body(request, _MOST_PAINTED, "The mask")
        return await in_thread(_make_file, state, photo, mask)

    @router.post("/photos/{photo_id}/select")
    async def select(photo_id: str, request: Request, base: str | None = None) -> dict[str, str]:
        photo = find_photo(state, photo_id, request)
        mark = await read_body(request, _MOST_PAINTED, "The mask")
        return {"mask": masks.as_url(await in_thread(_select, photo, mark, base))}

    @router.post("/photos/{photo_id}/scratches")
    async def propose(photo_id: str, request: Request, base: str | None = None) -> dict[str, Any]:
        photo = find_photo(state, photo_id, request)
        found = await in_thread(_find_scratches, photo, base)
        return {"mask": masks.as_url(found), "share": float(found.mean())}


def _make_file(state: State, photo: OpenPhoto, mask: bytes) -> dict[str, str]:
    """The painted mask at the photo's own size, as a file that its owner can fetch."""
    data = masks.encode(masks.scale_up(masks.read_painted(mask, photo.view_size), photo))
    path = state.files.make_folder() / pictures.name_file(photo.name, data, ending="mask")
    path.write_bytes(data)
    return {"file": state.files.add(photo.owner, path), "filename": path.name}


def _select(photo: OpenPhoto, mark: bytes, base: str | None) -> np.ndarray:
    return grow_selection(_view(photo, base), masks.read_painted(mark, photo.view_size))


def _find_scratches(photo: OpenPhoto, base: str | None) -> np.ndarray:
    return find_scratches(_view(photo, base))


def _view(photo: OpenPhoto, base: str | None) -> np.ndarray:
    result = photo.find(base)
    return pictures.read_view(result.view if result else photo.view)
