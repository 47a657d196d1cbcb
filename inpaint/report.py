"""What an evaluation measured: rows, their means, and the files and tables made of them."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from inpaint.whole_file import write_whole

FORMAT_VERSION = 1

METRICS = ("psnr", "psnr_hole", "ssim", "lpips", "l1", "hole_ratio", "seconds")

# Shares of a photo that its hole takes; the upper end belongs to the next one, but for 60 %.
BUCKETS = {
    "2-10 %": (0.02, 0.1),
    "10-20 %": (0.1, 0.2),
    "20-30 %": (0.2, 0.3),
    "30-40 %": (0.3, 0.4),
    "40-60 %": (0.4, 0.6),
}
OTHER_BUCKET = "others"

_HEADINGS = {
    "psnr": ("PSNR", ".2f"),
    "psnr_hole": ("PSNR in the hole", ".2f"),
    "ssim": ("SSIM", ".4f"),
    "lpips": ("LPIPS", ".4f"),
    "l1": ("L1", ".4f"),
    "hole_ratio": ("hole", ".1%"),
    "seconds": ("seconds", ".2f"),
}


@dataclass(frozen=True)
class Row:
    """One photo filled by one method. What could not be measured is None, and why is in `error`.

    psnr and psnr_hole are infinite for equal pictures; ssim is None below 11 and lpips below 32
    pixels; l1 has white at 1; seconds are those of the fill alone, without reading the files.
    """

    method: str
    photo: str
    mask: str | None = None
    height: int | None = None
    width: int | None = None
    hole_ratio: float | None = None
    psnr: float | None = None
    psnr_hole: float | None = None
    ssim: float | None = None
    lpips: float | None = None
    l1: float | None = None
    seconds: float | None = None
    error: str | None = None

    @property
    def bucket(self) -> str | None:
        """The name of the bucket of its hole's share; None where the hole is not known."""
        if self.hole_ratio is None:
            return None
        for name, (low, high) in BUCKETS.items():
            if low <= self.hole_ratio < high or self.hole_ratio == high == 0.6:
                return name
        return OTHER_BUCKET


@dataclass(frozen=True)
class Report:
    """Rows in the order measured; `environment` and `settings` say how."""

    rows: tuple[Row, ...]
    environment: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[Row, ...]:
        """The rows that have an error."""
        return tuple(row for row in self.rows if row.error is not None)

    def means(self) -> dict[str, dict[str, float | int | None]]:
        """Method -> the means of METRICS over its photos, and the counts they are taken over.

        A mean leaves out infinite PSNRs (psnr_infinite and psnr_hole_infinite count them) and what
        is None; it is None where nothing is left. `photos` were filled, `failed` were not.
        """
        return {method: _mean(self._of(method)) for method in self._methods()}

    def by_hole_ratio(self) -> dict[str, dict[str, dict[str, float | int | None]]]:
        """Bucket -> method -> means as in `means`, for the buckets that have photos."""
        result: dict[str, dict[str, dict[str, float | int | None]]] = {}
        for bucket in (*BUCKETS, OTHER_BUCKET):
            for method in self._methods():
                rows = [row for row in self._of(method) if row.bucket == bucket]
                if rows:
                    result.setdefault(bucket, {})[method] = _mean(rows)
        return result

    def table(self, by_hole_ratio: bool = False) -> str:
        """The means as a Markdown table, a line a method; or a line a bucket and method."""
        headings = [heading for heading, _ in _HEADINGS.values()]
        if by_hole_ratio:
            lines = [["share of hole", "method", "photos", *headings]]
            for bucket, methods in self.by_hole_ratio().items():
                lines += [[bucket, name, *_cells(means)] for name, means in methods.items()]
            text_columns = 2
        else:
            lines = [["method", "photos", *headings]]
            lines += [[name, *_cells(means)] for name, means in self.means().items()]
            text_columns = 1
        return _markdown(lines, text_columns)

    def write(self, folder: str | os.PathLike) -> tuple[Path, Path]:
        """Write report.json and report.csv into a folder (made if need be), each whole or not.

        Infinite and missing values are null, and empty in the CSV; a row without `error` whose
        PSNR is null is one of equal pictures.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "format_version": FORMAT_VERSION,
            "environment": self.environment,
            "settings": self.settings,
            "means": self.means(),
            "by_hole_ratio": self.by_hole_ratio(),
            "rows": [_finite(row) for row in self.rows],
        }
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, [column.name for column in fields(Row)])
        writer.writeheader()
        writer.writerows(_finite(row) for row in self.rows)
        json_text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        return (
            write_whole(folder / "report.json", json_text.encode()),
            write_whole(folder / "report.csv", text.getvalue().encode()),
        )

    def _methods(self) -> list[str]:
        return list(dict.fromkeys(row.method for row in self.rows))

    def _of(self, method: str) -> list[Row]:
        return [row for row in self.rows if row.method == method]


def _mean(rows: Iterable[Row]) -> dict[str, float | int | None]:
    rows = list(rows)
    filled = [row for row in rows if row.error is None]
    result: dict[str, float | int | None] = {
        "photos": len(filled),
        "failed": len(rows) - len(filled),
    }
    for metric in METRICS:
        values = [getattr(row, metric) for row in filled]
        values = [value for value in values if value is not None]
        finite = [value for value in values if math.isfinite(value)]
        result[metric] = math.fsum(finite) / len(finite) if finite else None
        if metric.startswith("psnr"):
            result[f"{metric}_infinite"] = len(values) - len(finite)
    return result


def _finite(row: Row) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(row).items()
    }


def _cells(means: dict[str, float | int | None]) -> list[str]:
    cells = [str(means["photos"])]
    for metric, (_, form) in _HEADINGS.items():
        value = means[metric]
        if value is not None:
            cells.append(format(value, form))
        else:
            cells.append("inf" if means.get(f"{metric}_infinite") else "-")
    return cells


def _markdown(lines: list[list[str]], text_columns: int) -> str:
    """Aligned so that it reads well unrendered: the first columns left, figures right."""
    lines = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    widths = [max(3, *(len(cell) for cell in column)) for column in zip(*lines, strict=True)]
    rule = [
        "-" * width if place < text_columns else "-" * (width - 1) + ":"
        for place, width in enumerate(widths)
    ]
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) if place < text_columns else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in (lines[0], rule, *lines[1:])
    )
