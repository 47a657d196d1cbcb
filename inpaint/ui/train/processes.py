"""Processes that may outlive the app, and are found again by a lock that they hold.

The lock is free as soon as its process ends, however it ends: no number of a process is ever taken
for that of another. Where there are no such locks (Windows) only the app that started a process
knows of it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None

_NICE = 10  # whoever waits for a photo goes first


def start_process(
    command: Sequence[str], *, cwd: Path, lock: Path, output: Path, **environment: str
) -> subprocess.Popen:
    """Start a process of low priority that holds the file `lock` and writes what it says to
    `output`. Ctrl+C in the app's terminal does not reach it.

    BlockingIOError if another one holds the lock, OSError if it cannot be started.
    """
    with open(lock, "a") as held, open(output, "wb") as said:
        if fcntl is not None:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(held.fileno(),) if fcntl is not None else (),
        )
        held.truncate(0)
        held.write(str(process.pid))
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
    return process


def find_process(lock: Path) -> int | None:
    """The id of the process that holds the file `lock`, None if there is none."""
    if fcntl is None:
        return None
    try:
        with open(lock) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read())
    except (OSError, ValueError):  # no such file, or not written yet
        pass
    return None
