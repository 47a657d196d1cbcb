"""An evaluation's figures as HTML: a table with the best marked, and charts by the hole's size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from itertools import pairwise
from typing import Any

from inpaint.report import BUCKETS, Report, Row
from inpaint.ui.charts import line_chart

# From a key of the translations, and values to fill in, to words.
Say = Callable[..., str]
Means = dict[str, Any]

# Each figure: how it is written, and whether more is better.
_FIGURES = {
    "psnr": ("{:.2f}", True),
    "psnr_hole": ("{:.2f}", True),
    "ssim": ("{:.4f}", True),
    "lpips": ("{:.4f}", False),
    "seconds": ("{:.2f}", False),
}
_PLOTTED = ("lpips", "psnr_hole")


def show_table(report: Report, say: Say) -> str:
    """The means, a line a method, and what the figures mean."""
    means = report.means()
    best = {figure: _find_best(means, figure) for figure in _FIGURES}
    heads = "".join(
        f'<th scope="col">{escape(say(f"evaluate_{figure}"))}'
        f"<small>{escape(say('evaluate_more' if more else 'evaluate_less'))}</small></th>"
        for figure, (_, more) in _FIGURES.items()
    )
    lines = "".join(
        f'<tr><th scope="row">{escape(method)}</th><td>{_count(values)}</td>'
        + "".join(_cell(values, figure, method in best[figure], say) for figure in _FIGURES)
        + "</tr>"
        for method, values in means.items()
    )
    terms = "".join(
        f"<dt>{escape(say(f'evaluate_{figure}'))}</dt>"
        f"<dd>{escape(say(f'evaluate_{figure}_is'))}</dd>"
        for figure in _FIGURES
    )
    caption = escape(say("evaluate_table"))
    return (
        f'<div class="ev-scroll" role="region" tabindex="0" aria-label="{caption}"><table>'
        f'<caption>{caption}</caption><thead><tr><th scope="col">{escape(say("evaluate_method"))}'
        f'</th><th scope="col">{escape(say("evaluate_filled"))}</th>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
        f"<dl>{terms}</dl>"
    )


def _find_best(means: dict[str, Means], figure: str) -> set[str]:
    """The methods whose mean, as it is written, is the best; none where all are alike."""
    form, more = _FIGURES[figure]
    found = {name: _mean(values, figure) for name, values in means.items()}
    written = {name: form.format(mean) for name, mean in found.items() if mean is not None}
    if len(set(written.values())) < 2:
        return set()
    best = (max if more else min)(written.values(), key=float)
    return {name for name, value in written.items() if value == best}


def _mean(values: Means, figure: str) -> float | None:
    """Infinite where all pictures are equal."""
    if values[figure] is None and values.get(f"{figure}_infinite"):
        return float("inf")
    return values[figure]


def _count(values: Means) -> str:
    filled, failed = values["photos"], values["failed"]
    return f"{filled} / {filled + failed}" if failed else str(filled)


def _cell(values: Means, figure: str, best: bool, say: Say) -> str:
    text = _write(_mean(values, figure), figure)
    if not best:
        return f"<td>{text}</td>"
    star = f'<span role="img" aria-label="{escape(say("evaluate_best"))}">★</span>'
    return f'<td class="ev-best">{star}{text}</td>'


def _write(value: float | None, figure: str) -> str:
    return "–" if value is None else _FIGURES[figure][0].format(value).replace("inf", "∞")


def show_charts(report: Report, say: Say) -> str:
    """The figures of _PLOTTED against the share of the photo that the hole takes."""
    bands = _split(report)
    heading = f"<h3>{escape(say('evaluate_by_size'))}</h3>"
    if len(bands) < 2:
        return f'{heading}<p class="ev-soft">{escape(say("evaluate_one_size"))}</p>'
    charts = "".join(
        line_chart(
            _trace(bands, figure),
            x_label=say("evaluate_share"),
            y_label=say("evaluate_more" if _FIGURES[figure][1] else "evaluate_less"),
            title=say(f"evaluate_{figure}"),
        )
        for figure in _PLOTTED
    )
    return f'{heading}<div class="ev-charts">{charts}</div>'


def _split(report: Report) -> list[Report]:
    """By the share that the hole takes, those that have rows: BUCKETS, below and above them."""
    lows = [low for low, _ in BUCKETS.values()]
    edges = [0.0, *lows, list(BUCKETS.values())[-1][1], float("inf")]
    filled = [row for row in report.rows if row.error is None]
    bands = [
        tuple(row for row in filled if low <= row.hole_ratio < high)
        for low, high in pairwise(edges)
    ]
    return [Report(rows) for rows in bands if rows]


def _trace(bands: Iterable[Report], figure: str) -> dict[str, list[tuple[float, float]]]:
    lines: dict[str, list[tuple[float, float]]] = {}
    for band in bands:
        for method, values in band.means().items():
            line = lines.setdefault(method, [])
            if values[figure] is not None:
                line.append((100 * values["hole_ratio"], values[figure]))
    return lines


def write_figures(row: Row, say: Say) -> str:
    """One fill's figures of _PLOTTED, short, a line each."""
    return "\n".join(
        f"{say(f'evaluate_{figure}_short')} {_write(getattr(row, figure), figure)}"
        for figure in _PLOTTED
    )
