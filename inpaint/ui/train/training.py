"""Training in the app: one run at a time, as a process of its own, found again after a restart.

A run is a folder among the models, so its weights are a model as soon as it has written any.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inpaint.errors import InpaintError
from inpaint.ui.archives import collect_photos
from inpaint.ui.models import Models
from inpaint.ui.train.processes import find_process, start_process
from inpaint.ui.train.runs import OUTPUT, PHOTOS, Order, RunFolder, Status

_log = logging.getLogger(__name__)

MAX_PHOTOS = 10_000
MAX_BYTES = 2 << 30
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_LOCK = "lock"
_ROOT = Path(__file__).parents[3]  # of both packages: there `python -m train` finds itself
_PATIENCE = 10.0  # seconds that an app which ends waits for the checkpoint


class RefusedError(InpaintError):
    """What cannot be done; `key` and `values` are for the translations."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True)
class Run:
    """A run as it is now.

    state: "starting", "preparing", "training", "validating" or "stopping" while its process runs,
    then "trained", "stopped" or "failed". complaint: why it failed, as `RunFolder.read_complaint`.
    """

    folder: RunFolder
    order: Order
    status: Status
    state: str
    complaint: str | None = None

    @property
    def is_running(self) -> bool:
        return self.state not in ("trained", "stopped", "failed")

    @property
    def can_continue(self) -> bool:
        return self.state in ("stopped", "failed")


