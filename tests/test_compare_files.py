"""The script that checks restored files sees what differs, and nothing where nothing does."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint import cli

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "compare_files.py"


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        import compare_files
    finally:
        sys.path.remove(str(SCRIPT.parent))
    return compare_files


@pytest.fixture(scope="module")
def folder(script, tmp_path_factory):
    """20 files with masks, restored by the command line."""
    folder = tmp_path_factory.mktemp("files")
    assert script.make(folder, seed=0, lossy=False) == 20
    command = ["restore", folder / "photos", "--mask", folder / "masks", "--method", "telea"]
    command += ["--output", folder / "restored", "--device", "cpu"]
    assert cli.main([str(word) for word in command]) == 0
    return folder


def compare(script, folder, restored="restored"):
    return script.compare(folder / "photos", folder / restored, folder / "masks")


def test_nothing_but_the_painted_part_of_20_files_changes(script, folder, capsys):
    code = compare(script, folder)
    out = capsys.readouterr().out
    assert code == 0, out
    assert "20 files: nothing but the painted part changed" in out
    assert "CHANGED" not in out


def change_a_pixel(image):
    pixels = np.array(image)
    pixels[0, 0] ^= 1
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("texts.png", {"picture": change_a_pixel, "keep": True}, "pixels"),
        ("texts.png", {}, "PNG text Author"),
        ("plain.bmp", {"dpi": (300, 300)}, "resolution"),
        ("camera.jpg", {"quality": 88, "subsampling": 2}, "EXIF Exif DateTimeOriginal"),
        ("profile.jpg", {"quality": "keep"}, "ICC profile"),
        ("progressive.jpg", {"quality": 80, "subsampling": 0}, "JPEG coding"),
        ("scan.tif", {"compression": "raw"}, "TIFF Copyright"),
        ("lossless.webp", {"lossless": True, "exact": True}, "XMP"),
        ("clear.png", None, "MISSING"),
    ],
)
def test_what_differs_is_named(name, damage, said, script, folder, tmp_path, capsys):
    for kind in ("photos", "masks", "restored"):
        (tmp_path / kind).mkdir()
    mask = Path(name).with_suffix(".png").name
    (tmp_path / "photos" / name).write_bytes((folder / "photos" / name).read_bytes())
    (tmp_path / "masks" / mask).write_bytes((folder / "masks" / mask).read_bytes())
    if damage is not None:
        with Image.open(folder / "restored" / name) as image:
            image.load()
            options = dict(damage)
            change = options.pop("picture", lambda image: image)
            if options.pop("keep", False):
                options = {"exif": image.info["exif"]}
            saved = change(image)
            buffer = io.BytesIO()
            if options.get("quality") != "keep":
                saved.info, saved.encoderinfo = {}, {}
                saved = Image.fromarray(np.asarray(saved))
            saved.save(buffer, image.format, **({"icc_profile": None} | options))
        (tmp_path / "restored" / name).write_bytes(buffer.getvalue())
    assert compare(script, tmp_path) == 1
    out = capsys.readouterr().out
    assert said in out
    assert "1 differ" in out
