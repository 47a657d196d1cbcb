"""An evaluation as HTML: how far it is, then its report and the photos side by side."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from inpaint.report import Report, Row
from inpaint.ui.evaluate.figures import Say, show_charts, show_table, write_figures
from inpaint.ui.evaluate.job import Outcome, Progress
from inpaint.ui.evaluate.order import ANY, EACH
from inpaint.ui.evaluate.pictures import ERROR_LEVELS, PhotoPictures, Picture, error_colours

CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")

_OPEN_PHOTOS = 4  # the others open at a click, and load no picture before


def show_progress(progress: Progress, say: Say) -> str:
    """A line of words and a bar."""
    if progress.ahead:
        text = say("evaluate_waiting", ahead=progress.ahead)
    else:
        text = say("evaluate_working", number=progress.done + 1, total=progress.total)
        text = f"{text} · {progress.photo}"
    return _finished(
        f'<p class="ev-status" role="status">{escape(text)}</p>'
        f'<progress class="ev-bar" max="{progress.total}" value="{progress.done}" '
        f'aria-label="{escape(say("evaluate_progress"))}"></progress>'
    )


def show_notice(text: str) -> str:
    """One sentence, where the progress was."""
    return _finished(f'<p class="ev-status" role="status">{escape(text)}</p>') if text else ""


def show_outcome(outcome: Outcome, say: Say) -> str:
    """All of it, as HTML for `CSS`; pictures and the report come from api/files."""
    report = outcome.report
    parts = [
        _show_head(outcome, say),
        _show_failures(report, say),
        show_table(report, say),
        show_charts(report, say),
        _show_photos(outcome.photos, say),
    ]
    return _finished(f'<div class="ev">{"".join(parts)}</div>')


def _finished(html: str) -> str:
    """Gradio fills in templates: braces in names are none."""
    return html.replace("{", "&#123;").replace("}", "&#125;")


def _show_head(outcome: Outcome, say: Say) -> str:
    order, holes = outcome.order, len(outcome.photos)
    size = {ANY: say("evaluate_size_any"), EACH: say("evaluate_size_each")}.get(
        order.size, order.size
    )
    side = f"≤ {order.max_side} px" if order.max_side else say("evaluate_side_none")
    facts = (
        say("evaluate_holes", count=holes),
        f"{say(f'evaluate_kind_{order.kind}')}; {size}",
        side,
        say("evaluate_seed_is", seed=order.seed),
    )
    heading = say("evaluate_stopped_after" if outcome.stopped else "evaluate_results")
    return (
        f'<div class="ev-head"><div><h2>{escape(heading)}</h2>'
        f'<p class="ev-soft">{escape(" · ".join(facts))}</p></div>'
        f'<a class="ev-button" href="api/files/{outcome.archive}" download>'
        f"{escape(say('evaluate_download'))}</a></div>"
    )


def _show_failures(report: Report, say: Say) -> str:
    if not report.failures:
        return ""
    # What spoils a photo spoils it for every method, in the same words.
    methods: dict[tuple[str, str], list[str]] = {}
    for row in report.failures:
        methods.setdefault((row.photo, str(row.error)), []).append(row.method)
    lines = "".join(
        f"<li><b>{escape(photo)}</b> ({escape(', '.join(dict.fromkeys(names)))}): "
        f"{escape(reason)}</li>"
        for (photo, reason), names in methods.items()
    )
    heading = say("evaluate_failures", count=len(report.failures))
    return f'<div class="ev-failures"><p>{escape(heading)}</p><ul>{lines}</ul></div>'


def _show_photos(photos: Sequence[tuple[list[Row], PhotoPictures]], say: Say) -> str:
    shown = [(rows, kept) for rows, kept in photos if kept.original is not None]
    if not shown:
        return ""
    rows = "".join(
        _show_photo(rows, kept, number < _OPEN_PHOTOS, say)
        for number, (rows, kept) in enumerate(shown)
    )
    return f"<h3>{escape(say('evaluate_side_by_side'))}</h3>{_show_scale(say)}{rows}"


def _show_scale(say: Say) -> str:
    ticks = [ERROR_LEVELS * part // 4 for part in range(4)] + [f"{ERROR_LEVELS}+"]
    names = "".join(f"<span>{tick}</span>" for tick in ticks)
    return (
        f'<div class="ev-scale"><p>{escape(say("evaluate_error_map_is"))}</p><div>'
        f'<i style="background:linear-gradient(90deg,{",".join(error_colours(9))})"></i>'
        f"<div>{names}</div></div></div>"
    )


def _show_photo(rows: list[Row], kept: PhotoPictures, is_open: bool, say: Say) -> str:
    by_method = {row.method: row for row in rows}
    row = rows[0]
    title = f"{row.photo} · {row.width} × {row.height}"
    share = say("evaluate_hole_is", share=f"{row.hole_ratio:.1%}")
    columns = _show_column(
        (kept.original, say("evaluate_original"), ""),
        (kept.damaged, say("evaluate_damaged"), share),
        row.photo,
    )
    for method, (filled, error) in kept.by_method.items():
        columns += _show_column(
            (filled, method, write_figures(by_method[method], say)),
            (error, say("evaluate_error_of", method=method), _write_error(by_method[method], say)),
            row.photo,
        )
    return (
        f"<details class='ev-photo'{' open' if is_open else ''}>"
        f'<summary>{escape(title)} <span class="ev-soft">· {escape(share)}</span></summary>'
        f'<div class="ev-scroll ev-pictures" role="region" tabindex="0" '
        f'aria-label="{escape(title)}">{columns}</div></details>'
    )


def _write_error(row: Row, say: Say) -> str:
    return say("evaluate_error_mean", levels=f"{255 * row.l1:.1f}")


def _show_column(
    above: tuple[Picture, str, str], below: tuple[Picture, str, str], photo: str
) -> str:
    return f"<div>{_show_figure(*above, photo)}{_show_figure(*below, photo)}</div>"


def _show_figure(picture: Picture, name: str, note: str, photo: str) -> str:
    address = f"api/files/{picture.file_id}"
    return (
        f'<figure><a href="{address}" target="_blank"><img src="{address}" loading="lazy" '
        f'width="{picture.width}" height="{picture.height}" alt="{escape(f"{photo}: {name}")}"></a>'
        f"<figcaption>{escape(name)}<small>{escape(note) or '&nbsp;'}</small></figcaption></figure>"
    )
