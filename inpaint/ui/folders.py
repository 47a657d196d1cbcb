"""Temporary folders of a running app, closed to the machine's other users.

An app removes its own when it ends. What one that was killed has left, the next one removes: a
running app touches its folders at every sweep.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

ABANDONED = 3600.0  # seconds without a touch


def make_folder(purpose: str) -> Path:
    """A new folder photomend-PURPOSE-... in the system's place for temporary files."""
    prefix = f"photomend-{purpose}-"
    parent = Path(tempfile.gettempdir()).resolve()
    for left in parent.glob(f"{prefix}*"):
        try:
            if left.lstat().st_mtime < time.time() - ABANDONED:
                shutil.rmtree(left, ignore_errors=True)  # which follows no link
        except OSError:
            continue  # another app was faster
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))


def touch(folder: Path) -> None:
    """Say that the folder is in use."""
    try:
        os.utime(folder)
    except FileNotFoundError:
        folder.mkdir(mode=0o700, exist_ok=True)  # somebody tidied up
