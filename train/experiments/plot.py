"""Plots of experiments."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from inpaint.errors import TrainingError
from inpaint.whole_file import write_whole
from train.experiments.result import Panel

# Wong's colours, which people tell apart whatever their colour vision (Nature Methods, 2011).
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
_DASHES = ("-", "--", ":")


def plot(path: Path, title: str, panels: Sequence[Panel]) -> Path:
    """Panels side by side, a line a curve, written as WebP. TrainingError without matplotlib."""
    figure = import_figure()(figsize=(1.5 + 5.5 * len(panels), 4.2), layout="constrained")
    figure.suptitle(title, fontsize=11)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _draw(axes, panel)
    return _save(figure, path)


def import_figure() -> Any:
    """matplotlib's Figure. TrainingError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise TrainingError("plots need one more package: pip install matplotlib") from error
    return Figure


def _draw(axes: Any, panel: Panel) -> None:
    axes.set_xlabel(panel.x)
    axes.set_ylabel(panel.y)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    for number, (label, points) in enumerate(panel.curves.items()):
        style = _DASHES[number // len(_COLOURS) % len(_DASHES)]
        colour = _COLOURS[number % len(_COLOURS)]
        marker = "o" if len(points) < 10 else ""
        axes.plot(
            *zip(*points),
            label=label,
            color=colour,
            linestyle=style,
            linewidth=1.8,
            marker=marker,
            markersize=4,
        )
    axes.legend(frameon=False, fontsize=9)


def _save(figure: Any, path: Path) -> Path:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    picture = Image.open(drawn).convert("RGB")
    return write_whole(path, lambda file: picture.save(file, "WEBP", quality=88, method=6))
