"""The Evaluate tab: how well methods fill holes in photos of one's own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from inpaint.errors import InpaintError
from inpaint.mask_shapes import KINDS
from inpaint.report import BUCKETS
from inpaint.ui.access.security import find_owner
from inpaint.ui.evaluate.job import Progress
from inpaint.ui.evaluate.order import (
    ANY,
    EACH,
    MAX_SIDES,
    MOST_PHOTOS,
    SEED,
    Order,
    OrderError,
    copy_samples,
)
from inpaint.ui.evaluate.page import CSS, show_notice, show_outcome, show_progress
from inpaint.ui.evaluate.runs import Runs
from inpaint.ui.restore.jobs import StoppedError
from inpaint.ui.state import State
from inpaint.ui.translations import say, words

_log = logging.getLogger(__name__)

_PRESET = ("default", "telea")
_SIDES = {str(side or "none"): side for side in MAX_SIDES}


def add_evaluate_tab(state: State) -> None:
    """Add what to evaluate, the button, and what came out to the Blocks being built."""
    runs = Runs(state)
    gr.HTML(words("evaluate_lead"))
    with gr.Row():
        with gr.Column(min_width=300):
            photos = gr.File(
                label=words("evaluate_photos"),
                file_count="multiple",
                file_types=["image"],
                type="filepath",
                height=200,
            )
            limits = gr.HTML(css_template=CSS, apply_default_css=False)
            samples = gr.Button(words("evaluate_samples"), size="md")
        with gr.Column(min_width=300):
            methods = gr.CheckboxGroup(
                _list_methods(state), value=list(_PRESET), label=words("evaluate_methods")
            )
    with gr.Row():
        kind = gr.Dropdown(
            [(words(f"evaluate_kind_{kind}"), kind) for kind in KINDS],
            value=KINDS[0],
            label=words("evaluate_kind"),
            filterable=False,
            min_width=240,
        )
        size = gr.Dropdown(
            [*((words(f"evaluate_size_{size}"), size) for size in (ANY, EACH)), *BUCKETS],
            value=ANY,
            label=words("evaluate_size"),
            filterable=False,
            min_width=240,
        )
        side = gr.Dropdown(
            [(words(f"evaluate_side_{side}"), side) for side in _SIDES],
            value=next(iter(_SIDES)),
            label=words("evaluate_side"),
            filterable=False,
            min_width=240,
        )
    with gr.Accordion(words("evaluate_more_settings"), open=False):
        seed = gr.Number(
            SEED, precision=0, label=words("evaluate_seed"), info=words("evaluate_seed_info")
        )
    with gr.Row():
        start = gr.Button(words("evaluate_start"), variant="primary", min_width=160)
        stop = gr.Button(words("evaluate_stop"), interactive=False, min_width=100)
    progress = gr.HTML(css_template=CSS, apply_default_css=False, min_height=60)
    results = gr.HTML(css_template=CSS, apply_default_css=False)

    def load(request: gr.Request) -> tuple[Any, str, str]:
        last = runs.find_last(find_owner(request.cookies) or "")
        limit = say(
            "evaluate_limits",
            request,
            most=MOST_PHOTOS,
            megapixels=f"{state.settings.max_megapixels:g}",
        )
        return (
            gr.update(choices=_list_methods(state)),
            show_notice(limit),
            show_outcome(last, partial(_say, request)) if last else "",
        )

    def take_samples() -> list[str]:
        return [str(path) for path in copy_samples(state.files.make_folder())]

    async def run(
        photos: list[str] | None,
        methods: list[str],
        kind: str,
        size: str,
        side: str,
        seed: float | None,
        request: gr.Request,
    ) -> AsyncIterator[tuple[Any, ...]]:
        chosen = [name for name, _ in _list_methods(state) if name in methods]
        order = Order(
            [Path(photo) for photo in photos or ()], chosen, kind, size, seed, _SIDES[side]
        )
        async for shown in _follow(runs, order, request):
            yield shown

    def halt(request: gr.Request) -> tuple[Any, Any]:
        if not runs.stop(find_owner(request.cookies) or "", request.session_hash or ""):
            return gr.skip(), gr.skip()  # it has just ended by itself
        return gr.update(interactive=False), show_notice(say("evaluate_stopping", request))

    private = {"api_visibility": "private", "show_progress": "hidden"}
    gr.on(fn=load, outputs=[methods, limits, results], **private)
    samples.click(take_samples, None, photos, **private)
    start.click(
        run,
        [photos, methods, kind, size, side, seed],
        [start, stop, progress, results],
        concurrency_limit=None,  # evaluations wait in the app's own line
        **private,
    )
    stop.click(halt, None, [stop, progress], concurrency_limit=None, **private)


def _list_methods(state: State) -> list[tuple[str, str]]:
    return [(model.name, model.name) for model in state.models.list()]


def _say(request: gr.Request, key: str, **values: object) -> str:
    return say(key, request, **values)


async def _follow(runs: Runs, order: Order, request: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
    """What the start and the stop button, the progress and the results become, again and again."""
    tell = partial(_say, request)
    running = gr.update(interactive=False), gr.update(interactive=True)
    ended = gr.update(interactive=True), gr.update(interactive=False)
    owner = find_owner(request.cookies)
    if owner is None:
        yield *ended, show_notice(tell("evaluate_no_owner")), ""
        return
    try:
        await asyncio.to_thread(order.check)  # it draws masks
        yield *running, show_notice(tell("evaluate_loading")), ""
        async for event in runs.follow(order, owner, request.session_hash or ""):
            if isinstance(event, Progress):
                yield gr.skip(), gr.skip(), show_progress(event, tell), gr.skip()
            else:
                yield *ended, "", show_outcome(event, tell)
    except OrderError as error:
        yield *ended, show_notice(tell(error.key, **error.values)), gr.skip()
    except StoppedError:
        yield *ended, show_notice(tell("evaluate_nothing")), gr.skip()
    except InpaintError as error:
        yield *ended, show_notice(str(error)), gr.skip()
    except MemoryError:
        yield *ended, show_notice(tell("evaluate_memory")), gr.skip()
    except Exception:
        _log.exception("an evaluation failed")
        yield *ended, show_notice(tell("evaluate_broken")), gr.skip()
