"""What a page of the Train tab shows of the runs, and what of it has changed."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from inpaint.ui.access.security import find_owner
from inpaint.ui.state import State
from inpaint.ui.train.form import may_manage
from inpaint.ui.train.page import Say, show_curves, show_facts, show_progress, show_sample
from inpaint.ui.train.training import Run
from inpaint.ui.translations import say

SHOWN = (
    *("panel", "chosen", "stop", "resume", "delete"),
    *("progress", "facts", "curves", "sample", "timer", "seen"),
)


def look(state: State, name: object, seen: dict[str, Any], request: gr.Request) -> dict[str, Any]:
    """Updates of those of SHOWN that differ from what the page has `seen`, and "seen" itself.

    name: the run to show; if there is no such run, that which trains, or the newest.
    """
    trainings = state.trainings
    names, running = trainings.list_names(), trainings.find_running()
    if name not in names:
        name = running or next(iter(names), None)
    if name is None:
        return {"panel": gr.Column(visible=False), "timer": gr.Timer(active=False), "seen": {}}
    run, owner = trainings.get(name), find_owner(request.cookies)
    private = not may_manage(run.order, state.settings, request)
    tell = partial(_say, request)
    now = {
        "panel": True,
        "chosen": (names, name),
        "stop": run.is_running and run.state != "stopping" and not private,
        "resume": run.can_continue and running is None and not private,
        "delete": not run.is_running and not private,
        "progress": show_progress(run, tell, private=private),
        "facts": show_facts(run, tell, private=private),
        "curves": (name, run.folder.logged_at()),
        "sample": None if private or owner is None else run.folder.find_sample(),
        "timer": running is not None or owner is None,  # who that is will soon be known
    }
    make = {
        "panel": lambda visible: gr.Column(visible=visible),
        "chosen": lambda shown: gr.Dropdown(shown[0], value=shown[1]),
        "curves": lambda _: show_curves(run.folder.read_curves(), tell),
        "sample": lambda path: _show_sample(state, owner, path, run, tell) if path else "",
        "timer": lambda active: gr.Timer(active=active),
        **dict.fromkeys(("stop", "resume", "delete"), lambda can: gr.Button(visible=can)),
    }
    changed = {key: value for key, value in now.items() if seen.get(key, ...) != value}
    updates = {key: make.get(key, str)(value) for key, value in changed.items()}
    return {**updates, "seen": now}


def _say(request: gr.Request, key: str, **values: object) -> str:
    return say(key, request, **values)


def _show_sample(state: State, owner: str, path: Path, run: Run, tell: Say) -> str:
    """The picture, from a copy that is this visitor's alone."""
    copy = state.files.make_folder() / f"{run.folder.name}_{path.name}"
    shutil.copyfile(path, copy)
    return show_sample(state.files.add(owner, copy), int(path.stem), tell)
