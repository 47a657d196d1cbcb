"""The Restore tab in a real browser: opened, painted, restored, compared, taken home.

Skipped where no Chromium is installed; PHOTOMEND_REQUIRE_BROWSER=1 makes that a failure.
"""

from __future__ import annotations

import numpy as np
import pytest
from hands import (
    DONE,
    count_painted,
    download,
    drag,
    open_file,
    part,
    pixels_of,
    restore,
    take,
    wait_until_done,
)
from PIL import Image


@pytest.fixture
def opened(page, tmp_path, picture):
    """The page with a photo of 1000 x 2000 pixels open; `pixels` are the photo's."""
    page.pixels = picture(1000, 2000)
    Image.fromarray(page.pixels).save(tmp_path / "<b>holiday.png")  # a name is text, never markup
    open_file(page, tmp_path / "<b>holiday.png")
    return page


def test_a_photo_is_painted_restored_and_taken_home(opened, address):
    page = opened
    assert "<b>holiday.png · 2000 × 1000" in part(page, "facts").inner_text()
    part(page, "restore").click()
    assert "Nothing is painted" in part(page, "notice").inner_text()

    drag(page, (0.3, 0.5), (0.5, 0.5))
    assert part(page, "notice").is_hidden()
    restore(page)
    assert count_painted(page) == 0  # the result is what is painted on next
    assert part(page, "history").locator("button").all_inner_texts() == ["Original", "Telea"]
    taken = download(page)
    assert taken.suggested_filename.endswith("holiday_restored.png")
    once = pixels_of(taken)
    changed = (once != page.pixels).any(axis=2)
    assert changed[480:520, 650:950].any()
    assert not changed[:, :500].any()
    assert not changed[:300].any()

    drag(page, (0.8, 0.2), (0.9, 0.2))
    restore(page)
    twice = pixels_of(download(page))
    assert np.array_equal(twice[300:], once[300:])
    assert (twice[:300] != once[:300]).any()
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith((address, "blob:", "data:"))] == []


def test_every_step_can_be_undone_and_results_are_steps(opened):
    page = opened
    drag(page, (0.3, 0.5), (0.5, 0.5))
    once = count_painted(page)
    drag(page, (0.7, 0.5), (0.8, 0.5))
    twice = count_painted(page)
    assert 0 < once < twice
    page.keyboard.press("Control+z")
    assert count_painted(page) == once
    page.keyboard.press("Control+Shift+z")
    assert count_painted(page) == twice
    page.keyboard.press("e")
    drag(page, (0.3, 0.5), (0.4, 0.5))
    assert 0 < count_painted(page) < twice
    page.keyboard.press("Delete")
    assert count_painted(page) == 0
    part(page, "undo").click()
    part(page, "undo").click()
    assert count_painted(page) == twice
    restore(page)
    current = part(page, "history").locator("[aria-current]")
    assert current.inner_text() == "Telea"
    part(page, "undo").click()
    assert current.inner_text() == "Original"
    assert count_painted(page) == twice
    part(page, "redo").click()
    assert current.inner_text() == "Telea"
    assert count_painted(page) == 0
    part(page, "history").get_by_text("Original").click()
    assert current.inner_text() == "Original"
    assert part(page, "download").is_disabled()


def test_rectangle_lasso_and_eraser_mark_areas(opened):
    page = opened
    pixels = 1600 * 800  # of the preview
    take(page, "rectangle")
    drag(page, (0.2, 0.2), (0.4, 0.6))
    assert count_painted(page) == pytest.approx(0.2 * 0.4 * pixels, rel=0.03)
    page.keyboard.press("l")
    drag(page, (0.6, 0.2), (0.8, 0.2), (0.6, 0.6))
    assert count_painted(page) == pytest.approx((0.08 + 0.04) * pixels, rel=0.04)
    page.keyboard.press("r")
    page.keyboard.down("Alt")
    drag(page, (0.1, 0.1), (0.5, 0.7))
    page.keyboard.up("Alt")
    assert count_painted(page) == pytest.approx(0.04 * pixels, rel=0.06)
    drag(page, (0.5, 0.5), (0.501, 0.501))  # a slip
    assert count_painted(page) == pytest.approx(0.04 * pixels, rel=0.06)


def test_a_mask_grows_shrinks_and_turns_round(opened):
    page = opened
    take(page, "rectangle")
    drag(page, (0.4, 0.4), (0.6, 0.6))
    before = count_painted(page)
    part(page, "grow").click()
    grown = count_painted(page)
    assert before * 1.02 < grown < before * 1.3
    part(page, "shrink").click()
    assert count_painted(page) == pytest.approx(before, rel=0.01)
    page.keyboard.press("i")
    assert count_painted(page) == pytest.approx(1600 * 800 - before, rel=0.01)


