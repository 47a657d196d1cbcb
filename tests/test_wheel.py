"""The wheel: built from this tree, installed elsewhere, it restores a photo and starts the app."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the wheel's content, and an environment in which Python finds it first."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (wheel,) = folder.glob("photomend-*.whl")
    target = folder / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(target), str(wheel)], check=True)
    return target, {**os.environ, "PYTHONPATH": str(target)}


def test_it_holds_weights_app_and_presets(installed):
    target, _ = installed
    names = {str(path.relative_to(target)) for path in target.rglob("*")}
    assert "inpaint/_weights/alexnet_features.safetensors" in names
    assert "inpaint/_weights/default.safetensors" in names
    assert any(
        name.startswith("inpaint/ui/restore/canvas/") and name.endswith(".js") for name in names
    )
    assert "train/presets/default.toml" in names
    assert not any(name.startswith("tests") for name in names)


def test_installed_elsewhere_it_restores_a_photo(installed, tmp_path, picture, hole):
    target, environment = installed
    before = picture(60, 80)
    Image.fromarray(before).save(tmp_path / "photo.png")
    Image.fromarray(hole(60, 80)).save(tmp_path / "mask.png")
    command = [sys.executable, "-m", "inpaint", "restore", "photo.png", "--mask", "mask.png"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    after = np.asarray(Image.open(tmp_path / "photo_restored.png"))
    assert np.array_equal(after[~hole(60, 80)], before[~hole(60, 80)])
    assert not np.array_equal(after, before)
    where = [sys.executable, "-c", "import inpaint; print(inpaint.__file__)"]
    done = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.startswith(str(target))


def test_installed_elsewhere_it_starts_the_app(installed, tmp_path):
    _, environment = installed
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "inpaint", "app", "--port", str(port)]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    try:
        page = _when_it_answers(f"http://127.0.0.1:{port}/", process)
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert "photomend" in page.lower()


def _when_it_answers(url: str, process: subprocess.Popen) -> str:
    until = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the app did not start")
