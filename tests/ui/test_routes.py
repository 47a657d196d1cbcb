"""The app's own routes, spoken to as the page does, and as somebody else would."""

from __future__ import annotations

import asyncio
import base64
import io
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from inpaint.inpainter import Inpainter
from inpaint.ui.access.security import OWNER_COOKIE, SecurityHeaders
from inpaint.ui.restore import pictures
from inpaint.ui.restore.jobs import follow
from inpaint.ui.restore.routes import make_router
from inpaint.ui.settings import Settings
from inpaint.ui.state import State

METHOD = "telea"


@pytest.fixture
def state():
    state = State(Settings(device="cpu", max_megapixels=3))
    yield state
    state.close()


@pytest.fixture
def store(state):
    return state.photos


@pytest.fixture
def app(state):
    app = FastAPI(openapi_url=None)
    app.add_middleware(SecurityHeaders)
    app.include_router(make_router(state, max_bytes=1 << 20))
    return app


@pytest.fixture
def page(app):
    with TestClient(app) as client:
        client.get("/api/start")
        yield client


@pytest.fixture
def work_off(state, page):
    """work_off(order) -> the events of an order."""

    def work_off(order, owner=None):
        async def collect():
            return [
                event async for event in follow(state, order, owner or page.cookies[OWNER_COOKIE])
            ]

        return asyncio.run(collect())

    return work_off


@pytest.fixture
def restore(page, work_off, one_bit):
    """restore(opened, hole) -> the job's last event."""

    def restore(opened, hole, **options):
        sent = page.post(f"/api/photos/{opened['id']}/mask", content=one_bit(hole)).json()
        order = {"id": opened["id"], "revision": sent["revision"], "method": METHOD}
        return work_off(order | options)[-1]

    return restore


@pytest.fixture
def take(page):
    """take(opened, event, **wish) -> what is said of the result's file, and its bytes."""

    def take(opened, event, **wish):
        address = f"/api/photos/{opened['id']}/results/{event['result']['id']}/file"
        made = page.post(address, json=wish).json()
        answer = page.get(f"/api/files/{made['file']}?save=1")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert len(answer.content) == made["bytes"]
        return made, answer.content

    return take


def message(answer, status, code):
    assert answer.status_code == status
    detail = answer.json()["detail"]
    assert detail["code"] == code
    return detail["message"]


