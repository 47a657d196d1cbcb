"""What the folder of a training run tells: how far it is, its curves, its newest picture."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from inpaint.whole_file import write_whole

PHOTOS = "photos"  # the folder within a run's that uploaded photos lie in
OUTPUT = "output.log"
_ORDER, _STATUS = "order.json", "status.json"
_TAIL = 16 << 10  # bytes of the output in which an error is looked for
_MOST_POINTS = 300

Point = tuple[float, float]


@dataclass(frozen=True)
class Order:
    """What somebody wants trained; it stays with the run, so that the run can be continued.

    folder: photos on this machine, besides those uploaded. overrides: "section.key=value" each.
    owner: `hash_owner` of who ordered it.
    """

    name: str
    preset: str
    overrides: tuple[str, ...] = ()
    folder: str = ""
    owner: str = ""

    def write(self, path: Path) -> None:
        """Into the run folder `path`."""
        write_whole(path / _ORDER, json.dumps(asdict(self)).encode())


@dataclass(frozen=True)
class Status:
    """How far a run is, as the trainer wrote it last: None and 0 until it has.

    photos: those that it learns from; left_out: how many it cannot use; reasons: some of them, as
    (name, why).
    """

    phase: str = ""
    samples: int | None = None
    total: int | None = None
    samples_per_second: float | None = None
    photos: int = 0
    left_out: int = 0
    reasons: tuple[tuple[str, str], ...] = ()

    @property
    def seconds_left(self) -> float | None:
        """None as long as nobody can say."""
        if self.samples is None or self.total is None or not self.samples_per_second:
            return None
        return (self.total - self.samples) / self.samples_per_second


@dataclass(frozen=True)
class RunFolder:
    """A run folder that the app has made; every file in it may be missing."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_ours(self) -> bool:
        return (self.path / _ORDER).is_file()

    def ordered_at(self) -> float:
        """Seconds since the epoch; 0 if it is gone."""
        try:
            return (self.path / _ORDER).stat().st_mtime
        except OSError:
            return 0.0

    @property
    def has_checkpoint(self) -> bool:
        return any((self.path / "checkpoints").glob("[0-9]*.pt"))

    @property
    def has_weights(self) -> bool:
        return (self.path / "weights.safetensors").is_file()

    def read_order(self) -> Order:
        """What was ordered, as far as the file can be read."""
        values = _read_json(self.path / _ORDER)
        texts = {key: str(values.get(key, "")) for key in ("preset", "folder", "owner")}
        overrides = tuple(map(str, values.get("overrides", ())))
        return Order(self.name, overrides=overrides, **texts)

    def read_status(self) -> Status:
        values = _read_json(self.path / _STATUS)
        reasons = tuple((str(name), str(why)) for name, why in values.pop("reasons", ()))
        known = {key: values[key] for key in values.keys() & Status.__dataclass_fields__.keys()}
        return Status(**known, reasons=reasons)

    def restart_status(self) -> None:
        """Before a new process: how far the run has come stays, unless it begins again."""
        path = self.path / _STATUS
        if self.has_checkpoint:
            values = _read_json(path) | {"phase": "", "samples_per_second": None}
            write_whole(path, json.dumps(values).encode())
        else:
            path.unlink(missing_ok=True)

    def logged_at(self) -> int:
        """When log.csv was written last, in nanoseconds; 0 if there is none."""
        try:
            return (self.path / "log.csv").stat().st_mtime_ns
        except OSError:
            return 0

    def read_curves(self) -> dict[str, list[Point]]:
        """(samples, value) points of log.csv by name, such as "total", "lpips" and "psnr_hole"."""
        curves: dict[str, list[Point]] = {}
        try:
            text = (self.path / "log.csv").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return {}
        whole = text[: text.rfind("\n") + 1]  # not the row that is just being written
        for row in csv.DictReader(whole.splitlines()):
            with contextlib.suppress(KeyError, TypeError, ValueError):
                point = float(row["samples"]), float(row["value"])
                curves.setdefault(row["name"], []).append(point)
        return {name: _thin(points) for name, points in curves.items()}

    def find_sample(self) -> Path | None:
        """The newest picture: damaged, restored and original photos side by side."""
        return max((self.path / "samples").glob("*.webp"), default=None)

    def read_complaint(self) -> str | None:
        """What ended the run: the trainer's own sentence, "memory", "" for any other error of the
        program; None if nothing did.
        """
        try:
            with open(self.path / OUTPUT, "rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - _TAIL))
                tail = file.read().decode("utf-8", errors="replace")
        except OSError:
            return None
        lines = [line.strip() for line in re.split(r"[\r\n]+", tail) if line.strip()]
        last = lines[-1] if lines else ""
        if last.startswith("train: "):
            # Photos are told by their names within the run, without the machine's folders.
            return last.removeprefix("train: ").replace(f"{self.path}/", "")
        if "Traceback (most recent call last):" not in lines or last == "KeyboardInterrupt":
            return None
        return "memory" if re.search("out of memory|MemoryError", last) else ""


def hash_owner(owner: str | None) -> str:
    """What a run folder may know of an owner's secret; empty for nobody."""
    return hashlib.sha256(owner.encode()).hexdigest() if owner else ""


def _read_json(path: Path) -> dict:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _thin(points: list[Point]) -> list[Point]:
    """At most so many points, each the mean of its neighbours; the last one stays."""
    size = -(-len(points) // _MOST_POINTS)
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]
