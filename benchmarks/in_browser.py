"""The app as a process of its own, and pages of it in Chromium, for the scripts beside this one."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "ui"))

from hands import download, drag, open_file, part, read_mask, restore, take  # noqa: E402, F401

_CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def running_app(*options: str) -> Iterator[str]:
    """The address of an app started on a free port."""
    command = [sys.executable, str(ROOT / "app.py"), "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as app:
        found = re.search(r"http://\S+", app.stdout.readline())
        if found is None:
            raise SystemExit("the app did not start")
        try:
            yield found[0]
        finally:
            app.send_signal(signal.SIGINT)
            app.wait(timeout=30)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise SystemExit("Chromium is not installed (Debian, Ubuntu: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_CHROMIUM))
        yield browser
        browser.close()


def open_app(
    browser: Browser,
    address: str,
    width: int = 1280,
    height: int = 900,
    dark: bool = False,
    locale: str = "en-GB",
) -> Page:
    """The app in a window of its own."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=locale,
        has_touch=width < 500,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{address}/?__theme={'dark' if dark else 'light'}")
    page.wait_for_selector("[data-pm=root][data-ready]")
    return page