def upload(page, data, name="my photo.png"):
    answer = page.post("/api/photos", params={"name": name}, content=data)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_start_tells_all_that_the_page_needs_and_gives_a_closed_cookie(app):
    with TestClient(app) as client:
        answer = client.get("/api/start?lang=zh-TW")
        english = client.get("/api/start?lang=fr").json()
    start = answer.json()
    assert METHOD in [method["name"] for method in start["methods"]]
    assert all(method["description"] for method in start["methods"])
    assert len(start["samples"]) == 6
    assert start["devices"][:2] == ["auto", "cpu"]
    assert (start["words"]["brush"], english["words"]["brush"]) == ("画笔", "Brush")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_the_pages_modules_are_served_and_nothing_else_of_their_folder(page):
    answer = page.get("/api/canvas/main.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    same = page.get("/api/canvas/main.js", headers={"If-None-Match": answer.headers["etag"]})
    assert same.status_code in (200, 304)
    for name in ("canvas.html", "__init__.py", "nothing.js", "..%2Froutes%2Fmasks.py"):
        assert page.get(f"/api/canvas/{name}").status_code == 404


def test_a_photo_comes_back_in_its_own_size_and_format(page, restore, take, picture, encode, hole):
    pixels = picture(60, 90)
    opened = upload(page, encode(pixels), "Käthe & Co.PNG")
    assert (opened["width"], opened["height"], opened["format"]) == (90, 60, "PNG")
    last = restore(opened, hole(60, 90))
    assert last["state"] == "done", last
    result = last["result"]
    assert (result["parent"], result["method"], result["notices"]) == (None, METHOD, [])
    address = f"/api/photos/{opened['id']}"
    assert page.get(f"{address}/news").json() == last
    made, data = take(opened, last)
    assert made["filename"] == "Käthe & Co_restored.PNG"
    restored = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(restored[~hole(60, 90)], pixels[~hole(60, 90)])
    assert not np.array_equal(restored, pixels)
    for path in ("view", f"results/{result['id']}"):
        shown = page.get(f"{address}/{path}")
        assert shown.headers["cache-control"] == "private, no-store"
        assert Image.open(io.BytesIO(shown.content)).size == (90, 60)


def test_a_large_turned_jpeg_keeps_its_size_and_exif(page, restore, take, picture, encode):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "photomend"
    data = encode(picture(1300, 2000), "JPEG", quality=80, exif=exif)
    opened = upload(page, data, "turned.jpg")
    assert (opened["width"], opened["height"]) == (1300, 2000)
    assert (opened["view_width"], opened["view_height"]) == (1040, 1600)
    painted = np.zeros((1600, 1040), bool)
    painted[100:140, 200:300] = True
    last = restore(opened, painted)
    made, taken = take(opened, last)
    assert made["filename"] == "turned_restored.jpg"
    restored = Image.open(io.BytesIO(taken))
    assert (restored.format, restored.size) == ("JPEG", (2000, 1300))
    assert restored.getexif()[0x0112] == 6
    assert restored.getexif()[0x010F] == "photomend"
    _, stripped = take(opened, last, strip=True)
    assert 0x010F not in Image.open(io.BytesIO(stripped)).getexif()


def test_a_result_is_had_in_other_formats_and_qualities(page, restore, take, picture, encode, hole):
    opened = upload(page, encode(picture(60, 90)), "a.png")
    last = restore(opened, hole(60, 90))
    sizes = {}
    for quality in (30, 95):
        made, data = take(opened, last, format="JPEG", quality=quality)
        assert (made["filename"], Image.open(io.BytesIO(data)).format) == ("a_restored.jpg", "JPEG")
        sizes[quality] = len(data)
    assert sizes[30] < sizes[95]
    assert take(opened, last, format="WEBP", quality=80)[0]["filename"] == "a_restored.webp"
    address = f"/api/photos/{opened['id']}/results/{last['result']['id']}/file"
    message(page.post(address, json={"format": "EXE"}), 422, "refused")
    message(page.post(address, json={"quality": 500}), 422, "refused")


def test_a_jpeg_is_encoded_once_however_many_strokes(page, restore, take, picture, encode):
    data = encode(picture(64, 96), "JPEG", quality=85)
    opened = upload(page, data, "a.jpg")
    base, holes = None, []
    for column in (8, 40, 72):
        painted = np.zeros((64, 96), bool)
        painted[20:28, column : column + 8] = True
        holes.append(painted)
        last = restore(opened, painted, base=base)
        assert last["result"]["parent"] == base
        base = last["result"]["id"]
    _, taken = take(opened, last)
    before, after = (np.asarray(Image.open(io.BytesIO(one))).astype(int) for one in (data, taken))
    touched = np.zeros((64, 96), bool)
    touched[0:48, :] = True  # chroma blocks of 16 x 16 around rows 20 to 28, and their neighbours
    assert np.array_equal(before[~touched], after[~touched])
    assert all((before[hole] != after[hole]).any() for hole in holes)


def test_going_on_starts_from_a_result_and_back_from_an_older_one(
    page, restore, take, picture, encode
):
    pixels = picture(40, 40)
    opened = upload(page, encode(pixels))
    left, right = np.zeros((2, 40, 40), bool)
    left[10:20, 5:10] = right[10:20, 30:35] = True

    def pixels_of(event):
        return np.asarray(Image.open(io.BytesIO(take(opened, event)[1])))

    once = restore(opened, left)
    twice = restore(opened, right, base=once["result"]["id"])
    again = restore(opened, right)  # from the original
    first, second, other = map(pixels_of, (once, twice, again))
    assert np.array_equal(second[left], first[left])
    assert not np.array_equal(second[right], pixels[right])
    assert np.array_equal(other[left], pixels[left])
    assert np.array_equal(other[right], second[right])
    assert restore(opened, left, base="nothing")["state"] == "failed"


def test_a_sample_opens_like_a_photo_with_its_mask_ready(page, restore, take):
    for sample in page.get("/api/start").json()["samples"]:
        assert page.get(f"/api/samples/{sample['name']}").headers["content-type"] == "image/jpeg"
        opened = page.post(f"/api/samples/{sample['name']}").json()
        painted = read_url(opened["mask"])
        assert painted.shape == (opened["view_height"], opened["view_width"])
        assert 0 < painted.mean() < 0.3
        assert restore(opened, painted)["state"] == "done"
    message(page.post("/api/samples/nothing"), 404, "missing")


def read_url(url):
    """The mask in a data: URL."""
    data = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_mask_file_is_kept_to_the_pixel(page, restore, take, encode):
    slope = np.arange(1000)[:, None] / 8 + np.arange(2000) / 16
    pixels = np.repeat(slope[..., None].astype(np.uint8), 3, axis=2)
    pixels[::7, ::5] += 60
    opened = upload(page, encode(pixels))
    lines = np.zeros((1000, 2000), bool)
    lines[500, 300:900] = lines[100:900, 1203] = True  # thinner than a pixel of the preview
    address = f"/api/photos/{opened['id']}/mask/load"
    loaded = page.post(address, content=encode(lines)).json()
    assert not loaded["inverted"]
    painted = read_url(loaded["mask"])
    assert painted.shape == (800, 1600)
    _, taken = take(opened, restore(opened, painted))
    changed = (np.asarray(Image.open(io.BytesIO(taken))) != pixels).any(axis=2)
    assert changed.sum() > 0.5 * lines.sum()
    assert not (changed & ~lines).any()
    painted = painted.copy()
    painted[700:710, 100:140] = True  # by hand, besides
    saved = page.post(f"/api/photos/{opened['id']}/mask/file", content=encode(painted)).json()
    assert saved["filename"] == "my photo_mask.png"
    whole = np.asarray(Image.open(io.BytesIO(page.get(f"/api/files/{saved['file']}").content)))
    assert whole.shape == (1000, 2000)
    assert np.array_equal(whole[:800], lines[:800])
    assert whole[880, 150]


def test_mask_files_that_do_not_fit_speak(page, picture, encode):
    opened = upload(page, encode(picture(30, 40)))
    address = f"/api/photos/{opened['id']}/mask/load"
    assert "30 x 40" in message(
        page.post(address, content=encode(np.eye(40, 30) > 0)), 422, "refused"
    )
    message(page.post(address, content=b"no picture"), 422, "refused")
    most = np.ones((30, 40), bool)
    most[:5] = False
    assert page.post(address, content=encode(most)).json()["inverted"]


def test_a_mask_of_the_stored_orientation_turns_with_its_photo(page, picture, encode):
    exif = Image.Exif()
    exif[0x0112] = 6
    opened = upload(page, encode(picture(40, 60), "JPEG", exif=exif), "turned.jpg")
    assert (opened["width"], opened["height"]) == (40, 60)
    mask = np.zeros((40, 60), bool)
    mask[:10, :20] = True
    loaded = page.post(f"/api/photos/{opened['id']}/mask/load", content=encode(mask)).json()
    assert loaded["turned"]
    assert np.array_equal(read_url(loaded["mask"]), np.rot90(mask, -1))


def test_nothing_of_a_cleared_mask_is_filled(page, restore, take, picture, encode, one_bit):
    pixels = np.full((1000, 2000, 3), 90, np.uint8)
    pixels[::3] += 20
    opened = upload(page, encode(pixels))
    specks = np.zeros((1000, 2000), bool)
    specks[101, 303] = specks[500:700, 501:733] = True
    page.post(f"/api/photos/{opened['id']}/mask/load", content=encode(specks))
    painted = np.zeros((800, 1600), bool)
    painted[20:30, 1400:1420] = True
    _, data = take(opened, restore(opened, painted))
    changed = (np.asarray(Image.open(io.BytesIO(data))) != pixels).any(axis=2)
    assert not changed[:, :1600].any()


def test_smart_select_and_scratches_give_masks_of_the_preview(page, encode, one_bit):
    pixels = np.full((120, 160, 3), 90, np.uint8)
    pixels[40:80, 60:110] = (220, 40, 40)
    opened = upload(page, encode(pixels))
    mark = np.zeros((120, 160), bool)
    mark[58:62, 70:100] = True
    address = f"/api/photos/{opened['id']}"
    found = read_url(page.post(f"{address}/select", content=one_bit(mark)).json()["mask"])
    assert found[45:75, 65:105].all()
    assert found.mean() < 0.3
    proposed = page.post(f"{address}/scratches").json()
    assert read_url(proposed["mask"]).shape == (120, 160)
    message(page.post(f"{address}/scratches?base=x"), 404, "expired")


def test_what_is_no_photo_is_said_so(page):
    said = message(page.post("/api/photos?name=letter.txt", content=b"Dear"), 422, "refused")
    assert said.startswith("letter.txt cannot be opened: not a picture")
    message(page.post("/api/photos?name=empty.png", content=b""), 422, "refused")


def test_too_many_bytes_are_refused(page):
    answer = page.post("/api/photos?name=big.png", content=bytes((1 << 20) + 1))
    assert message(answer, 413, "too_large") == "big.png is larger than 1 MB, the app's limit."


def test_an_upload_without_an_announced_end_is_given_up_at_the_limit(app):
    taken, answers = [], []

    async def receive():
        taken.append(1)
        return {"type": "http.request", "body": bytes(1 << 18), "more_body": True}

    async def send(answer):
        answers.append(answer)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/photos",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(app(scope, receive, send))
    assert answers[0]["status"] == 413
    assert len(taken) == 5


def test_too_many_pixels_are_refused_before_decoding(page, encode, monkeypatch):
    monkeypatch.setattr(pictures, "Photo", None)
    wide = encode(np.zeros((1, 3_000_001), bool))
    said = message(page.post("/api/photos", content=wide), 413, "too_large")
    assert "3000001 × 1 pixels; the app takes up to 3 megapixels" in said


def test_masks_are_checked(page, picture, encode, one_bit):
    opened = upload(page, encode(picture(30, 40)))
    address = f"/api/photos/{opened['id']}/mask"
    nothing = page.post(address, content=one_bit(np.zeros((30, 40))))
    assert "Nothing is painted" in message(nothing, 422, "nothing")
    wrong = page.post(address, content=one_bit(np.ones((40, 30))))
    assert "30 × 40" in message(wrong, 422, "refused")
    message(page.post(address, content=b"no picture"), 422, "refused")
    message(page.post(address, content=encode(picture(30, 40), "JPEG")), 422, "refused")
    message(page.post(address, content=bytes(2 << 20)), 413, "too_large")


def test_nobody_else_gets_a_photo(app, page, restore, take, picture, encode, hole):
    opened = upload(page, encode(picture(30, 40)))
    address = f"/api/photos/{opened['id']}"
    last = restore(opened, hole(30, 40))
    result, (made, _) = last["result"]["id"], take(opened, last)
    with TestClient(app) as other:
        for cookie in (None, "x", "c" * 43):
            if cookie:
                other.cookies.set(OWNER_COOKIE, cookie)
            for kind in ("view", "news", f"results/{result}"):
                message(other.get(f"{address}/{kind}"), 404, "expired")
            for act in ("mask", "mask/load", "mask/file", "select", "scratches", "stop", "close"):
                message(other.post(f"{address}/{act}", content=b"x"), 404, "expired")
            answer = other.post(f"{address}/results/{result}/file", json={})
            message(answer, 404, "expired")
            message(other.get(f"/api/files/{made['file']}"), 404, "expired")
    assert page.get(f"{address}/view").status_code == 200
    message(page.get(f"{address}/results/x"), 404, "expired")
    assert page.get(f"{address}/source").status_code == 404
    assert page.post(f"{address}/close").status_code == 200
    assert "open it again" in message(page.get(f"{address}/view"), 404, "expired")


@pytest.fixture
def make_order(page, picture, encode, one_bit):
    """make_order() -> an order that fits, of the same photo each time."""
    opened = upload(page, encode(picture(30, 40)))

    def make_order():
        mask = one_bit(np.eye(30, 40))
        sent = page.post(f"/api/photos/{opened['id']}/mask", content=mask).json()
        return {"id": opened["id"], "revision": sent["revision"], "method": METHOD}

    return make_order


@pytest.fixture
def order(make_order):
    """An order that fits."""
    return make_order()


def test_orders_that_do_not_fit_end_in_a_message(page, work_off, make_order):
    order = make_order()

    def last(order, **options):
        return work_off(order, **options)[-1]

    for wrong in (None, [], "x", {"mask": "/etc/passwd"}, {**order, "revision": "old"}):
        assert last(wrong)["state"] == "failed"
    assert last(order, owner="d" * 43)["state"] == "failed"
    for method in ("nothing", "../weights/x.safetensors", None):
        event = last({**make_order(), "method": method})
        assert event["state"] == "failed"
        assert METHOD in event["message"]
    order = make_order()
    page.post(f"/api/photos/{order['id']}/stop")
    assert last(order)["state"] == "stopped"
    order = make_order()
    assert last(order)["state"] == "done"
    assert last(order)["state"] == "failed"  # nothing is ordered twice


def test_the_next_mask_ends_the_order_before(state, work_off, make_order):
    order = make_order()
    with ThreadPoolExecutor(1) as pool, state.line.turn():
        waiting = pool.submit(work_off, order)
        while not len(state.line) > 1:
            time.sleep(0.01)
        make_order()
        assert waiting.result(timeout=10)[-1]["state"] == "stopped"


@pytest.mark.parametrize(
    "options",
    [{"feather": 5}, {"feather": "x", "context": []}, {"context": 12}, {"device": "gpu?"}],
)
def test_options_that_make_no_sense_are_left_out(work_off, order, options):
    assert work_off(order | options)[-1]["state"] == "done"


def test_orders_wait_in_line_and_know_how_many_are_before(page, state, work_off, order):
    with ThreadPoolExecutor(1) as pool, state.line.turn():
        waiting = pool.submit(work_off, order)
        while not len(state.line) > 1:
            time.sleep(0.01)
        time.sleep(0.05)
        assert not waiting.done()
        assert state.photos.get(order["id"], page.cookies[OWNER_COOKIE]).news["ahead"] == 1
    states = [event["state"] for event in waiting.result()]
    assert states[0] == "waiting"
    assert states[-1] == "done"


def test_whoever_stops_while_waiting_leaves_the_line(page, state, work_off, order):
    with ThreadPoolExecutor(1) as pool, state.line.turn():
        waiting = pool.submit(work_off, order)
        while not len(state.line) > 1:
            time.sleep(0.01)
        page.post(f"/api/photos/{order['id']}/stop")
        assert waiting.result(timeout=10)[-1]["state"] == "stopped"
        assert len(state.line) == 1


def test_a_method_that_breaks_is_told_without_its_insides(
    page, restore, picture, encode, hole, monkeypatch
):
    def breaks(*_, **__):
        raise RuntimeError("secret")

    monkeypatch.setattr(Inpainter, "restore", breaks)
    last = restore(upload(page, encode(picture(30, 40))), hole(30, 40))
    assert last["state"] == "failed"
    assert "secret" not in last["message"]


def test_an_upload_that_breaks_is_told_without_its_insides(page, monkeypatch):
    monkeypatch.setattr(pictures, "read_photo", lambda *_: 1 / 0)
    said = message(page.post("/api/photos", content=b"x"), 500, "broken")
    assert "division" not in said
