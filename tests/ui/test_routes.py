"""The app's own routes, spoken to as the page does, and as somebody else would."""

from __future__ import annotations

import asyncio
import io
from urllib.parse import quote

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from inpaint.inpainter import Inpainter
from inpaint.ui import pictures
from inpaint.ui.jobs import follow
from inpaint.ui.routes import make_router
from inpaint.ui.security import OWNER_COOKIE, SecurityHeaders
from inpaint.ui.settings import Settings
from inpaint.ui.state import State

METHOD = "telea"


@pytest.fixture
def state():
    state = State(Settings(device="cpu"))
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
def restore(page, state, one_bit):
    """restore(opened, hole) -> the job's last event."""

    def restore(opened, hole, method=METHOD):
        sent = page.post(f"/api/photos/{opened['id']}/mask", content=one_bit(hole)).json()
        order = {"id": opened["id"], "revision": sent["revision"], "method": method}
        return list(follow(state.photos, state.models, order, page.cookies[OWNER_COOKIE]))[-1]

    return restore


def message(answer, status, code):
    assert answer.status_code == status
    detail = answer.json()["detail"]
    assert detail["code"] == code
    return detail["message"]


def upload(page, data, name="my photo.png"):
    answer = page.post("/api/photos", params={"name": name}, content=data)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_start_lists_methods_and_samples_and_gives_a_closed_cookie(app):
    with TestClient(app) as client:
        answer = client.get("/api/start")
    start = answer.json()
    assert METHOD in [method["name"] for method in start["methods"]]
    assert all(method["description"] for method in start["methods"])
    assert [sample["name"] for sample in start["samples"]]
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_photo_comes_back_in_its_own_size_and_format(page, restore, picture, encode, hole):
    pixels = picture(60, 90)
    opened = upload(page, encode(pixels), "Käthe & Co.PNG")
    assert (opened["width"], opened["height"]) == (90, 60)
    last = restore(opened, hole(60, 90))
    assert last["state"] == "done", last
    assert last["filename"] == "Käthe & Co_restored.PNG"
    address = f"/api/photos/{opened['id']}"
    assert page.get(f"{address}/news").json() == last
    taken = page.get(f"{address}/download")
    assert quote("Käthe & Co_restored.PNG", safe="") in taken.headers["content-disposition"]
    assert taken.headers["content-type"] == "image/png"
    restored = np.asarray(Image.open(io.BytesIO(taken.content)))
    assert np.array_equal(restored[~hole(60, 90)], pixels[~hole(60, 90)])
    assert not np.array_equal(restored, pixels)
    for kind in ("original", "base", "result"):
        shown = page.get(f"{address}/{kind}")
        assert shown.headers["cache-control"] == "private, no-store"
        assert Image.open(io.BytesIO(shown.content)).size == (90, 60)


def test_a_large_turned_jpeg_keeps_its_size_and_exif(page, restore, picture, encode):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "photomend"
    data = encode(picture(1300, 2000), "JPEG", quality=80, exif=exif)
    opened = upload(page, data, "turned.jpg")
    assert (opened["width"], opened["height"]) == (1300, 2000)
    assert (opened["view_width"], opened["view_height"]) == (1040, 1600)
    painted = np.zeros((1600, 1040), bool)
    painted[100:140, 200:300] = True
    last = restore(opened, painted)
    assert last["filename"] == "turned_restored.jpg"
    taken = page.get(f"/api/photos/{opened['id']}/download").content
    restored = Image.open(io.BytesIO(taken))
    assert (restored.format, restored.size) == ("JPEG", (2000, 1300))
    assert restored.getexif()[0x0112] == 6
    assert restored.getexif()[0x010F] == "photomend"


def test_going_on_starts_from_the_result(page, restore, store, picture, encode):
    pixels = picture(40, 40)
    opened = upload(page, encode(pixels))
    address = f"/api/photos/{opened['id']}"
    message(page.post(f"{address}/continue"), 404, "expired")
    left, right = np.zeros((2, 40, 40), bool)
    left[10:20, 5:10] = right[10:20, 30:35] = True
    restore(opened, left)
    first = np.asarray(Image.open(io.BytesIO(page.get(f"{address}/download").content)))
    assert page.post(f"{address}/continue").json()["id"] == opened["id"]
    restore(opened, right)
    second = np.asarray(Image.open(io.BytesIO(page.get(f"{address}/download").content)))
    assert np.array_equal(second[left], first[left])
    assert not np.array_equal(second[left], pixels[left])
    assert not np.array_equal(second[right], pixels[right])


def test_a_sample_opens_like_a_photo(page):
    for sample in page.get("/api/start").json()["samples"]:
        assert page.get(f"/api/samples/{sample['name']}").headers["content-type"] == "image/jpeg"
        opened = page.post(f"/api/samples/{sample['name']}").json()
        assert min(opened["width"], opened["height"]) >= 300
    message(page.post("/api/samples/nothing"), 404, "missing")


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


