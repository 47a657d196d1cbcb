"""What the Restore tab does, for programs: named endpoints that gradio_client finds.

client = Client("http://127.0.0.1:7860")
client.predict(handle_file("photo.jpg"), handle_file("mask.png"), "", api_name="/restore")
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr

from inpaint.errors import InpaintError
from inpaint.scratches import find_scratches
from inpaint.ui.restore import masks, pictures
from inpaint.ui.restore.jobs import restore_file
from inpaint.ui.state import State


def add_endpoints(state: State) -> None:
    """Add /restore, /find_scratches and /models to the Blocks being built, unseen."""
    photo, mask = gr.File(label="photo", visible=False), gr.File(label="mask", visible=False)
    method = gr.Textbox("", label="method", visible=False)
    made = gr.File(label="file", visible=False)
    models = gr.JSON(label="models", visible=False)
    start = gr.Button("start", visible=False)  # endpoints are events, events are somebody's

    def restore(photo: str | None, mask: str | None, method: str) -> str:
        if not photo or not mask:
            raise _refusal("Send two files: a photo and a mask of its size, white = fill.")
        with _explained(), state.line.turn():
            restorer = state.models.get(method or state.models.list()[0].name)
            folder, limit = state.files.make_folder(), state.settings.max_pixels
            return str(restore_file(Path(photo), Path(mask), restorer, folder, limit))

    def propose(photo: str | None) -> str:
        if not photo:
            raise _refusal("Send a photo.")
        with _explained():
            name, data = pictures.clean_name(Path(photo).name), Path(photo).read_bytes()
            decoded = pictures.read_photo(data, name, state.settings.max_pixels)
            with state.line.turn():
                found = masks.encode(find_scratches(pictures.as_bytes(decoded.pixels)))
            path = state.files.make_folder() / pictures.name_file(name, found, ending="mask")
            path.write_bytes(found)
            return str(path)

    def list_models() -> list[dict[str, str]]:
        return [
            {"name": model.name, "kind": model.kind, "description": model.description}
            for model in state.models.list()
        ]

    start.click(
        restore,
        [photo, mask, method],
        made,
        concurrency_limit=8,  # they wait in the app's own line
        api_name="restore",
        api_description="Fill the white parts of a mask in a photo. Empty method: the default.",
    )
    start.click(
        propose,
        [photo],
        made,
        api_name="find_scratches",
        api_description="A mask of thin scratches and dust on a scan, to be looked at.",
    )
    start.click(
        list_models,
        None,
        models,
        api_name="models",
        api_description="What /restore takes as method: name, kind and description of each.",
    )


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except InpaintError as error:
        raise _refusal(str(error)) from error


def _refusal(message: str) -> gr.Error:
    return gr.Error(message, print_exception=False)
