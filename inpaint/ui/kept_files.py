"""Files that the app has made for somebody: on disk, by unguessable id, for their owner only."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inpaint.ui.folders import make_folder, touch
from inpaint.ui.restore.session import ExpiredError

TIME_TO_LIVE = 3600.0


@dataclass
class _Kept:
    owner: str
    path: Path
    used: float


class KeptFiles:
    """Results to take home. They leave with their folder, some time after they were last used.

    Thread-safe. `close` removes all of them.
    """

    def __init__(
        self, time_to_live: float = TIME_TO_LIVE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.time_to_live = time_to_live
        self._clock = clock
        self._root = make_folder("files")
        self._files: dict[str, _Kept] = {}
        self._folders: dict[Path, float] = {}
        self._lock = threading.Lock()

    def make_folder(self) -> Path:
        """A new, empty folder for files to be added."""
        self.sweep()
        folder = Path(tempfile.mkdtemp(dir=self._root))
        with self._lock:
            self._folders[folder] = self._clock()
        return folder

    def add(self, owner: str, path: Path) -> str:
        """Keep a file of such a folder; the id that its owner gets it by."""
        file_id = secrets.token_urlsafe(18)
        with self._lock:
            self._files[file_id] = _Kept(owner, path, self._clock())
        return file_id

    def get(self, file_id: object, owner: str | None) -> Path:
        """The owner's file, which counts as used now. ExpiredError otherwise."""
        self.sweep()
        with self._lock:
            kept = self._files.get(file_id) if isinstance(file_id, str) else None
            if kept is None or not owner or not secrets.compare_digest(kept.owner, owner):
                raise ExpiredError()
            kept.used = self._clock()
            return kept.path

    def sweep(self) -> None:
        """Remove the folders of which nothing was used for long."""
        touch(self._root)
        limit = self._clock() - self.time_to_live
        with self._lock:
            used = dict(self._folders)
            for kept in self._files.values():
                folder = next((f for f in used if kept.path.is_relative_to(f)), None)
                if folder is not None:
                    used[folder] = max(used[folder], kept.used)
            old = [folder for folder, when in used.items() if when < limit]
            for folder in old:
                del self._folders[folder]
            self._files = {
                key: kept
                for key, kept in self._files.items()
                if not any(kept.path.is_relative_to(folder) for folder in old)
            }
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove all of them: the app ends."""
        with self._lock:
            self._files.clear()
            self._folders.clear()
        shutil.rmtree(self._root, ignore_errors=True)
