"""Processes that outlive the app, and the lock by which they are found."""

from __future__ import annotations

import os
import sys

import pytest

from inpaint.ui.train.processes import find_process, start_process

PATIENT = "import os, sys; print(os.nice(0), os.getsid(0) == os.getpid(), os.environ['WORD']); "
PATIENT += "sys.stdout.flush(); import time; time.sleep(60)"


@pytest.fixture
def start(tmp_path):
    """start() -> a process that sleeps, holding tmp_path/lock; ended after the test."""
    started = []

    def start(code=PATIENT):
        command = [sys.executable, "-c", code]
        files = {"lock": tmp_path / "lock", "output": tmp_path / "output.log"}
        started.append(start_process(command, cwd=tmp_path, **files, WORD="hello"))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_process_is_found_by_its_lock_as_long_as_it_lives(start, tmp_path):
    lock = tmp_path / "lock"
    assert find_process(lock) is None
    process = start()
    assert find_process(lock) == process.pid
    with pytest.raises(BlockingIOError):
        start()
    assert find_process(lock) == process.pid
    process.kill()  # the lock asks for no farewell
    process.wait()
    assert find_process(lock) is None
    assert start().pid == find_process(lock)


def test_it_is_of_low_priority_and_out_of_the_terminals_reach(start, tmp_path):
    start(PATIENT.replace("60", "0")).wait()
    nice, leads, word = (tmp_path / "output.log").read_text().split()
    assert (leads, word) == ("True", "hello")
    assert int(nice) >= min(os.nice(0) + 10, 19)
