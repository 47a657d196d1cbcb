"""For everybody: every control named and in reach of the keyboard, no serious fault by axe-core, in
light and dark, on a phone, in both languages. Skipped where no Chromium is installed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from hands import count_painted, download, drag, part, wait_until_done
from PIL import Image

from inpaint.ui.translations import LANGUAGES, read_words

ROOMS = ("restore", "batch", "evaluate", "train")


def faults(page):
    """What axe-core finds serious or critical, a line each."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_serious_fault_in_any_room(open_page, dark):
    page = open_page(dark=dark)
    assert page.evaluate("document.body.classList.contains('dark')") is dark
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(300)
        assert faults(page) == [], tab.inner_text()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_serious_fault_while_restoring(open_page, dark):
    page = open_page(dark=dark)
    part(page, "sample-list").get_by_role("button").nth(2).click()
    page.wait_for_function("!document.querySelector('[data-pm=undo]').disabled")
    page.locator(".pm-more summary").click()
    part(page, "method").select_option("telea")
    part(page, "restore").click()
    wait_until_done(page)
    part(page, "format").select_option("JPEG")
    part(page, "slide").click()
    assert faults(page) == []
    part(page, "slide").click()
    part(page, "help").click()
    assert faults(page) == []
    page.keyboard.press("Escape")
    part(page, "undo").click()
    part(page, "compare-models").click()
    assert faults(page) == []


def test_a_photo_is_restored_by_keyboard_alone(page):
    def tab_to(name):
        for _ in range(80):
            page.keyboard.press("Tab")
            focused = "document.activeElement.dataset?.pm ?? ''"
            if page.evaluate(focused) == name:
                return
        raise AssertionError(f"Tab does not reach {name}")

    page.locator("body").press("Tab")
    tab_to("choose")
    page.keyboard.press("Tab")  # the first sample
    page.keyboard.press("Enter")
    page.wait_for_function("!document.querySelector('[data-pm=undo]').disabled")
    page.keyboard.press("Delete")
    assert count_painted(page) == 0
    tab_to("canvas")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.down(" ")
    for _ in range(4):
        page.keyboard.press("ArrowUp")
    page.keyboard.up(" ")
    assert count_painted(page) > 0
    page.keyboard.press("Enter")
    wait_until_done(page)
    tab_to("download")
    with page.expect_download() as downloading:
        page.keyboard.press("Enter")
    assert downloading.value.suggested_filename == "object_restored.jpg"


def test_focus_is_seen(page):
    part(page, "choose").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "3px"


def test_a_phone_shows_all_of_it_and_controls_are_large_enough(phone):
    page = phone
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.evaluate("document.documentElement.scrollWidth") == 390, tab.inner_text()
    page.get_by_role("tab").first.click()
    part(page, "sample-list").get_by_role("button").nth(2).click()
    page.wait_for_selector("[data-view=edit]")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for control in page.locator(".pm :is(button, select):not(.pm-link)").all():
        if control.is_visible():
            assert control.bounding_box()["height"] >= 44, control.evaluate("c => c.outerHTML")


def test_fingers_paint_without_scrolling_and_two_of_them_zoom(phone):
    page = phone
    part(page, "sample-list").get_by_role("button").nth(2).click()
    page.wait_for_function("!document.querySelector('[data-pm=undo]').disabled")
    part(page, "clear").click()
    part(page, "canvas").scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    box = part(page, "canvas").bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + 30
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        places = [{"x": px, "y": py, "id": number} for number, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    send("touchStart", (x, y))
    for down in range(10, 120, 10):
        send("touchMove", (x, y + down))
    send("touchEnd")
    painted = count_painted(page)
    assert painted > 0
    assert page.evaluate("scrollY") == scrolled

    send("touchStart", (x, y))
    send("touchStart", (x, y), (x + 60, y + 60))
    for apart in range(10, 100, 10):
        send("touchMove", (x - apart / 3, y), (x + 60 + apart, y + 60 + apart / 2))
    send("touchEnd")
    assert int(part(page, "zoom-fit").inner_text().rstrip("%")) > 130
    assert count_painted(page) == painted


@pytest.mark.parametrize(
    ("locale", "language"), [("zh-CN", "zh"), ("zh-TW", "zh"), ("en-US", "en"), ("fr-FR", "en")]
)
def test_the_page_speaks_the_browsers_language(open_page, locale, language):
    page = open_page(locale=locale)
    words = read_words()[language]
    assert part(page, "choose").inner_text() == words["restore_choose"]
    assert page.get_by_role("tab", name=words["app_restore"]).count() == 1
    part(page, "sample-list").get_by_role("button").nth(2).click()
    page.wait_for_selector("[data-view=edit]")
    assert part(page, "restore").inner_text() == words["restore_restore"]
    assert words["model_default"] == part(page, "method-text").inner_text()
    if language == "zh":
        seen = page.locator(".pm").inner_text()
        latin = set(re.findall(r"[A-Za-z]{4,}", seen))
        names = {"date", "stamp", "AlexNet", "DenseNet", "GoogLeNet", "Inception", "MobileNet"}
        names |= {"ResNet", "ShuffleNet", "SqueezeNet", "Telea", "Navier", "Stokes", "Biharmonic"}
        assert latin <= names | {"Default", "Faithful"}


def test_every_word_is_there_in_both_languages_and_of_one_shape():
    english, chinese = (read_words()[language] for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert text.strip(), key
        assert chinese[key].strip(), key
        fields = [set(re.findall(r"\{(\w+)\}", one)) for one in (text, chinese[key])]
        assert fields[0] == fields[1], key


def test_the_page_knows_every_word_that_it_uses():
    from inpaint.ui.restore.canvas import CANVAS

    words = {key.removeprefix("restore_") for key in read_words()["en"] if "restore_" in key}
    page = (CANVAS / "canvas.html").read_text(encoding="utf-8")
    used = set(re.findall(r'data-(?:word|label|placeholder)="(\w+)"', page))
    for module in CANVAS.glob("*.js"):
        code = module.read_text(encoding="utf-8")
        used |= set(re.findall(r'\bt\("(\w+)"', code))
        used |= set(re.findall(r'what: "(\w+)"', code))
    assert used <= words
    prefixes = ("error_", "device_")
    unused = {word for word in words - used if not word.startswith(prefixes)}
    by_name = {"networks", "classical", "own_models", "stop", "compare_run", "opening_sample"}
    by_name |= {"size_of_photo", "size_of_small_photo", "mask_may_be_inverted", "mask_turned"}
    assert unused <= by_name


def test_a_page_of_photos_never_shows_markup_of_their_names(page, tmp_path):
    name = '"><img src=x onerror=window.hit=1>.png'
    Image.fromarray(np.zeros((40, 60, 3), np.uint8)).save(tmp_path / "photo.png")
    data = (tmp_path / "photo.png").read_bytes()
    file = {"name": name, "mimeType": "image/png", "buffer": data}
    part(page, "file").set_input_files(file)
    page.wait_for_selector("[data-view=edit]")
    drag(page, (0.3, 0.5), (0.5, 0.5))
    part(page, "method").select_option("telea")
    part(page, "restore").click()
    wait_until_done(page)
    download(page)
    assert page.evaluate("window.hit") is None
