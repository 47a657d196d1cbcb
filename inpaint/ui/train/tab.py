"""The Train tab: photos and a recipe in, a run to watch, stop and continue, a model out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from inpaint.errors import InpaintError
from inpaint.ui.access.origins import is_private
from inpaint.ui.batch.files import read_uploads
from inpaint.ui.restore.routes import MAX_BYTES as MAX_FILE_BYTES
from inpaint.ui.state import State
from inpaint.ui.train.form import SIZES, may_manage, read_order
from inpaint.ui.train.page import CSS, show_notice
from inpaint.ui.train.training import MAX_BYTES, MAX_PHOTOS, RefusedError
from inpaint.ui.train.watch import SHOWN, look
from inpaint.ui.translations import choose_language, read_words, say, words

_log = logging.getLogger(__name__)

_PRESET = "small"  # for photos of one's own, and complete without a download
_KINDS = [".zip", "image", ".avif", ".tif", ".tiff"]
_EVERY = 2.0  # seconds between two looks at a run
_HTML: dict[str, Any] = {"css_template": CSS, "apply_default_css": False}
_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def add_train_tab(state: State) -> None:
    """Add the form, and the runs that there are, to the Blocks being built."""
    with gr.Column(elem_id="train"):
        gr.Markdown(words("train_intro"))
        with gr.Accordion(words("train_new")) as new:
            form, limits = _add_form(state)
            start = gr.Button(words("train_start"), variant="primary")
        told = gr.HTML(**_HTML)
        with gr.Column(visible=False) as panel:
            parts = {"panel": panel, **_add_panel()}
            confirm = _add_confirm()
            answer = gr.HTML(**_HTML)
            parts |= _add_view()
    chosen, seen = parts["chosen"], parts["seen"]
    outputs = [parts[key] for key in SHOWN]

    def show(name: Any, seen: dict[str, Any], request: gr.Request) -> dict[Any, Any]:
        updates = look(state, name, seen, request)
        return {parts[key]: update for key, update in updates.items()}

    def load(request: gr.Request) -> dict[Any, Any]:
        idle = state.trainings.find_running() is None
        limit = _say_limits(request)
        return {new: gr.Accordion(open=idle), limits: limit, **show(None, {}, request)}

    def load_presets(request: gr.Request) -> Any:
        try:
            names = sorted(state.trainings.list_presets(), key=lambda one: (one != _PRESET, one))
        except RefusedError:
            return gr.skip()  # whoever starts a training will be told
        return gr.Dropdown(names, info=_describe(_PRESET, request))

    def describe(preset: Any, request: gr.Request) -> Any:
        return gr.Dropdown(info=_describe(preset, request))

    def begin(
        photos: Any,
        name: Any,
        preset: Any,
        folder: Any,
        samples: Any,
        batch: Any,
        size: Any,
        features: Any,
        request: gr.Request,
    ) -> Iterator[dict[Any, Any]]:
        yield {
            start: gr.Button(interactive=False),
            told: show_notice(say("train_storing", request)),
        }
        values = name, preset, folder, samples, batch, size, features
        done: dict[Any, Any] = {start: gr.Button(interactive=True)}
        try:
            order = read_order(*values, state.settings, request)
            uploads = read_uploads(photos, Path(get_upload_folder()))
            state.trainings.start(order, [upload.path for upload in uploads])
        except Exception as error:
            yield {**done, told: _explain(error, request)}
        else:
            names = gr.Dropdown(state.trainings.list_names(), value=order.name)
            closed = gr.Accordion(open=False)
            yield {**done, told: "", form["name"]: "", chosen: names, new: closed}

    def act(do: Callable[[Any], None]) -> Callable[[Any, gr.Request], dict[Any, Any]]:
        def run(name: Any, request: gr.Request) -> dict[Any, Any]:
            said = ""
            try:
                order = state.trainings.get(name).order
                if not may_manage(order, state.settings, request):
                    raise RefusedError("train_not_yours")
                do(name)
            except Exception as error:
                said = _explain(error, request)
            return {answer: said, confirm["box"]: gr.Column(visible=False)}

        return run

    def ask(name: Any, request: gr.Request) -> dict[Any, Any]:
        question = show_notice(say("train_delete_ask", request, name=name), alert=True)
        return {answer: "", confirm["box"]: gr.Column(visible=True), confirm["question"]: question}

    def put_off() -> dict[Any, Any]:
        return {answer: "", confirm["box"]: gr.Column(visible=False)}

    gr.on(fn=load, outputs=[new, limits, *outputs], **_QUIET)
    gr.on(fn=load_presets, outputs=form["preset"], **_QUIET)
    form["preset"].input(describe, form["preset"], form["preset"], preprocess=False, **_QUIET)
    begun = start.click(
        begin,
        list(form.values()),
        [start, told, form["name"], chosen, new],
        preprocess=False,  # names of uploads, and wrong files, stay what they are
        **_QUIET,
    )
    trainings = state.trainings
    done = [
        part.click(act(do), chosen, [answer, confirm["box"]], **_QUIET)
        for part, do in (
            (parts["stop"], trainings.stop),
            (parts["resume"], trainings.resume),
            (confirm["yes"], trainings.delete),
        )
    ]
    parts["delete"].click(ask, chosen, [answer, confirm["box"], confirm["question"]], **_QUIET)
    gr.on([confirm["no"].click, chosen.input], put_off, None, [answer, confirm["box"]], **_QUIET)
    looks = [parts["timer"].tick, chosen.input, *(event.then for event in (begun, *done))]
    for event in looks:
        event(show, [chosen, seen], outputs, **_QUIET)


def _add_form(state: State) -> tuple[dict[str, Any], gr.HTML]:
    """The fields by name, photos first and the others as `read_order` takes them; and the place of
    the limits.
    """
    form: dict[str, Any] = {}
    with gr.Row(equal_height=True):
        photos = gr.File(
            label=words("train_photos"),
            file_count="multiple",
            file_types=_KINDS,
            height=200,
            min_width=280,
        )
        with gr.Column(min_width=280):
            form["name"] = gr.Textbox(
                label=words("train_name"),
                info=words("train_name_info"),
                placeholder="portraits",
                max_length=40,
            )
            form["preset"] = gr.Dropdown([_PRESET], value=_PRESET, label=words("train_preset"))
    limits = gr.HTML(**_HTML)
    form["folder"] = gr.Textbox(
        label=words("train_folder"),
        info=words("train_folder_info"),
        placeholder="/home/ann/portraits",
        visible=is_private(state.settings),
    )
    with gr.Accordion(words("train_more"), open=False):
        with gr.Row():
            for which in ("samples", "batch"):
                form[which] = gr.Number(
                    0,
                    label=words(f"train_{which}"),
                    info=words(f"train_{which}_info"),
                    min_width=220,
                )
            form["size"] = gr.Dropdown(
                [(words("train_size_preset"), 0), *((f"{side} × {side}", side) for side in SIZES)],
                value=0,
                label=words("train_size"),
                info=words("train_size_info"),
                min_width=220,
            )
        form["features"] = gr.Checkbox(
            True, label=words("train_own_features"), info=words("train_own_features_info")
        )
    return {"photos": photos, **form}, limits


def _add_panel() -> dict[str, Any]:
    chosen = gr.Dropdown([], label=words("train_run"))
    with gr.Row():
        stop = gr.Button(words("train_stop"), scale=0, min_width=150)
        resume = gr.Button(words("train_continue"), scale=0, min_width=150)
        delete = gr.Button(words("train_delete"), scale=0, min_width=150)
    return {"chosen": chosen, "stop": stop, "resume": resume, "delete": delete}


def _add_confirm() -> dict[str, Any]:
    with gr.Column(visible=False) as box:
        question = gr.HTML(**_HTML)
        with gr.Row():
            yes = gr.Button(words("train_delete_yes"), variant="stop", scale=0, min_width=150)
            no = gr.Button(words("train_delete_no"), scale=0, min_width=150)
    return {"box": box, "question": question, "yes": yes, "no": no}


def _add_view() -> dict[str, Any]:
    progress, facts = gr.HTML(**_HTML), gr.HTML(**_HTML)
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            curves = gr.HTML(**_HTML)
        with gr.Column(min_width=280):
            sample = gr.HTML(**_HTML)
    timer, seen = gr.Timer(_EVERY, active=False), gr.State({})
    view = {"progress": progress, "facts": facts, "curves": curves, "sample": sample}
    return {**view, "timer": timer, "seen": seen}


def _say_limits(request: gr.Request) -> str:
    limit = say(
        "train_limits",
        request,
        photos=f"{MAX_PHOTOS:,}",
        gigabytes=MAX_BYTES >> 30,
        megabytes=MAX_FILE_BYTES >> 20,
    )
    return show_notice(limit)


def _describe(preset: object, request: gr.Request) -> str:
    return read_words()[choose_language(request)].get(f"train_about_{preset}", "")


def _explain(error: Exception, request: gr.Request) -> str:
    """Words for the person; what nobody expected goes to the log as it is."""
    if isinstance(error, RefusedError):
        text = say(error.key, request, **error.values)
    elif isinstance(error, InpaintError):
        text = str(error)
    else:
        _log.error("the Train tab failed", exc_info=error)
        text = say("train_failed_here", request)
    return show_notice(text, alert=True)
