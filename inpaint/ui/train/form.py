"""What the Train tab's form says, checked; and who may see a run's photos and stop it."""

from __future__ import annotations

import secrets
from pathlib import Path

import gradio as gr

from inpaint.ui.access.origins import sits_here
from inpaint.ui.access.security import find_owner
from inpaint.ui.settings import Settings
from inpaint.ui.train.runs import Order, hash_owner
from inpaint.ui.train.training import RefusedError

SIZES = (64, 128, 192, 256)  # sides of a training crop, pixels
_MOST = {"samples": 10**9, "batch": 4096}


def may_manage(order: Order, settings: Settings, request: gr.Request) -> bool:
    """Whether a run's photos are shown to this visitor, who may stop and delete it too.

    Everybody is who sits at this computer or has the app's password. In an app that is open to
    all, that is whoever started the run, in the same browser.
    """
    if settings.auth is not None or sits_here(settings, request.headers):
        return True
    owner = hash_owner(find_owner(request.cookies))
    return bool(owner) and secrets.compare_digest(order.owner, owner)


def read_order(
    name: object,
    preset: object,
    folder: object,
    samples: object,
    batch: object,
    size: object,
    own_features: object,
    settings: Settings,
    request: gr.Request,
) -> Order:
    """The form's values, which may be anything, as an order. RefusedError for those that it cannot
    be. `Trainings.start` checks the name, the preset and that the folder is there.
    """
    owner = find_owner(request.cookies)
    if owner is None:
        raise RefusedError("train_no_owner")
    overrides = ["run.log_every=10"]  # a page is watched closer than a log file
    if total := _read_count("samples", samples):
        overrides += [
            f"run.samples={total}",
            f"run.validate_every={max(1, total // 20)}",
            f"optimiser.warmup={total // 25}",
        ]
    if count := _read_count("batch", batch):
        overrides.append(f"run.batch={count}")
    if size in SIZES:  # the photos are kept large enough for every recipe's widest window
        overrides += [f"data.size={size}", f"data.photo_side={size * 9 // 4}"]
    if own_features:
        overrides += ["losses.features=alexnet", "losses.features_file="]
    return Order(
        str(name or "").strip(),
        str(preset),
        tuple(overrides),
        _read_folder(folder, settings, request),
        hash_owner(owner),
    )


def _read_count(which: str, sent: object) -> int | None:
    """A whole number; None where the recipe is to say."""
    if sent in (None, "", 0):
        return None
    if not isinstance(sent, (int, float)) or sent != sent // 1 or not 0 < sent <= _MOST[which]:
        raise RefusedError("train_bad_number")
    return int(sent)


def _read_folder(sent: object, settings: Settings, request: gr.Request) -> str:
    named = str(sent or "").strip()
    if not named:
        return ""
    if not sits_here(settings, request.headers):
        raise RefusedError("train_not_here")
    folder = Path(named).expanduser()
    if not folder.is_absolute():
        raise RefusedError("train_no_folder")
    return str(folder)
