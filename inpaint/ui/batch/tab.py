"""The Batch tab: many photos, one mask or a mask each, a table of what becomes of them."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from inpaint.errors import InpaintError
from inpaint.restore_files import FileOptions
from inpaint.ui.access.origins import is_private, sits_here
from inpaint.ui.access.security import find_owner
from inpaint.ui.batch.files import read_uploads
from inpaint.ui.batch.job import MAX_BYTES, MAX_PHOTOS, Batch, Order, Say
from inpaint.ui.batch.view import describe
from inpaint.ui.restore.routes import MAX_BYTES as MAX_FILE_BYTES
from inpaint.ui.settings import Settings
from inpaint.ui.state import State
from inpaint.ui.translations import choose_language, read_words, say, words

_TABLE = Path(__file__).parent / "table"
_EVERY = 0.4  # seconds between two looks at how far a batch is
_MOST_GROW, _MOST_FEATHER = 100, 100
# What the file chooser offers; whatever else is dropped is told to be no picture.
_KINDS = [".zip", "image", ".heic", ".heif", ".avif", ".tif", ".tiff", ".jp2"]


def add_batch_tab(state: State) -> None:
    """Add the form and the table to the Blocks being built."""
    running: dict[str | None, Batch] = {}  # by Gradio's session, which is a page

    with gr.Column(elem_id="batch"):
        gr.Markdown(words("batch_intro"))
        with gr.Row(equal_height=True):
            photos, masks = (
                gr.File(
                    label=words(f"batch_{which}"),
                    file_count="multiple",
                    file_types=_KINDS,
                    height=190,
                    min_width=280,
                )
                for which in ("photos", "masks")
            )
        with gr.Row():
            model = gr.Dropdown(label=words("batch_model"), min_width=280)
            folder = gr.Textbox(
                label=words("batch_folder"),
                info=words("batch_folder_info"),
                placeholder="/home/ann/restored",
                visible=is_private(state.settings),
                min_width=280,
            )
        with gr.Accordion(words("batch_more"), open=False):
            with gr.Row():
                grow = gr.Slider(0, _MOST_GROW, 0, step=1, label=words("batch_grow"))
                feather = gr.Slider(0, _MOST_FEATHER, 0, step=1, label=words("batch_feather"))
            invert = gr.Checkbox(False, label=words("batch_invert"))
            turned = gr.Checkbox(False, label=words("batch_turned"))
        with gr.Row():
            start = gr.Button(words("batch_start"), variant="primary", scale=3, min_width=140)
            stop = gr.Button(words("batch_stop"), interactive=False, scale=1, min_width=100)
        table = gr.HTML(
            None,
            html_template=_read("table.html"),
            css_template=_read("table.css"),
            js_on_load=_read("table.js"),
            apply_default_css=False,
        )

    async def run(
        photos: Any,
        masks: Any,
        model: Any,
        grow: Any,
        feather: Any,
        invert: Any,
        turned: Any,
        folder: Any,
        request: gr.Request,
    ) -> AsyncIterator[tuple[Any, Any, Any]]:
        speak = partial(_speak, request)
        try:
            owner = find_owner(request.cookies)
            if owner is None:
                raise InpaintError(speak("batch_no_owner"))
            uploaded = Path(get_upload_folder())
            order = Order(
                read_uploads(photos, uploaded),
                read_uploads(masks, uploaded),
                str(model),
                FileOptions(
                    invert=invert is True,
                    turned=turned is True,
                    grow=round(_read_number(grow, _MOST_GROW)),
                    feather=_read_number(feather, _MOST_FEATHER),
                    max_pixels=state.settings.max_pixels,
                ),
                read_folder(folder, state.settings, request.headers, speak),
            )
        except InpaintError as error:
            yield {"error": str(error)}, gr.skip(), gr.skip()
            return
        batch = running[request.session_hash] = Batch(state, owner, order, speak)
        threading.Thread(target=batch.run, name="batch", daemon=True).start()
        try:
            yield describe(batch, speak), gr.Button(interactive=False), gr.Button(interactive=True)
            while not batch.ended:
                await asyncio.sleep(_EVERY)
                yield describe(batch, speak), gr.skip(), gr.skip()
            yield describe(batch, speak), gr.Button(interactive=True), gr.Button(interactive=False)
        finally:  # at its end, or when the page has gone
            batch.stop()
            running.pop(request.session_hash, None)

    def end(request: gr.Request) -> Any:
        if batch := running.get(request.session_hash):
            batch.stop()
        return gr.Button(interactive=False)

    def prepare(request: gr.Request) -> tuple[Any, dict[str, str]]:
        names = [one.name for one in state.models.list()]
        limits = say(
            "batch_limits",
            request,
            photos=MAX_PHOTOS,
            gigabytes=MAX_BYTES >> 30,
            megabytes=MAX_FILE_BYTES >> 20,
            megapixels=state.settings.max_megapixels,
        )
        return gr.Dropdown(names, value=names[0]), {"limits": limits}

    def tell(name: object, request: gr.Request) -> Any:
        found = {one.name: one.description for one in state.models.list()}
        texts = read_words()[choose_language(request)]
        return gr.Dropdown(info=texts.get(f"model_{name}", found.get(name, "")))

    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    gr.on(fn=prepare, outputs=[model, table], **private)
    model.change(tell, model, model, preprocess=False, **private)
    start.click(
        run,
        [photos, masks, model, grow, feather, invert, turned, folder],
        [table, start, stop],
        preprocess=False,  # names of uploads, and wrong files, stay what they are
        concurrency_limit=None,  # batches wait in the app's own line
        **private,
    )
    stop.click(end, outputs=stop, queue=False, **private)


def read_folder(
    sent: object, settings: Settings, headers: Mapping[str, str], speak: Say
) -> Path | None:
    """The folder that results are written to, None for none. InpaintError if it may not be.

    headers: of the request.
    """
    named = str(sent or "").strip()
    if not named:
        return None
    if not sits_here(settings, headers):
        raise InpaintError(speak("batch_not_here"))
    folder = Path(named).expanduser()
    if not (folder.is_absolute() and folder.is_dir() and os.access(folder, os.W_OK)):
        raise InpaintError(speak("batch_no_folder", folder=named))
    return folder


def _speak(request: gr.Request, key: str, **values: Any) -> str:
    return say(key, request, **values)


def _read(name: str) -> str:
    return (_TABLE / name).read_text(encoding="utf-8")


def _read_number(sent: object, most: float) -> float:
    return sent if isinstance(sent, (int, float)) and 0 <= sent <= most else 0
