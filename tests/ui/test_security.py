"""What other sites, and people who know paths, get of the app: nothing."""

from __future__ import annotations

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from inpaint import ui
from inpaint.ui.access import origins, payloads
from inpaint.ui.access.origins import OwnOrigin
from inpaint.ui.access.payloads import Payloads
from inpaint.ui.access.root_path import RootPath
from inpaint.ui.access.security import SecurityHeaders, ensure_owner, find_owner, find_route
from inpaint.ui.access.uploads import Uploads
from inpaint.ui.settings import Settings

HOME = "http://localhost:7860"


async def tell(request: Request):
    return PlainTextResponse(f"{find_route(request.scope)} {(await request.body()).decode()}")


async def talk(socket):
    await socket.accept()
    await socket.close()


def wrap(*middleware, base_url=HOME, **options):
    routes = [
        WebSocketRoute("/{path:path}", talk),
        Route("/{path:path}", tell, methods=["GET", "HEAD", "POST", "OPTIONS"]),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(one, **options) for one in middleware])
    return TestClient(app, base_url)


def own_origin(base_url=HOME, **settings):
    return wrap(OwnOrigin, base_url=base_url, settings=Settings(**settings))


# What browsers tell of a request: by Sec-Fetch where the app is on https or localhost, else by the
# Origin of what is no plain GET.
OWN = [
    {},
    {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
    {"Sec-Fetch-Site": "same-origin", "Origin": HOME},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://photos.example"},
    {"Origin": HOME},
    {"Origin": "https://photos.example", "X-Forwarded-Host": "photos.example, inner"},
    {"Origin": "https://photos.example", "X-Forwarded-Host": "photos.example:443"},
]
FOREIGN = [
    {"Origin": "http://a.example"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://localhost"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": HOME},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
]
LINK = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_other_sites_are_refused_and_the_own_page_and_programs_are_not(method):
    client = own_origin()
    for headers in OWN:
        assert client.request(method, "/x", headers=headers).status_code == 200, headers
    for headers in FOREIGN:
        assert client.request(method, "/x", headers=headers).status_code == 403, headers
    assert client.request(method, "/x", headers=LINK).status_code == (
        200 if method == "GET" else 403
    )


def test_a_websocket_of_another_site_is_refused():
    client = own_origin()
    with client.websocket_connect("ws://localhost:7860/x", headers={"Origin": HOME}):
        pass
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("ws://localhost:7860/x", headers={"Origin": "http://a.example"}),
    ):
        pass


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1", "[::1]:80", "a.localhost"])
def test_an_app_for_this_machine_answers_to_its_names(host):
    assert own_origin().get("/x", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["a.example:7860", "192.168.1.5", "localhost.a.example", "[", ""])
def test_a_site_that_points_its_name_here_gets_nothing(host):
    assert own_origin().get("/x", headers={"Host": host}).status_code == 403


def test_a_proxy_or_a_network_may_call_the_app_by_any_name():
    for settings in ({"root_path": "/mend"}, {"auth": ("ann", "secret")}, {"host": "0.0.0.0"}):
        assert own_origin("http://photos.example", **settings).get("/x").status_code == 200


def test_loopback_addresses_are_known():
    assert all(map(origins.is_loopback, ["localhost", "127.0.0.1", "127.1.2.3", "::1"]))
    assert not any(map(origins.is_loopback, ["0.0.0.0", "::", "192.168.1.5", "photos.example", ""]))


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        (Settings("0.0.0.0", 0), True),
        (Settings("0.0.0.0", 0, auth=("ann", "secret")), False),
        (Settings("127.0.0.1", 0), False),
    ],
)
def test_an_app_that_is_open_to_all_says_so(settings, warned, monkeypatch, capsys):
    monkeypatch.setattr(ui, "build", lambda settings: None)
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: None)
    ui.launch(settings)
    lines = capsys.readouterr().err.splitlines()
    assert ["--auth" in line for line in lines] == [True] * warned


