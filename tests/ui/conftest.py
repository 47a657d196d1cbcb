"""An app of its own per test, a running one per module, and pictures as files."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
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
def start():
    """start(*options) -> a context with the app, started as a person starts it on a free port; its
    address, and the process as `.process`."""

    class Address(str):
        process: subprocess.Popen

    @contextlib.contextmanager
    def start(*options, program=(str(ROOT / "app.py"),)):
        command = [sys.executable, *program, "--port", "0", "--device", "cpu", *options]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as app:
            line = app.stdout.readline()
            found = re.search(r"http://\S+", line)
            if found is None:
                app.kill()
                pytest.fail(f"the app did not start: {line}{app.stderr.read()}")
            address = Address(found[0])
            address.process = app
            yield address
            app.send_signal(signal.SIGINT)
            _, errors = app.communicate(timeout=20)
        assert (app.returncode, errors) == (0, ""), "Ctrl+C should end the app quietly"

    return start


@pytest.fixture(scope="session")
def address(start):
    """The address of the app, without options."""
    with start() as address:
        yield address


@pytest.fixture(scope="session")
def serve():
    """serve(app) -> a context in which a small ASGI app runs in this process; its address."""
    import uvicorn

    @contextlib.contextmanager
    def serve(app):
        config = uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the app did not start"
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()

    return serve


@pytest.fixture(scope="session")
def make_app():
    """make_app(**settings) -> the whole app, Gradio's part too, to be spoken to in this process."""

    def make_app(**settings):
        from inpaint.ui import build
        from inpaint.ui.settings import Settings

        async def make():
            return build(Settings(device="cpu", **settings))

        # In a loop, since Gradio would make one and leave it open; Playwright's holds this thread.
        with ThreadPoolExecutor() as pool:
            return pool.submit(lambda: asyncio.run(make())).result()

    return make_app


@pytest.fixture(scope="module")  # its event loop holds this thread as long as it is open
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
def open_page(browser, address):
    """open_page(width, height, dark=False, **context) -> the app in a window of its own.

    `asked`: what the page requested, `wrong`: errors of its scripts.
    """
    contexts = []

    def open_page(width=1280, height=900, dark=False, **options):
        options = {"reduced_motion": "reduce", "locale": "en-GB"} | options
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.wrong = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.goto(f"{address}/?__theme={'dark' if dark else 'light'}")
        page.wait_for_selector("[data-pm=root][data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page):
    """The app in a desktop's browser."""
    return open_page()


@pytest.fixture
def phone(open_page):
    """The app in a phone's browser."""
    return open_page(390, 844, has_touch=True)
