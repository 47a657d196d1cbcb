"""Screenshots of every tab of the app for the docs: docs/app/*.webp.

    python benchmarks/make_screenshots.py [--write docs/app]

Desktop, phone, dark and Chinese; with scikit-image's photos, freely licensed.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from in_browser import ROOT, chromium, open_app, running_app
from PIL import Image
from playwright.sync_api import Browser, Locator, Page
from skimage import data

from inpaint.ui.translations import read_words

_MOST_HEIGHT = 1760  # pixels of a page that are shown
_PHONE = {"width": 390, "height": 844}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, default=ROOT / "docs" / "app")
    target = parser.parse_args().write
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        files = _make_files(Path(folder))
        models = Path(folder, "models")
        with running_app("--models", str(models)) as address, chromium() as browser:
            _shoot(browser, address, files, target)


def _shoot(browser: Browser, address: str, files: dict[str, Path], target: Path) -> None:
    def shoot(name: str, act: Callable[[Page], None], **window: object) -> None:
        page = open_app(browser, address, **window)
        act(page)
        page.mouse.move(2, 2)
        page.wait_for_timeout(500)
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        shot = shot.crop((0, 0, shot.width, min(shot.height, _MOST_HEIGHT)))
        shot.save(target / f"{name}.webp", quality=86)
        page.context.close()
        print(target / f"{name}.webp")

    shoot("start", _wait_for_samples)
    shoot("restore", _paint)
    shoot("restored", _restore)
    shoot("models", _compare)
    shoot("batch", lambda page: _batch(page, files))
    shoot("evaluate", _evaluate)
    shoot("train", lambda page: _train(page, files))
    shoot("phone", _restore, **_PHONE)
    shoot("phone-dark", _restore, dark=True, locale="zh-CN", **_PHONE)
    shoot("batch-phone", lambda page: _batch(page, files), **_PHONE)
    shoot("restored-dark", _restore, dark=True)
    shoot("evaluate-dark", _evaluate, dark=True, locale="zh-CN")


def _wait_for_samples(page: Page) -> None:
    thumbnails = "[...document.querySelectorAll('[data-pm=sample-list] img')]"
    page.wait_for_function(f"{thumbnails}.every((one) => one.complete && one.naturalWidth)")


def _sample(page: Page, number: int) -> None:
    page.locator("[data-pm=sample-list] button").nth(number).click()
    page.wait_for_function("!document.querySelector('[data-pm=undo]').disabled")


def _paint(page: Page) -> None:
    _sample(page, 3)
    page.locator("[data-tool=lasso]").click()


def _restore(page: Page) -> None:
    _sample(page, 3)
    page.locator("[data-pm=restore]").click()
    page.wait_for_selector("[data-pm=root]:not([data-busy])")
    page.wait_for_function("!document.querySelector('[data-pm=slide]').disabled")
    page.locator("[data-pm=slide]").click()


def _compare(page: Page) -> None:
    _sample(page, 4)
    page.locator("[data-pm=compare-models]").click()
    page.locator("[data-pm=models-run]").click()
    page.wait_for_function("document.querySelectorAll('.pm-tiles button:enabled').length === 4")


def _open_tab(page: Page, number: int) -> None:
    page.get_by_role("tab").nth(number).click()
    page.wait_for_timeout(800)


def _batch(page: Page, files: dict[str, Path]) -> None:
    _open_tab(page, 1)
    inputs = page.locator("#batch input[type=file]")
    inputs.nth(0).set_input_files(files["photos"])
    inputs.nth(1).set_input_files(files["masks"])
    page.wait_for_timeout(3000)
    page.locator("#batch button.primary").click()
    page.wait_for_timeout(9000)


def _evaluate(page: Page) -> None:
    _open_tab(page, 2)
    _button(page, "evaluate_samples").click()
    page.wait_for_timeout(2500)
    _button(page, "evaluate_start").click()
    page.locator("a[href*='api/files/']").first.wait_for(timeout=120_000)
    page.wait_for_timeout(1500)


def _train(page: Page, files: dict[str, Path]) -> None:
    _open_tab(page, 3)
    page.locator("#train input[type=file]").first.set_input_files(files["many"])
    page.wait_for_timeout(4000)
    page.locator("#train input[type=text], #train textarea").first.fill("garden")
    _button(page, "train_start").click()
    page.locator("#train svg[role=img]").first.wait_for(timeout=240_000)
    page.wait_for_timeout(200_000)  # some points of a curve


def _button(page: Page, word: str) -> Locator:
    language = page.evaluate("navigator.language")[:2]
    name = read_words()[language][word]
    return page.get_by_role("button", name=name, exact=True)


def _make_files(folder: Path) -> dict[str, Path]:
    """Zips of photos and of masks for them."""
    rng = np.random.default_rng(0)
    photos = {
        "astronaut.jpg": data.astronaut(),
        "chelsea.jpg": data.cat(),
        "coffee.jpg": data.coffee(),
        "rocket.jpg": data.rocket(),
        "motorcycle.jpg": data.stereo_motorcycle()[0],
        "retina.jpg": data.retina(),
    }
    made = {name: folder / f"{name}.zip" for name in ("photos", "masks", "many")}
    with (
        zipfile.ZipFile(made["photos"], "w") as zipped,
        zipfile.ZipFile(made["masks"], "w") as masks,
    ):
        for name, photo in photos.items():
            zipped.writestr(name, _encode(photo, "JPEG"))
            mask = np.zeros(photo.shape[:2], bool)
            top, left = (int(rng.uniform(0.3, 0.6) * side) for side in mask.shape)
            mask[top : top + 8, left : left + mask.shape[1] // 4] = True
            masks.writestr(name.replace(".jpg", ".png"), _encode(mask, "PNG"))
        zipped.writestr("damaged.jpg", b"not a photo")
    with zipfile.ZipFile(made["many"], "w") as zipped:  # to train on
        for number in range(80):
            photo = list(photos.values())[number % len(photos)]
            top, left = (int(rng.integers(0, side - 280)) for side in photo.shape[:2])
            crop = photo[top : top + 280, left : left + 280]
            zipped.writestr(f"{number:03}.jpg", _encode(crop, "JPEG"))
    return made


def _encode(picture: np.ndarray, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, quality=90)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
