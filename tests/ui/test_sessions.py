"""Several people at once, each with a photo of their own, through the running app."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from pathlib import Path

import pytest

from inpaint.ui import memory

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "sessions.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("sessions", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["sessions"] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["sessions"]


def test_each_gets_the_right_result_in_order_and_sees_the_line(address, script):
    sessions = script.make_sessions(8, 800, 600)
    script.run_round(address, sessions, "biharmonic")  # slow enough that a line forms
    assert [session.wrong for session in sessions] == [""] * 8
    assert script.count_overtaken(sessions) == 0
    assert any(session.ahead for session in sessions)
    assert max(max(session.ahead, default=0) for session in sessions) < 8


def test_the_script_sees_who_is_overtaken_and_what_is_wrong(script):
    first, second = script.make_sessions(2, 40, 30)
    first.joined, first.done, second.joined, second.done = 1, 5, 2, 9
    assert script.count_overtaken([second, first]) == 0
    second.done = 3
    assert script.count_overtaken([first, second]) == 1
    second.done, second.ahead = 9, [1, 2]
    assert script.count_overtaken([first, second]) == 1
    first.file = script._encode(first.photo)
    assert script._judge(first) == "not restored"
    first.file = script._encode(second.photo)
    assert script._judge(first) == "changed outside the hole"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's heaps are meant")
def test_memory_that_is_free_goes_back_to_the_system():
    # Blocks too small for mappings of their own, then every other one freed.
    blocks = [b"x" * 100_000 for _ in range(2000)]
    held = [block for at, block in enumerate(blocks) if at % 2]
    del blocks
    before = resident()
    memory.release()
    assert before - resident() > 50_000_000
    assert len(held) == 1000


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