class Trainings:
    """The runs in the models' folder, of which one at a time trains. Thread-safe.

    device: as for `python -m train`.
    """

    def __init__(self, models: Models, device: str = "auto") -> None:
        self.folder = Path(models.folder or "models").resolve()
        self._models, self._device = models, device
        self._lock, self._listing = threading.RLock(), threading.Lock()
        self._process: subprocess.Popen | None = None  # the last one that this app started
        self._process_name = ""
        self._stopping = ""  # the run that was asked to stop
        self._coming = ""  # the run whose photos are being stored
        self._presets: dict[str, str] = {}

    def list_presets(self) -> dict[str, str]:
        """The trainer's recipes, each with what it is for."""
        with self._listing:
            if not self._presets:
                command = [sys.executable, "-m", "train", "--list"]
                told = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
                if told.returncode:
                    _log.error("the trainer does not start:\n%s", told.stderr)
                    raise RefusedError("train_no_trainer")
                lines = (line.partition(" ") for line in told.stdout.splitlines())
                self._presets = {name: about.strip() for name, _, about in lines}
            return self._presets

    def list_names(self) -> list[str]:
        """The runs' names, the newest first."""
        if not self.folder.is_dir():
            return []
        runs = [RunFolder(path) for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        ours = [run for run in runs if run.is_ours]
        return [run.name for run in sorted(ours, key=RunFolder.ordered_at, reverse=True)]

    def find_running(self) -> str | None:
        """The name of the run that is being trained."""
        with self._lock:
            return next((name for name in self.list_names() if self._find_process(name)), None)

    def get(self, name: object) -> Run:
        """The run of that name. RefusedError if there is none."""
        folder = RunFolder(self.folder / name) if self._is_name(name) else None
        if folder is None or not folder.is_ours:
            raise RefusedError("train_gone")
        with self._lock:
            runs = self._find_process(name) is not None
            status, order = folder.read_status(), folder.read_order()
            if runs and (self._stopping == name or status.phase in ("trained", "stopped")):
                return Run(folder, order, status, "stopping")
            if runs:
                return Run(folder, order, status, status.phase or "starting")
            if status.phase == "trained":
                return Run(folder, order, status, "trained")
            complaint = folder.read_complaint()
            if complaint is None and self._was_killed(name):
                complaint = "memory"  # the system ends what takes too much
            return Run(
                folder, order, status, "stopped" if complaint is None else "failed", complaint
            )

    def start(self, order: Order, uploads: Sequence[Path] = ()) -> None:
        """Start a run on uploaded photos (files and zips), on those of `order.folder`, or on both.

        The photos are copied into the run. A run of that name that never got as far as a
        checkpoint gives way. RefusedError for what is missing or taken, InpaintError for uploads
        that cannot be used.
        """
        with self._coming_run(order):
            if order.preset not in self.list_presets():
                raise RefusedError("train_no_preset")
            if not uploads and not order.folder:
                raise RefusedError("train_no_photos")
            if order.folder and not Path(order.folder).is_dir():
                raise RefusedError("train_no_folder")
            with _told_when_full():
                self.folder.mkdir(parents=True, exist_ok=True)
                place = Path(tempfile.mkdtemp(prefix=".train-", dir=self.folder))
                try:
                    if uploads:
                        (place / PHOTOS).mkdir()
                        limits = {"max_files": MAX_PHOTOS, "max_bytes": MAX_BYTES}
                        collect_photos(uploads, place / PHOTOS, **limits)
                    order.write(place)
                    shutil.rmtree(self.folder / order.name, ignore_errors=True)
                    run = RunFolder(place.rename(self.folder / order.name))
                finally:
                    shutil.rmtree(place, ignore_errors=True)
                self._launch(run)

    def resume(self, name: object) -> None:
        """Go on with a run from its last checkpoint, or from the beginning if it has none."""
        with self._lock:
            run = self.get(name)
            self._check_idle()
            if run.can_continue:
                with _told_when_full():
                    self._launch(run.folder)

    def stop(self, name: object) -> None:
        """Ask a run to write a checkpoint and its weights, and to end."""
        with self._lock:
            process = self._find_process(self.get(name).folder.name)
            if process is not None and self._stopping != name:
                self._stopping = str(name)
                with contextlib.suppress(ProcessLookupError):
                    # Not SIGINT, which a process started in the background may ignore.
                    os.kill(process, signal.SIGTERM)

    def delete(self, name: object) -> None:
        """Remove a run, its model and the photos that were uploaded for it."""
        with self._lock:
            run = self.get(name)
            if run.is_running:
                raise RefusedError("train_busy", name=name)
            with _told_when_full():
                gone = tempfile.mkdtemp(prefix=".train-", dir=self.folder)
                run.folder.path.rename(Path(gone) / run.folder.name)
        shutil.rmtree(gone, ignore_errors=True)

    def close(self) -> None:
        """The app ends: what it has started writes its checkpoint and ends too."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self.stop(self._process_name)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_PATIENCE)

    @contextlib.contextmanager
    def _coming_run(self, order: Order) -> Iterator[None]:
        """Nothing else starts meanwhile, and the name is free."""
        with self._lock:
            self._check_idle()
            if not self._is_name(order.name):
                raise RefusedError("train_bad_name")
            if self._is_taken(order):
                raise RefusedError("train_taken", name=order.name)
            self._coming = order.name
        try:
            yield
        finally:
            self._coming = ""

    def _check_idle(self) -> None:
        if name := self._coming or self.find_running():
            raise RefusedError("train_busy", name=name)

    def _is_name(self, name: object) -> bool:
        return isinstance(name, str) and _NAME.fullmatch(name) is not None

    def _is_taken(self, order: Order) -> bool:
        name = order.name.casefold()
        if name in (model.name.casefold() for model in self._models.list()):
            return True
        there = self.folder.iterdir() if self.folder.is_dir() else ()
        found = next((RunFolder(path) for path in there if path.name.casefold() == name), None)
        if found is None:
            return False
        gives_way = found.is_ours and not found.has_checkpoint
        return not (gives_way and found.read_order().owner == order.owner)

    def _launch(self, run: RunFolder) -> None:
        order = run.read_order()
        sources = [str(run.path / PHOTOS)] if (run.path / PHOTOS).is_dir() else []
        sources += [order.folder] if order.folder else []
        command = [sys.executable, "-m", "train", "--device", self._device, "--data", *sources]
        if run.has_checkpoint:
            command += ["--resume", str(run.path)]
        else:
            shutil.rmtree(run.path / "checkpoints", ignore_errors=True)  # an empty one
            command += ["--output", str(run.path), "--preset", order.preset]
            command += [part for override in order.overrides for part in ("--set", override)]
        with self._lock:
            run.restart_status()
            self._process = start_process(
                command,
                cwd=_ROOT,
                lock=run.path / _LOCK,
                output=run.path / OUTPUT,
                PYTHONUNBUFFERED="1",
                TQDM_MININTERVAL="60",  # its bar is for terminals
            )
            self._process_name, self._stopping = run.name, ""

    def _find_process(self, name: str) -> int | None:
        if name == self._process_name and self._process is not None:
            return self._process.pid if self._process.poll() is None else None
        return find_process(self.folder / name / _LOCK)

    def _was_killed(self, name: str) -> bool:
        ours = name == self._process_name and self._process is not None
        return ours and self._process.returncode == -getattr(signal, "SIGKILL", 9)


@contextlib.contextmanager
def _told_when_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _log.warning("a run folder cannot be written", exc_info=error)
        raise RefusedError("train_no_disk", reason=error.strerror or "") from error
