"""The running app: its page, its public endpoint, and how it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint.errors import InpaintError
from inpaint.ui import _listen, launch
from inpaint.ui.settings import Settings

METHOD = "telea"


@pytest.fixture(scope="module")
def client(address):
    from gradio_client import Client

    client = Client(address, verbose=False)
    yield client
    client.close()


@pytest.fixture
def files(tmp_path, picture, hole):
    photo, mask = tmp_path / "photo.jpg", tmp_path / "mask.png"
    Image.fromarray(picture(60, 80)).save(photo, quality=90)
    Image.fromarray(hole(60, 80)).save(mask)
    return photo, mask


def test_the_endpoint_restores_a_file(client, files):
    from gradio_client import handle_file

    photo, mask = map(handle_file, files)
    restored = client.predict(photo, mask, METHOD, api_name="/restore")
    assert Path(restored).name == "photo_restored.jpg"
    with Image.open(restored) as result, Image.open(files[0]) as before:
        assert (result.format, result.size) == ("JPEG", (80, 60))
        assert not np.array_equal(np.asarray(result), np.asarray(before))


def test_a_job_prints_no_warning_of_a_library(start, files, monkeypatch):
    """`start` looks at what the app printed. The warning is of pandas, in Gradio's statistics."""
    from gradio_client import Client, handle_file

    monkeypatch.setenv("PYTHONWARNINGS", "always:The copy keyword")
    with start() as address:
        client = Client(address, verbose=False)
        client.predict(*map(handle_file, files), METHOD, api_name="/restore")
        client.close()


def test_the_endpoints_for_programs(client, files):
    from gradio_client import handle_file

    named = client.view_api(return_format="dict")["named_endpoints"]
    assert sorted(named) == ["/find_scratches", "/models", "/restore"]
    models = client.predict(api_name="/models")
    assert METHOD in [model["name"] for model in models]
    found = client.predict(handle_file(files[0]), api_name="/find_scratches")
    assert Path(found).name == "photo_mask.png"
    with Image.open(found) as mask:
        assert (mask.mode, mask.size) == ("1", (80, 60))


def test_a_path_of_the_server_is_no_photo(address, files):
    def call(body):
        headers = {"Content-Type": "application/json"}
        data = json.dumps(body).encode()
        urllib.request.urlopen(
            urllib.request.Request(f"{address}/gradio_api/call/restore", data, headers)
        )

    stolen = [{"path": str(path), "meta": {"_type": "gradio.FileData"}} for path in files]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        call({"data": [*stolen, METHOD]})


def test_the_endpoint_tells_what_is_wrong(client, files, tmp_path):
    from gradio_client import handle_file

    letter = tmp_path / "letter.txt"
    letter.write_text("Dear")
    photo, mask = map(handle_file, files)
    with pytest.raises(Exception, match=r"letter\.txt cannot be opened"):
        client.predict(handle_file(letter), mask, METHOD, api_name="/restore")
    with pytest.raises(Exception, match=METHOD):
        client.predict(photo, mask, "../nothing.safetensors", api_name="/restore")
    with pytest.raises(Exception, match="two files"):
        client.predict(photo, None, METHOD, api_name="/restore")


def test_the_page_is_guarded_and_shares_nothing_with_other_sites(address):
    with urllib.request.urlopen(address) as answer:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "object-src 'none'" in answer.headers["content-security-policy"]
        assert "photomend" in answer.read().decode()
    request = urllib.request.Request(address, headers={"Origin": "http://a.example"})
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(request)
    with refused.value as answer:
        assert answer.headers["access-control-allow-origin"] is None
        assert "photomend" not in answer.read().decode()


def test_a_taken_port_is_told():
    with _listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(InpaintError, match=f"port {port}.*--port"):
            launch(Settings(port=port))
    with pytest.raises(InpaintError, match=r"cannot listen on 192\.0\.2\.1"):
        launch(Settings("192.0.2.1", 0))
    with pytest.raises(InpaintError, match="65536"):
        launch(Settings(port=65536))


def test_importing_the_rooms_names_costs_no_gradio():
    code = "import sys, inpaint.ui; sys.exit('gradio' in sys.modules or 'torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
