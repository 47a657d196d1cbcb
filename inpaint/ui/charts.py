"""Line charts as SVG in the text of a page: no script, in the page's own colours, for any width.

The drawing is stretched to the page, its texts are not: positions are shares of the plot, and the
room for the axes' figures is padding around it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

Point = tuple[float, float]

# Each keeps a contrast of 3:1 or more to a white and to a black page. Dashes tell lines apart where
# colours do not.
_COLOURS = (
    "#0f8f83",
    "#d2601a",
    "#4577d4",
    "#c2418f",
    "#7d8a1f",
    "#8f63d2",
    "#d64550",
    "#3f9142",
    "#9c7350",
    "#7a8188",
)
_DASHES = ("", "8 4", "2 3", "10 3 2 3")
_TEXT = "var(--body-text-color, CanvasText)"
_SOFT = "var(--body-text-color-subdued, GrayText)"
_RULE = "var(--border-color-primary, GrayText)"

_HEIGHT = 240  # pixels, of the plot alone
_TICKS = 5
_MOST_MARKERS = 30  # a line of more points is drawn without them
_MOST_TOLD = 12  # points of a line that its description tells


def line_chart(series: dict[str, list[Point]], *, x_label: str, y_label: str, title: str) -> str:
    """An HTML figure: the title, a legend, and an SVG with a line for each series.

    series: name -> (x, y) points in the order in which they are joined; those that are not finite
    are left out, and without any the axes stay empty. Names and labels are text, never markup.
    The SVG's <desc> tells the figures to those who do not see it.
    """
    lines = {
        name: [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        for name, points in series.items()
    }
    every = [point for points in lines.values() for point in points]
    x_low, x_high = _span(x for x, _ in every)
    y_low, y_high = _span(y for _, y in every)
    x_ticks = [tick for tick in _ticks(x_low, x_high) if x_low <= tick <= x_high]
    y_ticks = _ticks(y_low, y_high)
    y_low, y_high = y_ticks[0], y_ticks[-1]

    def place(x: float, y: float) -> Point:
        """Percent of the plot from its left and its top."""
        return 100 * (x - x_low) / (x_high - x_low), 100 * (y_high - y) / (y_high - y_low)

    y_names, x_names = _name_ticks(y_ticks), _name_ticks(x_ticks)
    drawn = [
        _rule(place(x_low, tick)[1], name) for tick, name in zip(y_ticks, y_names, strict=True)
    ]
    drawn += [
        _text(f"{place(tick, y_low)[0]:.2f}%", "100%", name, "middle", 20)
        for tick, name in zip(x_ticks, x_names, strict=True)
    ]
    drawn.append(_text("50%", "100%", x_label, "middle", 42))
    for number, (name, points) in enumerate(lines.items()):
        drawn.append(_line([place(*point) for point in points], number))
        if len(points) <= _MOST_MARKERS:
            drawn += [_marker(place(*point), number, f"{name}: {_pair(point)}") for point in points]
    left = 10 + round(7.5 * max(map(len, y_names)))
    return (
        '<figure style="margin:0;min-width:0">'
        f'<figcaption style="color:{_TEXT};font-weight:600">{escape(title)}</figcaption>'
        f"{_legend(lines)}"
        f'<div style="color:{_SOFT};font-size:13px">{escape(y_label)}</div>'
        f'<svg role="img" style="display:block;box-sizing:border-box;width:100%;'
        f"height:{_HEIGHT + 62}px;padding:12px 12px 50px {left}px;overflow:visible;font-size:13px;"
        f'font-variant-numeric:tabular-nums">'
        f"<title>{escape(title)}</title>"
        f"<desc>{escape(_describe(lines, x_label, y_label))}</desc>"
        f"{''.join(drawn)}</svg></figure>"
    )


def _span(values: Iterable[float]) -> tuple[float, float]:
    """The least and the largest value, made to differ."""
    values = list(values) or [0.0, 1.0]
    low, high = min(values), max(values)
    if low == high:
        margin = abs(low) / 10 or 1.0
        return low - margin, high + margin
    return low, high


def _ticks(low: float, high: float) -> list[float]:
    """Round values in equal steps that enclose both."""
    rough = (high - low) / (_TICKS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    return [number * step for number in range(first, last + 1)]


def _name_ticks(ticks: list[float]) -> list[str]:
    """With as many decimals as tell them apart."""
    if len(ticks) < 2:
        return [f"{tick:.4g}" for tick in ticks]
    decimals = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-6))
    return [f"{tick:.{decimals}f}" for tick in ticks]


def _text(x: str, y: str, text: str, anchor: str, down: int) -> str:
    return (
        f'<text x="{x}" y="{y}" dy="{down}" text-anchor="{anchor}" style="fill:{_SOFT}">'
        f"{escape(text)}</text>"
    )


def _rule(y: float, name: str) -> str:
    return f'<line x1="0" x2="100%" y1="{y:.2f}%" y2="{y:.2f}%" style="stroke:{_RULE}"/>' + _text(
        "-8", f"{y:.2f}%", name, "end", 4
    )


def _style(number: int) -> str:
    dash = _DASHES[number % len(_DASHES)]
    return f"stroke:{_COLOURS[number % len(_COLOURS)]};stroke-width:2;stroke-dasharray:{dash or 0}"


def _line(places: list[Point], number: int) -> str:
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in places)
    return (
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" style="overflow:visible">'
        f'<polyline points="{points}" vector-effect="non-scaling-stroke" '
        f'style="fill:none;stroke-linejoin:round;{_style(number)}"/></svg>'
    )


def _marker(place: Point, number: int, tip: str) -> str:
    return (
        f'<circle cx="{place[0]:.2f}%" cy="{place[1]:.2f}%" r="4" '
        f'style="fill:{_COLOURS[number % len(_COLOURS)]}"><title>{escape(tip)}</title></circle>'
    )


def _legend(lines: dict[str, list[Point]]) -> str:
    entries = "".join(
        '<span style="display:inline-flex;align-items:center;gap:6px">'
        '<svg width="28" height="12" aria-hidden="true">'
        f'<line x1="1" x2="27" y1="6" y2="6" style="{_style(number)}"/></svg>'
        f"{escape(name)}</span>"
        for number, name in enumerate(lines)
    )
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:4px 16px;margin:6px 0 10px;'
        f'color:{_TEXT};font-size:13px">{entries}</div>'
    )


def _describe(lines: dict[str, list[Point]], x_label: str, y_label: str) -> str:
    told = []
    for name, points in lines.items():
        every = max(1, math.ceil(len(points) / _MOST_TOLD))
        some = points[::every]
        if points and some[-1] != points[-1]:
            some.append(points[-1])
        told.append(f"{name}: {', '.join(map(_pair, some)) or '–'}")
    return "; ".join([f"{x_label} → {y_label}", *told])


def _pair(point: Point) -> str:
    return f"{point[0]:.4g} → {point[1]:.4g}"
