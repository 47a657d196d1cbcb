"""How the app feels: frames while painting on 24 megapixels, the wait from stroke to result.

    python benchmarks/canvas.py [--repeats 9]

Frame times are what requestAnimationFrame sees while a stroke of 300 moves is painted, in a
Chromium without a graphics card (bars: median below 17 ms, 95th percentile below 50 ms). The wait
is from the pointer released, with "restore as soon as I let go" switched on, to the restored
preview decoded, on a photo of 1 megapixel, less what the network itself takes for the same hole in
this process (bar: 0.4 s).
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from in_browser import chromium, open_app, read_mask, running_app
from PIL import Image
from playwright.sync_api import Page
from skimage import data

from inpaint import Inpainter

_BAR_MEDIAN, _BAR_TAIL, _BAR_WAIT = 17.0, 50.0, 0.4
_WATCH_FRAMES = """() => {
  window.frames_ = [];
  let last = performance.now();
  const step = (now) => {
    window.frames_.push(now - last);
    last = now;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""
# The last image that the page shows is the result once its address has changed and it is decoded.
_WATCH_RESULT = """() => {
  const picture = document.querySelector("[data-pm=picture]");
  const canvas = document.querySelector("[data-pm=canvas]");
  window.taken_ = null;
  let began;
  const note = () => (began = performance.now());
  canvas.addEventListener("pointerup", note, { once: true, capture: true });
  new MutationObserver(async (_, observer) => {
    observer.disconnect();
    await picture.decode();
    window.taken_ = performance.now() - began;
  }).observe(picture, { attributeFilter: ["src"] });
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder, running_app() as address, chromium() as browser:
        page = open_app(browser, address)
        _open(page, Path(folder), "large.jpg", (6000, 4000))
        frames = [frame for _ in range(repeats) for frame in _paint(page)]
        median, tail = statistics.median(frames), float(np.percentile(frames, 95))
        print(
            f"painting on 24 MP: {len(frames)} frames, median {median:.1f} ms "
            f"(bar {_BAR_MEDIAN:g}), 95th percentile {tail:.1f} ms (bar {_BAR_TAIL:g})"
        )
        photo = _open(page, Path(folder), "small.jpg", (1200, 832))
        _stroke(page)
        hole = read_mask(page)
        page.locator("[data-pm=clear]").click()
        page.locator("[data-pm=auto]").check()
        fill = _make_fill(photo, hole)
        taken = [(_restore(page), fill()) for _ in range(repeats + 1)][1:]  # in turns
    wait, network = (statistics.median(one) for one in zip(*taken))
    print(
        f"released to restored, 1 MP: {wait:.2f} s, the network alone {network:.2f} s: "
        f"{wait - network:.2f} s more (bar {_BAR_WAIT:g})"
    )


def _open(page: Page, folder: Path, name: str, size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(data.astronaut()).resize(size).save(buffer, "JPEG", quality=90)
    (folder / name).write_bytes(buffer.getvalue())
    page.locator("[data-pm=file]").set_input_files(folder / name)
    page.wait_for_function("name => document.body.innerText.includes(name)", arg=name)
    page.wait_for_selector("[data-view=edit]")
    return buffer.getvalue()


def _paint(page: Page) -> list[float]:
    """The frame times of one stroke."""
    box = page.locator("[data-pm=canvas]").bounding_box()
    page.evaluate(_WATCH_FRAMES)
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    for move in range(300):
        angle = move / 15
        x = box["x"] + box["width"] * (0.5 + 0.4 * np.sin(angle))
        y = box["y"] + box["height"] * (0.5 + 0.4 * np.cos(angle * 0.7))
        page.mouse.move(x, y)
    frames = page.evaluate("window.frames_.slice(2)")
    page.mouse.up()
    return frames


def _restore(page: Page) -> float:
    """Seconds from a stroke's end to its result, always the same stroke on the original."""
    if page.locator("[data-pm=past]").is_visible():
        page.locator("[data-pm=history] button").first.click()
    page.evaluate(_WATCH_RESULT)
    _stroke(page)
    page.wait_for_function("window.taken_ !== null")
    page.wait_for_selector("[data-pm=root]:not([data-busy])")
    return page.evaluate("window.taken_") / 1000


def _stroke(page: Page) -> None:
    box = page.locator("[data-pm=canvas]").bounding_box()
    page.locator("[data-pm=size]").fill("20")
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.46, box["y"] + box["height"] * 0.42, steps=4)
    page.mouse.up()


def _make_fill(photo: bytes, hole: np.ndarray) -> Callable[[], float]:
    """A function that fills the hole in this process, and gives the seconds that took."""
    pixels = np.asarray(Image.open(io.BytesIO(photo)))
    inpainter = Inpainter()

    def fill() -> float:
        began = time.perf_counter()
        inpainter.restore_array(pixels, hole)
        return time.perf_counter() - began

    return fill


if __name__ == "__main__":
    main()
