"""The app with a password, shown by a proxy under a path of its own: the page, its pictures, the
queue and the login work, for people and for programs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import httpx
import pytest
from PIL import Image
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse

AUTH = ("ann", "secret")
ROOT_PATH = "/photomend"
HOP_BY_HOP = (b"connection", b"keep-alive", b"transfer-encoding", b"content-length")


def make_proxy(upstream, *, strip, keep_host):
    """An ASGI app that shows upstream under ROOT_PATH, as web servers do."""

    async def proxy(scope, receive, send):
        request, path = Request(scope, receive), scope["path"]
        if not path.startswith(f"{ROOT_PATH}/"):
            return await PlainTextResponse("The proxy's own page", 404)(scope, receive, send)
        headers = [(k, v) for k, v in request.headers.raw if keep_host or k != b"host"]
        if not keep_host:
            headers.append((b"x-forwarded-host", request.headers["host"].encode()))
        url = httpx.URL(
            upstream + (path.removeprefix(ROOT_PATH) if strip else path),
            query=scope["query_string"],
        )
        body = await request.body()
        async with (
            httpx.AsyncClient(timeout=60) as client,
            client.stream(request.method, url, headers=headers, content=body) as answer,
        ):
            passed = StreamingResponse(answer.aiter_raw(), answer.status_code)
            passed.raw_headers = [
                (name.lower(), value)
                for name, value in answer.headers.raw
                if name.lower() not in HOP_BY_HOP
            ]
            await passed(scope, receive, send)

    return proxy


@pytest.fixture(scope="module")
def upstream(start):
    with start("--auth", ":".join(AUTH), "--root-path", ROOT_PATH) as address:
        yield address


@pytest.fixture(
    scope="module",
    params=[(True, False), (False, True)],
    ids=["path stripped, host in X-Forwarded-Host", "path and host kept"],
)
def address(request, upstream, serve):
    strip, keep_host = request.param
    with serve(make_proxy(upstream, strip=strip, keep_host=keep_host)) as outside:
        yield f"{outside}{ROOT_PATH}"


def test_the_login_leads_back_under_the_path(address):
    with httpx.Client(headers={"Accept": "text/html"}) as visitor:
        page = visitor.get(f"{address}/")
        assert page.status_code == 401
        assert f'action="{ROOT_PATH}/login"' in page.text
        form = dict(zip(("username", "password"), AUTH))
        answer = visitor.post(f"{address}/login", data=form)
        assert answer.headers["location"] == f"{ROOT_PATH}/"
        assert visitor.get(f"{address}/").status_code == 200
        assert visitor.get(f"{address}/api/start").status_code == 200


def test_a_program_uploads_restores_and_downloads(address, tmp_path, picture, hole):
    from gradio_client import Client, handle_file

    photo, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    Image.fromarray(picture(40, 60)).save(photo)
    Image.fromarray(hole(40, 60)).save(mask)
    with pytest.raises(Exception, match="Could not login"):
        Client(address, auth=("ann", "guess"), verbose=False)
    with contextlib.closing(Client(address, auth=AUTH, verbose=False)) as client:
        restored = client.predict(
            handle_file(photo), handle_file(mask), "telea", api_name="/restore"
        )
    with Image.open(Path(restored)) as result:
        assert result.size == (60, 40)


def test_the_page_finds_all_its_parts(address, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    answers, wrong = [], []
    page.on("response", lambda answer: answers.append((answer.url, answer.status)))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{address}/")
    assert page.title() == "登录 · photomend"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for name, value in zip(("用户名", "密码"), AUTH):
        page.get_by_label(name).fill(value)
    answers.clear()
    with page.expect_response(lambda answer: "/api/start" in answer.url):
        page.get_by_role("button", name="登录").click()
    page.get_by_role("tab").first.wait_for()
    page.wait_for_timeout(1000)
    assert page.url == f"{address}/"
    assert [url for url, status in answers if status >= 400] == []
    assert [url for url, _ in answers if not url.startswith((address, "data:", "blob:"))] == []
    assert wrong == []
    page.get_by_text("退出登录").click()
    page.get_by_label("密码").wait_for()
    assert context.cookies() == []
    context.close()