def test_smart_select_grows_a_scribble_to_the_object(page, tmp_path):
    pixels = np.full((300, 400, 3), (60, 90, 120), np.uint8)
    pixels[100:200, 150:250] = (220, 60, 40)
    Image.fromarray(pixels).save(tmp_path / "object.png")
    open_file(page, tmp_path / "object.png")
    take(page, "smart")
    drag(page, (0.42, 0.5), (0.58, 0.52))
    page.wait_for_function("!document.querySelector('[data-pm=undo]').disabled")
    assert count_painted(page) == pytest.approx(100 * 100, rel=0.15)


def test_what_is_painted_while_zoomed_lies_where_one_sees_it(opened):
    page = opened
    box = part(page, "frame").bounding_box()
    corner = box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25
    page.mouse.move(*corner)
    for _ in range(10):
        page.mouse.wheel(0, -200)
    zoom = int(part(page, "zoom-fit").inner_text().rstrip("%"))
    assert zoom > 400
    page.mouse.down()
    page.mouse.move(corner[0] + 2, corner[1])
    page.mouse.up()
    painted = painted_box(page)
    assert painted[0] == pytest.approx(0.75, abs=0.01)
    assert painted[1] == pytest.approx(0.25, abs=0.02)
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(corner[0] - 60, corner[1] + 40, steps=4)
    page.mouse.up()
    page.keyboard.up(" ")
    assert painted_box(page) == painted  # Space moves the photo
    moved = part(page, "canvas").bounding_box()
    page.keyboard.press("0")
    assert part(page, "canvas").bounding_box()["width"] < moved["width"]
    assert part(page, "zoom-fit").inner_text() == "100%"


def painted_box(page):
    """The middle of what is painted, as shares of the canvas."""
    return part(page, "canvas").evaluate(
        """canvas => {
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            let x = 0, y = 0, n = 0;
            for (let i = 3; i < data.length; i += 4)
                if (data[i] > 127) {
                    x += (i >> 2) % width;
                    y += Math.floor((i >> 2) / width);
                    n++;
                }
            return [x / n / width, y / n / height];
        }"""
    )


def test_before_and_after_are_compared_by_slider_and_key(opened):
    page = opened
    assert part(page, "slide").is_disabled()
    drag(page, (0.3, 0.5), (0.5, 0.5))
    restore(page)
    part(page, "slide").click()
    part(page, "compare").fill("50")
    assert part(page, "frame").evaluate("f => f.style.getPropertyValue('--pm-split')") == "50%"
    assert part(page, "original").is_visible()
    page.keyboard.press("v")
    assert not part(page, "original").is_visible()
    page.keyboard.down("c")
    assert part(page, "original").is_visible()
    page.keyboard.up("c")
    assert not part(page, "original").is_visible()


def test_models_are_compared_side_by_side(opened):
    page = opened
    drag(page, (0.3, 0.5), (0.4, 0.5))
    part(page, "compare-models").click()
    boxes = part(page, "models-list").get_by_role("checkbox")
    for box in boxes.all():
        box.set_checked(box.get_attribute("value") in ("telea", "navier-stokes"))
    part(page, "models-run").click()
    tiles = part(page, "models-tiles").locator("li")
    tiles.nth(1).get_by_text(DONE).wait_for()
    assert tiles.locator("h3").all_inner_texts() == ["Telea", "Navier-Stokes"]
    tiles.nth(1).get_by_role("button").click()
    assert part(page, "models-sheet").is_hidden()
    assert part(page, "history").locator("[aria-current]").inner_text() == "Navier-Stokes"
    assert download(page).suggested_filename.endswith("_restored.png")


def test_it_restores_on_letting_go_if_asked_to(opened):
    page = opened
    part(page, "method").select_option("telea")
    part(page, "auto").check()
    drag(page, (0.3, 0.5), (0.4, 0.5))
    wait_until_done(page)
    assert part(page, "history").locator("button").count() == 2


def test_strokes_that_come_quicker_than_results_are_all_restored(open_page, tmp_path, picture):
    page = open_page(reduced_motion="no-preference")
    Image.fromarray(picture(400, 600)).save(tmp_path / "a.png")
    open_file(page, tmp_path / "a.png")
    part(page, "method").select_option("telea")
    part(page, "auto").check()
    for row in range(1, 6):
        drag(page, (0.2, row / 6), (0.6, row / 6))
    page.wait_for_function(
        """() => !document.querySelector('[data-busy]') &&
        document.querySelector('[data-pm=undo]').disabled === false &&
        document.querySelectorAll('[data-pm=history] button').length > 1"""
    )
    wait_until_done(page)
    page.wait_for_timeout(1000)
    wait_until_done(page)
    assert count_painted(page) == 0
    restored = pixels_of(download(page))
    changed = (restored != picture(400, 600)).any(axis=2)
    for row in range(1, 6):
        middle = row * 400 // 6
        assert changed[middle - 5 : middle + 5].any(), row


def test_a_second_click_on_restore_does_not_stop_it(opened):
    page = opened
    part(page, "method").select_option("telea")
    drag(page, (0.3, 0.5), (0.5, 0.5))
    box = part(page, "restore").bounding_box()
    page.mouse.dblclick(box["x"] + 20, box["y"] + 20, delay=60)
    wait_until_done(page)


