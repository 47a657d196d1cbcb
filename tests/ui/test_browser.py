"""One walk through the page in a real browser: open, paint, restore, compare, take home.

Skipped where no Chromium is installed; PHOTOMEND_REQUIRE_BROWSER=1 makes that a failure.
"""

from __future__ import annotations

import numpy as np
from PIL import Image


def part(page, name):
    return page.locator(f"[data-pm={name}]")


def count_painted(page):
    return part(page, "canvas").evaluate(
        """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        .data.filter((value, at) => at % 4 === 3 && value > 127).length"""
    )


def paint(page, left, right):
    box = part(page, "canvas").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * left, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * right, y, steps=8)
    page.mouse.up()


def test_a_photo_is_painted_restored_and_taken_home(page, address, tmp_path, picture):
    photo = tmp_path / "<b>holiday.png"  # a name is text, never markup
    pixels = picture(1000, 2000)
    Image.fromarray(pixels).save(photo)
    part(page, "file").set_input_files(photo)
    page.wait_for_selector("[data-view=edit]")
    assert "<b>holiday.png · 2000 × 1000" in part(page, "facts").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    part(page, "restore").click()
    assert "Nothing is painted" in part(page, "notice").inner_text()

    paint(page, 0.3, 0.5)
    once = count_painted(page)
    paint(page, 0.7, 0.8)
    twice = count_painted(page)
    assert 0 < once < twice
    page.keyboard.press("Control+z")
    assert count_painted(page) == once
    page.keyboard.press("Control+Shift+z")
    assert count_painted(page) == twice
    part(page, "undo").click()
    page.keyboard.press("e")
    paint(page, 0.3, 0.4)
    assert 0 < count_painted(page) < once
    part(page, "clear").click()
    assert count_painted(page) == 0
    part(page, "undo").click()
    size = part(page, "size").input_value()
    page.keyboard.press("]")
    assert int(part(page, "size").input_value()) > int(size)

    part(page, "method").select_option("telea")
    part(page, "canvas").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-view=result]")
    part(page, "compare").fill("50")
    assert part(page, "frame").evaluate("f => f.style.getPropertyValue('--pm-split')") == "50%"
    with page.expect_download() as download:
        part(page, "download").click()
    assert download.value.suggested_filename.endswith("holiday_restored.png")
    restored = np.asarray(Image.open(download.value.path()))
    assert restored.shape == pixels.shape
    changed = (restored != pixels).any(axis=2)
    assert changed.any()
    assert not changed[:, :700].any()
    assert not changed[:300].any()

    part(page, "continue").click()
    page.wait_for_selector("[data-view=edit]")
    assert count_painted(page) == 0
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith((address, "blob:", "data:"))] == []


def test_a_photo_can_be_pasted_and_dropped_and_what_is_none_is_said_so(page):
    for kind, target in [("paste", "clipboardData"), ("drop", "dataTransfer")]:
        page.evaluate(
            """async ([kind, target]) => {
                const data = new DataTransfer();
                const sample = await (await fetch('api/samples/rocket')).blob();
                data.items.add(new File([sample], `${kind}.jpg`, {type: 'image/jpeg'}));
                const event = new Event(kind, {bubbles: true, cancelable: true});
                document.body.dispatchEvent(Object.assign(event, {[target]: data}));
            }""",
            [kind, target],
        )
        page.wait_for_function(f"document.body.innerText.includes('{kind}.jpg ·')")
    letter = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear"}
    part(page, "file").set_input_files(letter)
    page.get_by_text("letter.txt cannot be opened").wait_for()
    assert "drop.jpg" in part(page, "facts").inner_text()


def test_a_photo_that_the_app_forgot_is_opened_again_with_its_painting(page):
    with page.expect_response(lambda one: one.request.method == "POST") as answer:
        page.get_by_role("button", name="Rocket").click()
    page.wait_for_selector("[data-view=edit]")
    paint(page, 0.4, 0.5)
    page.evaluate(
        "id => fetch(`api/photos/${id}/close`, {method: 'POST'})", answer.value.json()["id"]
    )
    part(page, "method").select_option("telea")
    part(page, "restore").click()
    page.wait_for_selector("[data-view=result]")
    assert part(page, "filename").inner_text() == "rocket_restored.jpg"
    part(page, "back").click()
    assert count_painted(page) > 0


def test_a_finger_paints_without_scrolling_and_keys_paint_too(page):
    page.get_by_role("button", name="Coffee").click()
    page.wait_for_selector("[data-view=edit]")
    box = part(page, "canvas").bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + 20
    touch = page.context.new_cdp_session(page)
    for kind, points in [
        ("touchStart", [{"x": x, "y": y}]),
        *(("touchMove", [{"x": x, "y": y + down}]) for down in range(10, 120, 10)),
        ("touchEnd", []),
    ]:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    by_finger = count_painted(page)
    assert by_finger > 0
    assert page.evaluate("scrollY") == 0
    part(page, "canvas").focus()
    page.keyboard.down(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.up(" ")
    assert count_painted(page) > by_finger


def test_every_control_is_named_and_large_enough(page):
    page.get_by_role("button", name="Cat").click()
    page.wait_for_selector("[data-view=edit]")
    controls = page.locator(".pm :is(button, select, a, input:not([type=file]))")
    for control in controls.all():
        if control.is_visible():
            name = control.get_attribute("aria-label") or control.inner_text()
            labels = control.evaluate("control => control.labels?.length ?? 0")
            assert name.strip() or labels, control.evaluate("control => control.outerHTML")
            assert control.bounding_box()["height"] >= 40