@pytest.mark.parametrize("kept", [True, False])
def test_a_proxy_may_keep_the_root_path_or_strip_it(kept):
    client = wrap(RootPath, root_path="/mend")
    prefix = "/mend" if kept else ""
    assert client.get(f"{prefix}/api/x").text == "/api/x "
    assert client.get(f"{prefix}/mended").text == "/mended "
    assert client.get(f"{prefix}/").text == "/ "


def test_the_root_path_itself_leads_to_its_folder():
    answer = wrap(RootPath, root_path="/mend").get("/mend?lang=zh", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "/mend/?lang=zh")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/config",
        "/assets/a.js",
        "/api/photos",
        "/gradio_api/queue/join",
        "/gradio_api/call/restore",
        "/gradio_api/file=/tmp/a/b c.png",
        "/gradio_api/file=C:/a/b.png",
    ],
)
def test_what_the_page_and_programs_ask_for_is_there(path):
    answer = wrap(SecurityHeaders).get(path)
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://a.example/b.png",
        "/gradio_api/file=HTTP%3A//a.example/b.png",
        "/gradio_api/file=%2568ttp://a.example/b.png",
        "/gradio_api/file=ftp:b",
        "/gradio_api/proxy=http://a.example",
        "/gradio_api/process_recording",
        "/gradio_api/deep_link",
        "/gradio_api/run/restore",
        "/gradio_api/vibe-code/",
        "/gradio_api/component_server",
        "/monitoring/summary",
        "/docs",
        "//api/photos",
    ],
)
def test_what_gradio_offers_besides_is_not_there(path):
    answer = wrap(SecurityHeaders).get(path)
    assert answer.status_code == 404
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_what_is_somebodys_is_stored_nowhere():
    client = wrap(SecurityHeaders)
    for path in ("/gradio_api/file=/tmp/x", "/api/photos/1/view"):
        assert client.get(path).headers["cache-control"] == "private, no-store"
    assert "cache-control" not in client.get("/assets/a.js").headers


def test_an_owner_is_known_by_a_cookie_that_no_script_and_no_other_site_has():
    async def start(request):
        answer = PlainTextResponse("")
        answer.headers["x-owner"] = ensure_owner(request, answer)
        return answer

    client = TestClient(Starlette(routes=[Route("/", start)]), "https://photos.example")
    answer = client.get("/")
    assert {"HttpOnly", "SameSite=strict", "Secure", "Path=/"} <= set(
        answer.headers["set-cookie"].split("; ")
    )
    again = client.get("/")
    assert again.headers["x-owner"] == answer.headers["x-owner"]
    assert "set-cookie" not in again.headers
    assert find_owner({"photomend_owner": "guessed"}) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [{"path": "http://a.example/b.png", "meta": {"_type": "gradio.FileData"}}]}',
        b'{"data": [[{"a": {"path": " HTTPS://a.example/b.png"}}]]}',
        b'{"data": [{"path": "\\u0068ttp://a.example/b.png"}]}',
        b'{"data": [{"path": "a", "path": "http://a.example/b.png"}]}',
        b'{"data": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]}',
        b'{"data": [{"path": "../b.png"}]}',
    ],
)
def test_a_file_that_the_visitor_has_not_uploaded_is_not_read(body, uploads):
    client = wrap(Payloads, uploads=uploads)
    assert client.post("/gradio_api/queue/join", content=body).status_code == 403


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path)


def test_a_payload_arrives_whole_unless_it_is_too_large_or_no_json(monkeypatch, uploads):
    client = wrap(Payloads, uploads=uploads)
    path = uploads.folder / "hash" / "b.png"
    body = (
        f'{{"data": [{{"path": "{path}", "url": "http://localhost:7860/x"}}, "http://a.example"]}}'
    )
    assert client.post("/gradio_api/queue/join", content=body).text.endswith(body)
    assert client.post("/gradio_api/queue/join", content=b"[" * 100_000).status_code == 400
    assert client.post("/api/photos", content=b"no JSON").text == "/api/photos no JSON"
    monkeypatch.setattr(payloads, "MOST_BYTES", 10)
    assert client.post("/gradio_api/queue/join", content=body).status_code == 413
    assert client.post("/gradio_api/upload", content=body).text.endswith(body)