def test_too_many_pixels_are_refused_before_decoding(page, encode, picture, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    monkeypatch.setattr(pictures, "Photo", None)
    said = message(page.post("/api/photos", content=encode(picture(40, 40))), 413, "too_large")
    assert "40 × 40 pixels" in said


def test_masks_are_checked(page, picture, encode, one_bit):
    opened = upload(page, encode(picture(30, 40)))
    address = f"/api/photos/{opened['id']}/mask"
    nothing = page.post(address, content=one_bit(np.zeros((30, 40))))
    assert "Nothing is painted" in message(nothing, 422, "refused")
    wrong = page.post(address, content=one_bit(np.ones((40, 30))))
    assert "30 × 40" in message(wrong, 422, "refused")
    message(page.post(address, content=b"no picture"), 422, "refused")
    message(page.post(address, content=encode(picture(30, 40), "JPEG")), 422, "refused")
    message(page.post(address, content=bytes(2 << 20)), 413, "too_large")


def test_nobody_else_gets_a_photo(app, page, picture, encode, one_bit):
    opened = upload(page, encode(picture(30, 40)))
    address = f"/api/photos/{opened['id']}"
    with TestClient(app) as other:
        for cookie in (None, "x", "c" * 43):
            if cookie:
                other.cookies.set(OWNER_COOKIE, cookie)
            for kind in ("original", "base", "result", "download", "news"):
                message(other.get(f"{address}/{kind}"), 404, "expired")
            for act in ("mask", "stop", "continue", "close"):
                message(other.post(f"{address}/{act}", content=b"x"), 404, "expired")
    assert page.get(f"{address}/original").status_code == 200
    message(page.get(f"{address}/download"), 404, "missing")
    message(page.get(f"{address}/source"), 404, "missing")
    assert page.post(f"{address}/close").status_code == 200
    assert "open it again" in message(page.get(f"{address}/original"), 404, "expired")


def test_orders_that_do_not_fit_end_in_a_message(page, state, store, picture, encode, one_bit):
    opened = upload(page, encode(picture(30, 40)))
    owner = page.cookies[OWNER_COOKIE]
    content = one_bit(np.eye(30, 40))
    revision = page.post(f"/api/photos/{opened['id']}/mask", content=content).json()["revision"]
    fits = {"id": opened["id"], "revision": revision, "method": METHOD}

    def last(order, owner=owner):
        return list(follow(store, state.models, order, owner))[-1]

    for order in (None, [], "x", {"mask": "/etc/passwd"}, {**fits, "revision": "old"}):
        assert last(order)["state"] == "failed"
    assert last(fits, owner="d" * 43)["state"] == "failed"
    for method in ("nothing", "../weights/x.safetensors", None):
        event = last({**fits, "method": method})
        assert event["state"] == "failed"
        assert METHOD in event["message"]
    page.post(f"/api/photos/{opened['id']}/stop")
    assert last(fits)["state"] == "stopped"


def test_a_method_that_breaks_is_told_without_its_insides(
    page, store, restore, picture, encode, hole, monkeypatch
):
    def breaks(*_, **__):
        raise RuntimeError("secret")

    monkeypatch.setattr(Inpainter, "restore", breaks)
    last = restore(upload(page, encode(picture(30, 40))), hole(30, 40))
    assert last["state"] == "failed"
    assert "secret" not in last["message"]


def test_every_answer_carries_the_security_headers(page):
    for path in ("/api/start", "/api/photos/x/original", "/nowhere"):
        headers = page.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/gradio_api/file=http://a.example/x", "/gradio_api/file=HTTPS%3A//a.example/x"]
)
def test_the_server_fetches_nothing_for_a_visitor(page, path):
    assert page.get(path).status_code == 403


def test_an_upload_that_breaks_is_told_without_its_insides(page, monkeypatch):
    monkeypatch.setattr(pictures, "read_photo", lambda *_: 1 / 0)
    said = message(page.post("/api/photos", content=b"x"), 500, "failed")
    assert "division" not in said


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.png"),
        ("", "photo"),
        ("..", "photo"),
        ("海.jpg", "海.jpg"),
    ],
)
def test_names_are_cleaned(name, clean):
    assert pictures.clean_name(name) == clean


@pytest.mark.parametrize(
    ("name", "format", "expected"),
    [
        ("a.JPEG", "JPEG", ("a_restored.JPEG", "image/jpeg")),
        ("a.png", "JPEG", ("a_restored.jpg", "image/jpeg")),
        ("a", "PNG", ("a_restored.png", "image/png")),
        ("a.heic", "PNG", ("a_restored.png", "image/png")),
        ("a.b.tif", "TIFF", ("a.b_restored.tif", "image/tiff")),
        ("a.webp", "WEBP", ("a_restored.webp", "image/webp")),
    ],
)
def test_results_are_named_after_the_photo_and_its_format(name, format, expected, encode, picture):
    assert pictures.name_result(name, encode(picture(8, 8), format)) == expected
