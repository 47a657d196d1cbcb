"""The tab where one photo is painted and restored, and the public endpoint beside it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from inpaint.errors import InpaintError
from inpaint.ui.jobs import follow, restore_file
from inpaint.ui.models import Models
from inpaint.ui.security import find_owner
from inpaint.ui.state import State

_CANVAS = Path(__file__).parent / "canvas"
_KEEP_FILES = 3600.0  # seconds that a file made for the public endpoint stays


def add_restore_tab(state: State) -> None:
    """Add the canvas and the endpoint `/restore` to the Blocks being built."""
    canvas = gr.HTML(
        None,
        html_template=_read("canvas.html"),
        css_template=_read("canvas.css"),
        js_on_load=_read("png.js") + _read("canvas.js"),
        apply_default_css=False,
        elem_id="photomend",
    )

    def run(order: Any, request: gr.Request) -> Iterator[dict[str, Any]]:
        yield from follow(state.photos, state.models, order, find_owner(request.cookies))

    canvas.submit(
        run,
        canvas,
        canvas,
        concurrency_limit=1,
        concurrency_id="restore",
        show_progress="hidden",
        api_visibility="private",
    )
    _add_endpoint(state.models)


def _read(name: str) -> str:
    return (_CANVAS / name).read_text(encoding="utf-8")


def _add_endpoint(models: Models) -> None:
    photo = gr.File(label="photo", visible=False)
    mask = gr.File(label="mask", visible=False)
    method = gr.Textbox("", label="method", visible=False)
    restored = gr.File(label="restored", visible=False)
    start = gr.Button("restore", visible=False)
    made = tempfile.TemporaryDirectory(prefix="photomend-", ignore_cleanup_errors=True)

    def restore(photo: str | None, mask: str | None, method: str) -> str:
        if not photo or not mask:
            message = "Send two files: a photo and a mask of its size, white = fill."
            raise gr.Error(message, print_exception=False)
        _sweep_files(Path(made.name))
        folder = Path(tempfile.mkdtemp(dir=made.name))
        try:
            name = method or models.list()[0].name
            return str(restore_file(Path(photo), Path(mask), models.get(name), folder))
        except InpaintError as error:
            raise gr.Error(str(error), print_exception=False) from error

    start.click(
        restore,
        [photo, mask, method],
        restored,
        concurrency_limit=1,
        concurrency_id="restore",
        api_name="restore",
        api_description="Fill the white parts of a mask in a photo. Empty method: the default.",
    )


def _sweep_files(folder: Path) -> None:
    limit = time.time() - _KEEP_FILES
    for old in folder.iterdir():
        if old.stat().st_mtime < limit:
            shutil.rmtree(old, ignore_errors=True)
