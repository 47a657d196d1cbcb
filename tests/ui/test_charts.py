"""Line charts: what they draw, and that they survive what figures can be."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from inpaint.ui.charts import line_chart


def draw(series, title="How it went", x_label="step", y_label="loss"):
    """The chart, read as XML: every tag closed, every text escaped."""
    text = line_chart(series, x_label=x_label, y_label=y_label, title=title)
    return ElementTree.fromstring(text)


def points_of(chart):
    """For each line, its (percent from the left, percent from the top)."""
    return [
        [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        for line in chart.iter("polyline")
    ]


def texts_of(chart):
    return [text.text for text in chart.iter("text")]


def test_a_line_goes_from_left_to_right_and_more_is_higher():
    (line,) = points_of(draw({"net": [(0, 1.0), (5, 3.0), (10, 2.0)]}))
    assert [x for x, _ in line] == [0, 50, 100]
    tops = [y for _, y in line]
    assert tops[1] < tops[2] < tops[0]


def test_ticks_are_round_and_enclose_the_values():
    chart = draw({"net": [(0, 0.13), (1000, 0.38)]})
    assert texts_of(chart) == ["0.1", "0.2", "0.3", "0.4", "0", "500", "1000", "step"]


def test_every_series_has_a_look_and_a_name_of_its_own():
    series = {f"net {number}": [(0, number), (1, number + 1)] for number in range(12)}
    chart = draw(series)
    looks = [line.get("style") for line in chart.iter("polyline")]
    assert len(set(looks)) == 12
    legend = [span.find("svg").tail for span in chart.iter("span")]
    assert legend == list(series)


def test_names_are_text_and_the_figures_are_told():
    evil = "<img src=x onerror=alert(1)>"
    text = line_chart({evil: [(1, 2.5)]}, x_label=evil, y_label=evil, title=evil)
    assert "<img" not in text
    svg = ElementTree.fromstring(text).find("svg")
    assert svg.get("role") == "img"
    assert svg.find("title").text == evil
    assert "1 → 2.5" in svg.find("desc").text


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(3, 4)],
        [(0, 0)],
        [(1, 7), (2, 7)],
        [(1, float("nan")), (2, 3), (3, float("inf"))],
        [(0, 1e-7), (1, 2e-7)],
        [(0, -1e9), (1e6, 1e9)],
    ],
)
def test_any_points_can_be_drawn(points):
    chart = draw({"net": points})
    (line,) = points_of(chart)
    assert all(0 <= share <= 100 for point in line for share in point)
    assert not re.search(r"\b(nan|inf)\b", ElementTree.tostring(chart, "unicode"))
    assert len(set(texts_of(chart)[:2])) == 2


def test_long_lines_have_no_markers_and_a_short_description():
    curve = [(step, 1 / (step + 1)) for step in range(1000)]
    chart = draw({"net": curve, "other": curve[:3]})
    assert len(list(chart.iter("circle"))) == 3
    told = chart.find("svg").find("desc").text
    assert len(told) < 600
    assert "999 → 0.001" in told
