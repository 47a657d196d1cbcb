"""Nothing from outside: neither the page nor the server asks another host for anything."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
LOCAL = {"localhost", "127.0.0.1", "::1", "", None}

# The app as it is, in a Python that writes down each host it looks up or connects to.
WATCHED = """
import json, runpy, sys

asked = open({asked!r}, "a", buffering=1)

def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    asked.write(json.dumps(host if host is None else str(host)) + "\\n")

sys.addaudithook(watch)
sys.path.insert(0, {root!r})
sys.argv[0] = "app.py"
runpy.run_path({app!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def watched(start, tmp_path_factory):
    """The app's address, and the file of the hosts it asked."""
    asked = tmp_path_factory.mktemp("offline") / "asked"
    code = WATCHED.format(asked=str(asked), root=str(ROOT), app=str(ROOT / "app.py"))
    with start(program=("-c", code)) as address:
        yield address, asked


def test_every_tab_loads_with_all_other_hosts_out_of_reach(watched, browser):
    address, _ = watched
    context = browser.new_context()
    foreign, local = [], []

    def sort(route):
        url = urlsplit(route.request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.hostname not in LOCAL:
            foreign.append(route.request.url)
            route.abort()
        else:
            local.append(route.request.url)
            route.continue_()

    context.route("**/*", sort)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("tab").first.wait_for()
    tabs = page.get_by_role("tab").all()
    for tab in tabs:
        tab.click()
        page.wait_for_timeout(1000)  # some tabs ask their server on and on
        assert tab.get_attribute("aria-selected") == "true"
    assert tabs
    assert f"{address}/" in local
    assert foreign == []
    context.close()


def test_the_server_asks_no_other_host(watched, tmp_path, picture, hole):
    from gradio_client import Client, handle_file

    address, asked = watched
    photo, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    Image.fromarray(picture(64, 64)).save(photo)
    Image.fromarray(hole(64, 64)).save(mask)
    with contextlib.closing(Client(address, verbose=False)) as client:
        client.predict(handle_file(photo), handle_file(mask), "default", api_name="/restore")
        elsewhere = handle_file("http://photos.example/photo.png")
        with pytest.raises(Exception, match="403"):
            client.predict(elsewhere, handle_file(mask), "default", api_name="/restore")
    hosts = {json.loads(line) for line in asked.read_text().splitlines()}
    assert hosts, "the watch did not work: the app looks its own address up"
    assert hosts <= LOCAL