def test_keys_in_the_middle_of_a_stroke_do_not_tear_it(opened):
    page = opened
    box = part(page, "canvas").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 100, steps=4)
    page.keyboard.press("Control+z")
    page.keyboard.press("Enter")
    page.mouse.move(box["x"] + 300, box["y"] + 100, steps=4)
    page.mouse.up()
    whole = count_painted(page)
    page.keyboard.press("Control+z")
    assert count_painted(page) == 0
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 100, steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert count_painted(page) == 0 < whole


def test_very_wide_photos_can_be_painted_on(page, tmp_path, picture):
    Image.fromarray(picture(60, 1500)).save(tmp_path / "wide.png")
    open_file(page, tmp_path / "wide.png")
    assert part(page, "frame").bounding_box()["height"] > 200
    drag(page, (0.2, 0.5), (0.3, 0.5))
    assert painted_box(page)[0] == pytest.approx(0.25, abs=0.02)
    page.keyboard.press("+")
    page.keyboard.press("+")
    drag(page, (0.5, 0.5), (0.51, 0.5))
    part(page, "clear").click()
    drag(page, (0.5, 0.5), (0.52, 0.5))
    assert painted_box(page)[0] == pytest.approx(0.51, abs=0.02)


def test_masks_are_loaded_and_saved(opened, tmp_path):
    page = opened
    mask = np.zeros((1000, 2000), bool)
    mask[100:300, 500:700] = True
    Image.fromarray(mask).save(tmp_path / "mask.png")
    part(page, "mask-file").set_input_files(tmp_path / "mask.png")
    page.wait_for_function("!document.querySelector('[data-pm=undo]').disabled")
    assert count_painted(page) == 160 * 160
    with page.expect_download() as saving:
        part(page, "save-mask").click()
    assert saving.value.suggested_filename.endswith("holiday_mask.png")
    assert np.array_equal(pixels_of(saving.value), mask)
    Image.fromarray(mask.T).save(tmp_path / "turned.png")
    part(page, "mask-file").set_input_files(tmp_path / "turned.png")
    part(page, "notice").get_by_text("2000").wait_for()


def test_scratches_are_proposed_on_a_sample_and_its_mask_is_ready(page):
    part(page, "sample-list").get_by_role("button").nth(3).click()
    page.wait_for_function("!document.querySelector('[data-pm=undo]').disabled")
    ready = count_painted(page)
    assert ready > 0
    page.keyboard.press("Delete")
    part(page, "scratches").click()
    part(page, "status").get_by_text("This is a proposal").wait_for()
    assert count_painted(page) > 0.3 * ready


def test_other_formats_have_a_quality(opened):
    page = opened
    drag(page, (0.3, 0.5), (0.5, 0.5))
    restore(page)
    assert part(page, "quality-field").is_hidden()
    part(page, "format").select_option("JPEG")
    part(page, "quality").fill("60")
    taken = download(page)
    assert taken.suggested_filename.endswith("holiday_restored.jpg")
    with Image.open(taken.path()) as saved:
        assert saved.format == "JPEG"
    assert "holiday_restored.jpg · " in part(page, "saved").inner_text()


def test_a_photo_can_be_pasted_and_dropped_and_what_is_none_is_said_so(page):
    for kind, target in [("paste", "clipboardData"), ("drop", "dataTransfer")]:
        page.evaluate(
            """async ([kind, target]) => {
                const data = new DataTransfer();
                const sample = await (await fetch('api/samples/object')).blob();
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
        part(page, "sample-list").get_by_role("button").first.click()
    page.wait_for_selector("[data-view=edit]")
    drag(page, (0.4, 0.5), (0.5, 0.5))
    page.evaluate(
        "id => fetch(`api/photos/${id}/close`, {method: 'POST'})", answer.value.json()["id"]
    )
    restore(page)
    assert download(page).suggested_filename == "object_restored.jpg"


def test_a_large_turned_photo_of_a_phone_comes_back_whole(page, tmp_path):
    rows, columns = np.mgrid[:4000, :6000]
    pixels = np.stack([rows // 16, columns // 24, (rows + columns) // 40], axis=2).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "phone.jpg", quality=90, exif=exif)
    open_file(page, tmp_path / "phone.jpg")
    assert "4000 × 6000 pixels (24.0 MP)" in part(page, "facts").inner_text()
    drag(page, (0.45, 0.45), (0.55, 0.5))
    restore(page)
    with Image.open(download(page).path()) as restored:
        assert (restored.size, restored.format) == ((6000, 4000), "JPEG")
        assert restored.getexif()[0x0112] == 6
        after = np.asarray(restored)
    with Image.open(tmp_path / "phone.jpg") as original:
        before = np.asarray(original)
    changed = (after != before).any(axis=2)
    assert changed.any()
    # Upright, the stroke lies around the middle; stored, the photo lies on its side.
    assert not changed[:1500].any()
    assert not changed[2500:].any()
    assert not changed[:, :2400].any()
    assert not changed[:, 3600:].any()
