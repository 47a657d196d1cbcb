"""Plots of experiments."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from inpaint.errors import TrainingError
from inpaint.whole_file import write_whole

# Wong's colours, which people tell apart whatever their colour vision (Nature Methods, 2011).
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
_DASHES = ("-", "--", ":")


def plot_curves(
    path: Path,
    title: str,
    curves: dict[str, Sequence[tuple[float, float]]],
    *,
    x: str,
    y: str,
) -> Path:
    """One line a curve of (x, y) points, written as WebP. TrainingError without matplotlib."""
    axes = _axes(title, x, y)
    for number, (label, points) in enumerate(curves.items()):
        style = _DASHES[number // len(_COLOURS) % len(_DASHES)]
        colour = _COLOURS[number % len(_COLOURS)]
        axes.plot(*zip(*points), label=label, color=colour, linestyle=style, linewidth=1.8)
    axes.legend(frameon=False, fontsize=9)
    return _save(axes.figure, path)


def _axes(title: str, x: str, y: str) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise TrainingError("plots need one more package: pip install matplotlib") from error
    axes = Figure(figsize=(7, 4.2), layout="constrained").add_subplot()
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _save(figure: Any, path: Path) -> Path:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    picture = Image.open(drawn).convert("RGB")
    return write_whole(path, lambda file: picture.save(file, "WEBP", quality=88, method=6))
