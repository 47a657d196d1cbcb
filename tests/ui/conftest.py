"""An app of its own per test, a running one per module, and pictures as files."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


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


@pytest.fixture(scope="session")
def browser():
    """Chromium. Skips where none is installed; PHOTOMEND_REQUIRE_BROWSER=1 makes that a failure."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if chromium is None or sync_playwright is None:
        missing = "Chromium" if chromium is None else "Playwright"
        if os.environ.get("PHOTOMEND_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{missing} is required here and not installed")
        pytest.skip(f"{missing} is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    """The app in a phone's browser; `asked`: what it requested, `wrong`: errors of its scripts."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(address)
    page.wait_for_selector("[data-pm=method] option", state="attached")
    yield page
    context.close()
