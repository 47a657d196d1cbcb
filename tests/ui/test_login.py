"""Signing in: what is to be had without, how it is done, and how long guessing takes."""

from __future__ import annotations

import base64
import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from inpaint.ui.access.login import LOGIN_COOKIE, TIME_TO_LIVE, Login
from inpaint.ui.access.security import OWNER_COOKIE
from inpaint.ui.access.tries import FORGET, Tries

AUTH = ("änn", "pass:wörd")
RIGHT = dict(zip(("username", "password"), AUTH))
PAGE = {"Accept": "text/html"}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def app(clock):
    async def tell(request: Request):
        return PlainTextResponse("a photo")

    async def talk(socket):
        await socket.accept()
        await socket.close()

    routes = [WebSocketRoute("/talk", talk), Route("/{path:path}", tell, methods=["GET", "POST"])]
    return Starlette(routes=routes, middleware=[Middleware(Login, auth=AUTH, clock=clock)])


@pytest.fixture
def visitor(app):
    return TestClient(app, follow_redirects=False)


def basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.mark.parametrize("path", ["/", "/api/photos", "/gradio_api/file=/a", "/assets/a.js", "/x"])
def test_without_a_login_there_is_a_page_for_people_and_401_for_the_rest(visitor, path):
    for answer in (visitor.get(path), visitor.post(path), visitor.get(path, headers=PAGE)):
        assert answer.status_code == 401
        assert "a photo" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert 'action="/login"' in answer.text
    with pytest.raises(WebSocketDisconnect), visitor.websocket_connect("/talk"):
        pass


def test_the_form_signs_in_and_logout_ends_it(visitor):
    answer = visitor.post("/login", data=RIGHT, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(LOGIN_COOKIE)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert visitor.get("/api/photos").text == "a photo"
    assert visitor.get("/login").status_code == 303
    with visitor.websocket_connect("/talk"):
        pass
    token = visitor.cookies[LOGIN_COOKIE]
    ended = visitor.get("/logout").headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in ended] == [LOGIN_COOKIE, OWNER_COOKIE]
    assert not visitor.cookies
    assert visitor.get("/", headers={"Cookie": f"{LOGIN_COOKIE}={token}"}).status_code == 401


def test_a_program_signs_in_by_the_form_or_by_basic_authorization(visitor):
    assert visitor.get("/", headers=basic(*AUTH)).text == "a photo"
    assert not visitor.cookies
    assert visitor.post("/login/", data=RIGHT).json() == {"success": True}
    assert visitor.get("/").text == "a photo"


@pytest.mark.parametrize(
    "form", [{}, {"username": AUTH[0]}, {"username": AUTH[0], "password": "x"}, {"x": "y" * 5000}]
)
def test_a_wrong_form_says_so_and_gives_nothing(visitor, form):
    answer = visitor.post("/login", data=form, headers={**PAGE, "Accept-Language": "zh-CN,en"})
    assert answer.status_code == 401
    assert "用户名或密码错误" in answer.text
    assert '<html lang="zh">' in answer.text
    assert not visitor.cookies
    assert visitor.get("/").status_code == 401


@pytest.mark.parametrize("value", ["Basic", "Basic ?", "Basic /w==", "Bearer x", "Basic YQ=="])
def test_a_damaged_authorization_gives_nothing(visitor, value):
    assert visitor.get("/", headers={"Authorization": value}).status_code == 401


def test_a_login_ends_a_day_after_its_last_use(visitor, clock):
    visitor.post("/login", data=RIGHT)
    for _ in range(3):
        clock.now += TIME_TO_LIVE - 1
        assert visitor.get("/").status_code == 200
    clock.now += TIME_TO_LIVE + 1
    assert visitor.get("/").status_code == 401


def test_guessing_is_slow_and_keeps_nobody_else_out(app, clock):
    guesser = TestClient(app, client=("10.0.0.1", 1))
    other = TestClient(app, client=("10.0.0.2", 1))
    for _ in range(5):
        assert guesser.post("/login", data={"username": "ann"}).status_code == 401
    answer = guesser.post("/login", data=RIGHT)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert guesser.get("/", headers=basic(*AUTH)).status_code == 429
    assert other.post("/login", data=RIGHT).status_code == 200
    clock.now += 1
    assert guesser.post("/login", data=RIGHT).status_code == 200


def test_waiting_grows_to_a_minute_and_is_forgotten(clock):
    tries = Tries(clock=clock)
    waits = []
    for _ in range(14):
        tries.count("10.0.0.1")
        waits.append(tries.wait("10.0.0.1"))
        clock.now += waits[-1]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    tries.count("10.0.0.1")
    clock.now += 59
    assert tries.wait("10.0.0.1") == 1
    clock.now += FORGET
    tries.count("10.0.0.1")
    assert tries.wait("10.0.0.1") == 0


def test_an_ipv6_network_is_one_visitor_and_the_oldest_is_forgotten(clock):
    tries = Tries(free=1, most=2, clock=clock)
    tries.count("2001:db8::1")
    assert tries.wait("2001:db8::ffff") > 0
    assert tries.wait("2001:db8:0:1::1") == 0
    tries.count("::ffff:10.0.0.1")
    assert tries.wait("10.0.0.1") > 0
    tries.count("testclient")
    assert tries.wait("2001:db8::1") == 0


def every_route(routes):
    """(method, path) of all that an app answers to, parameters filled in."""
    for route in routes:
        inner = getattr(route, "original_router", route)  # of an included router
        if hasattr(inner, "routes"):
            yield from every_route(inner.routes)
        for method in getattr(inner, "methods", ()):
            yield method, re.sub(r"\{[^}]*\}", "1", inner.path)


def test_no_route_of_the_app_and_none_of_gradio_answers_without_a_login(make_app):
    app = make_app(auth=AUTH)
    visitor = TestClient(app, "http://localhost", follow_redirects=False)
    routes = set(every_route(app.routes)) - {("POST", "/login"), ("POST", "/login/")}
    assert {("POST", "/api/photos"), ("GET", "/config"), ("POST", "/gradio_api/upload")} <= routes
    for method, path in sorted(routes):
        answer = visitor.request(method, path)
        if path.strip("/") == "logout":
            assert (answer.status_code, answer.text) == (303, "")
        elif answer.status_code != 401:
            assert answer.status_code == 404
            assert answer.text in ("There is nothing here.", "")
        elif method != "HEAD":
            assert answer.json()["detail"]["code"] == "login"
