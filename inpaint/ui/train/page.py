"""A training run as HTML: how far it is, its curves, its newest picture."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

from inpaint.ui.charts import line_chart
from inpaint.ui.train.runs import Point, Status
from inpaint.ui.train.training import Run

CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
_CURVES = {"total": "train_loss", "lpips": "train_lpips", "psnr_hole": "train_psnr_hole"}
_FEW = 5  # photos: of fewer none is kept apart

Say = Callable[..., str]


def show_notice(text: str, *, alert: bool = False) -> str:
    """One sentence; alert: something is wrong."""
    if not text:
        return ""
    look, role = ("tr-alert", "alert") if alert else ("tr-soft", "status")
    return _finished(f'<p class="{look}" role="{role}">{escape(text)}</p>')


def show_progress(run: Run, say: Say, *, private: bool) -> str:
    """How far it is, or why it ended; private: without what names photos."""
    state, figures = say(f"train_state_{run.state}"), " · ".join(_list_figures(run, say))
    # A bar without a value would move.
    done, total = run.status.samples or 0, run.status.total or 1
    return _finished(
        f'<p class="tr-head"><strong>{escape(state)}</strong>'
        f'<span class="tr-soft">{escape(figures)}</span></p>'
        f'<progress max="{total}" value="{done}" aria-label="{escape(say("train_progress"))}">'
        f"</progress>{'' if private else _show_complaint(run, say)}"
    )


def show_facts(run: Run, say: Say, *, private: bool) -> str:
    """What its photos are and where its model is; private: without what names photos."""
    facts = [say("train_others")] if private else []
    if 0 < run.status.photos < _FEW:
        facts.append(say("train_too_few"))
    if run.folder.has_weights:
        key = "train_use" if run.state == "trained" else "train_use_so_far"
        facts.append(say(key, name=run.folder.name))
    lines = "".join(f"<p>{escape(fact)}</p>" for fact in facts)
    photos = _show_photos(run.status, say, private)
    return _finished(f'<div class="tr-facts tr-soft">{photos}{lines}</div>')


def show_curves(curves: dict[str, list[Point]], say: Say) -> str:
    """A chart for the loss, and those of what was measured if photos were kept apart for it."""
    charts = "".join(
        line_chart(
            {say("train_latest", value=f"{points[-1][1]:.4g}"): points},
            x_label=say("train_curve_samples"),
            y_label=say(f"{key}_is"),
            title=say(key),
        )
        for name, key in _CURVES.items()
        if (points := curves.get(name))
    )
    return _finished(f'<div class="tr-charts">{charts}</div>') if charts else ""


def show_sample(file_id: str, samples: int, say: Say) -> str:
    """The picture that its owner gets at api/files."""
    caption = escape(say("train_sample", samples=f"{samples:,}"))
    return _finished(
        f'<figure class="tr-sample"><figcaption>{caption}</figcaption>'
        f'<img src="api/files/{file_id}" alt="{caption}"></figure>'
    )


def _list_figures(run: Run, say: Say) -> list[str]:
    status = run.status
    if status.samples is None or status.total is None:
        return []
    figures = [say("train_done_of", done=f"{status.samples:,}", total=f"{status.total:,}")]
    if status.samples_per_second and run.is_running:
        speed = status.samples_per_second
        figures.append(say("train_speed", speed=f"{speed:.1f}" if speed < 10 else f"{speed:,.0f}"))
    if status.seconds_left is not None and run.is_running and run.state != "stopping":
        figures.append(say("train_left", time=_write_time(status.seconds_left, say)))
    return figures


def _write_time(seconds: float, say: Say) -> str:
    """To two units."""
    if seconds < 60:
        return say("train_seconds", seconds=round(seconds))
    minutes = round(seconds / 60)
    hours, days = minutes // 60, minutes // 1440
    if not hours:
        return say("train_minutes", minutes=minutes)
    if not days:
        return say("train_hours", hours=hours, minutes=minutes % 60)
    return say("train_days", days=days, hours=hours % 24)


def _show_complaint(run: Run, say: Say) -> str:
    if run.complaint is None:
        return ""
    if run.complaint == "memory":
        text = say("train_no_memory")
    elif run.complaint:
        text = say("train_complaint", reason=run.complaint)
        if run.complaint.startswith("losses.features"):
            text = f"{say('train_no_features')} {text}"
    else:
        text = say("train_broken", name=run.folder.name)
    return f'<p class="tr-alert" role="alert">{escape(text)}</p>'


def _show_photos(status: Status, say: Say, private: bool) -> str:
    if not status.photos:
        return ""
    found = say("train_found", photos=f"{status.photos:,}")
    if status.left_out:
        found += f" · {say('train_left_out', count=f'{status.left_out:,}')}"
    if private or not status.left_out:
        return f"<p>{escape(found)}</p>"
    reasons = [f"{name}: {reason}" for name, reason in status.reasons]
    if status.left_out > len(reasons):
        reasons.append(say("train_and_more", count=f"{status.left_out - len(reasons):,}"))
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return f"<details><summary>{escape(found)}</summary><ul>{items}</ul></details>"


def _finished(html: str) -> str:
    """Gradio fills in templates: braces in names are none."""
    return f'<div class="tr">{html}</div>'.replace("{", "&#123;").replace("}", "&#125;")
