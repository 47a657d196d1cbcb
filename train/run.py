"""The run folder: preset.toml, status.json, log.csv, TensorBoard events, samples/, checkpoints/,
weights.

Nothing in it is ever half-written: files appear under a temporary name, are flushed to disk
and renamed.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from inpaint.errors import TrainingError
from inpaint.weights import save_network
from inpaint.whole_file import write_whole
from train.features import FeatureNetwork
from train.preset import Preset, preset_to_toml, read_toml

_KEPT = 2  # checkpoints, besides the best


class RunFolder:
    """A folder that a run writes into, and that `--resume` reads."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._checkpoints = self.path / "checkpoints"
        self._log = self.path / "log.csv"
        self._events: SummaryWriter | None = None

    def create(self, preset: Preset) -> None:
        """Make the folder and write the resolved preset. TrainingError if a run lies there, or the
        preset's networks cannot be built: then there is no folder.
        """
        preset.build_network()
        if preset.looks_at_features:
            FeatureNetwork(preset.losses.features, preset.losses.features_file)
        if self._checkpoints.exists():
            raise TrainingError(f"{self.path} holds a run already; continue it with --resume")
        try:
            (self.path / "samples").mkdir(parents=True, exist_ok=True)
            self._checkpoints.mkdir()
        except OSError as error:
            raise TrainingError(f"cannot create {self.path}: {error.strerror}") from error
        self._log.unlink(missing_ok=True)  # of a run that did not come as far as a checkpoint
        self.save_preset(preset)

    def vacate(self) -> None:
        """Let another run begin here, of which nothing could be resumed."""
        shutil.rmtree(self._checkpoints)

    def save_preset(self, preset: Preset) -> None:
        """Write the resolved preset: what the run goes on with when it is resumed."""
        text = preset_to_toml(preset)
        _write(self.path / "preset.toml", lambda file: file.write(text.encode()))

    def preset(self) -> dict[str, Any]:
        """The preset that the run goes by, as plain values."""
        path = self.path / "preset.toml"
        if not path.is_file():
            raise TrainingError(f"{self.path} is not a run folder: it has no preset.toml")
        return read_toml(path)

    def save_status(self, status: dict[str, Any]) -> None:
        """Write where the run is, for programs that watch it."""
        _write(self.path / "status.json", lambda file: file.write(json.dumps(status).encode()))

    def save_checkpoint(self, state: dict[str, Any], samples: int) -> None:
        """Keep the last two; older ones go only after the new one is safe."""
        path = self._checkpoints / f"{samples:010d}.pt"
        _write(path, lambda file: torch.save(state, file))
        for old in self._numbered()[:-_KEPT]:
            old.unlink()

    def last_checkpoint(self) -> int | None:
        """Samples of the newest checkpoint, None if there is none."""
        return max((int(path.stem) for path in self._numbered()), default=None)

    def load_checkpoint(self) -> dict[str, Any]:
        """The newest checkpoint that can be read, on the CPU. TrainingError if none can."""
        for path in reversed(self._numbered()):
            try:
                return torch.load(path, map_location="cpu", weights_only=True)
            except Exception:  # torch raises what it pleases on a torn file; try the one before
                continue
        raise TrainingError(f"{self.path}: no readable checkpoint to resume from")

    def save_best(self, state: dict[str, Any]) -> None:
        _write(self._checkpoints / "best.pt", lambda file: torch.save(state, file))

    def save_weights(self, network: torch.nn.Module, card: dict[str, Any]) -> Path:
        """The averaged network as weights.safetensors, ready for `--method`."""
        return save_network(self.path / "weights.safetensors", network, card)

    def save_sample(self, picture: Image.Image, samples: int) -> None:
        path = self.path / "samples" / f"{samples:010d}.webp"
        _write(path, lambda file: picture.save(file, "WEBP", quality=90))

    def log(self, samples: int, figures: dict[str, float], *, group: str) -> None:
        """Append one row a figure to log.csv, and to TensorBoard under group/name."""
        if self._events is None:
            self._events = SummaryWriter(str(self.path), purge_step=samples)
        fresh = not self._log.exists()
        with open(self._log, "a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(("samples", "group", "name", "value"))
            for name, value in figures.items():
                writer.writerow((samples, group, name, f"{value:.6g}"))
                self._events.add_scalar(f"{group}/{name}", value, samples)

    def forget_after(self, samples: int) -> None:
        """Drop log rows that a resumed run will write again."""
        if not self._log.exists():
            return
        with open(self._log, newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        text = io.StringIO()
        csv.writer(text).writerows([header, *(row for row in rows if int(row[0]) <= samples)])
        _write(self._log, lambda file: file.write(text.getvalue().encode()))

    def close(self) -> None:
        if self._events is not None:
            self._events.close()
            self._events = None

    def _numbered(self) -> list[Path]:
        return sorted(self._checkpoints.glob("[0-9]*.pt"))


def _write(path: Path, save: Callable[[BinaryIO], Any]) -> None:
    try:
        write_whole(path, save)
    except OSError as error:
        raise TrainingError(f"cannot write {path}: {error.strerror}") from error
