"""What an experiment came to, whichever kind it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Panel:
    """Curves of (x, y) points by name, and what the axes are called."""

    x: str
    y: str
    curves: dict[str, list[tuple[float, float]]]


@dataclass(frozen=True)
class Result:
    """outcomes: figures as plain values; table: a header and rows for people; panels: the plot.

    note: what one must know to read them.
    """

    experiment: str
    question: str
    device: str
    outcomes: list[dict[str, Any]]
    table: list[list[str]]
    panels: list[Panel]
    note: str = ""
