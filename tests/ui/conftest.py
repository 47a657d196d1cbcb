"""An app of its own per test, a running one per module, and pictures as files."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


@pytest.fixture
def encode():
    """encode(array, format="PNG", **options) -> a picture file's bytes."""

    def encode(array, format="PNG", **options):
        buffer = io.BytesIO()
        Image.fromarray(array).save(buffer, format, **options)
        return buffer.getvalue()

    return encode


@pytest.fixture
def one_bit(encode):
    """one_bit(hole) -> the kind of PNG that the page sends."""
    return lambda hole: encode(np.asarray(hole, bool))


@pytest.fixture(scope="session")
def address():
    """The address of the app, started as a person starts it, on a free port."""
    command = [sys.executable, str(ROOT / "app.py"), "--port", "0", "--device", "cpu"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as app:
        line = app.stdout.readline()
        found = re.search(r"http://\S+", line)
        if found is None:
            app.kill()
            pytest.fail(f"the app did not start: {line}{app.stderr.read()}")
        yield found[0]
        app.send_signal(signal.SIGINT)
        _, errors = app.communicate(timeout=20)
    assert (app.returncode, errors) == (0, ""), "Ctrl+C should end the app quietly"
