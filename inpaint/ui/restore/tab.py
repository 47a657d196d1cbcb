"""The Restore tab: one component, the canvas, and the job that it orders."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from inpaint.ui.access.security import find_owner
from inpaint.ui.restore.canvas import CANVAS
from inpaint.ui.restore.jobs import follow
from inpaint.ui.state import State

# Gradio runs this as the body of a function of element, props, trigger and watch, once a mount.
_START = """
import(new URL("api/canvas/main.js", document.baseURI)).then(
  (canvas) => canvas.start({ element, props, trigger, watch }));
"""


def add_restore_tab(state: State) -> None:
    """Add the canvas to the Blocks being built."""
    canvas = gr.HTML(
        None,
        html_template=(CANVAS / "canvas.html").read_text(encoding="utf-8"),
        css_template="\n".join(
            (CANVAS / name).read_text(encoding="utf-8") for name in ("page.css", "stage.css")
        ),
        js_on_load=_START,
        apply_default_css=False,
        elem_id="photomend",
    )

    async def run(order: Any, request: gr.Request) -> AsyncIterator[dict[str, Any]]:
        async for event in follow(state, order, find_owner(request.cookies)):
            yield event

    canvas.submit(
        run,
        canvas,
        canvas,
        concurrency_limit=None,  # jobs wait in the app's own line, which says how long it is
        show_progress="hidden",
        api_visibility="private",
    )
