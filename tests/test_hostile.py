"""Malformed files: a clear line or a right answer, never a crash, a hang or a traceback.

tests/hostile makes them. They are read in processes of their own, with little memory and little
time, so that a crash or a hang in a library written in C is seen, with the name of the file.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from inpaint import cli

HERE = Path(__file__).parent
PICTURES = (
    *("bmp", "boxes", "cut", "disguised", "exif", "flipped", "gif", "grown", "jpeg", "png", "ppm"),
    *("profile", "tiff", "webp"),
)
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")]),
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    command = [sys.executable, str(HERE / "hostile"), str(folder)]
    subprocess.run(command, check=True, env=ENVIRONMENT, timeout=300)
    return folder


def names_of(corpus: Path, kind: str) -> list[str]:
    return sorted(f"{kind}/{path.name}" for path in (corpus / kind).iterdir())


def run_trials(corpus: Path, names: list[str]) -> dict[str, dict]:
    """The result of each file. One that ends its process is "broken", and the rest goes on."""
    results: dict[str, dict] = {}
    while len(results) < len(names):
        done = subprocess.run(
            [sys.executable, str(HERE / "hostile" / "trial.py"), str(corpus)],
            input="\n".join(names[len(results) :]),
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            timeout=600,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert lines, f"the trial did not start: {done.stderr[-2000:]}"
        results |= {line["file"]: line for line in lines if "outcome" in line}
        last = lines[-1]["file"]
        if last not in results:
            results[last] = {
                "outcome": "broken",
                "message": f"ended the process ({done.returncode}; -27, -14: too much time)",
                "noise": done.stderr,
            }
    return results


def test_the_corpus_is_large_and_of_all_kinds(corpus):
    counts = Counter(path.parent.name for path in corpus.glob("*/*"))
    assert set(counts) == {*PICTURES, "weights"}
    assert counts.pop("weights") >= 60
    assert sum(counts.values()) >= 300
    expected = json.loads((corpus / "expected.json").read_text("utf-8"))
    assert Counter(expected.values())["refused"] >= 200
    assert Counter(expected.values())["read"] >= 100


@pytest.mark.parametrize("kind", [*PICTURES, "weights"])
def test_malformed_files_are_refused_in_one_line_or_restored(kind, corpus):
    names = names_of(corpus, kind)
    results = run_trials(corpus, names)
    expected = json.loads((corpus / "expected.json").read_text("utf-8"))
    wrong = []
    for name in names:
        result = results[name]
        if result["outcome"] != expected.get(name, result["outcome"]):
            wrong.append(f"{name}: not {expected[name]} but {result['outcome']}")
        # Libraries written in C may mutter; nothing of Python may, beside the error.
        muttered = any(sign in result["noise"] for sign in ("Warning", "Traceback", "tifffile"))
        if result["outcome"] == "broken" or muttered:
            wrong.append(f"{name}: {result['message']} {result['noise'][:500]}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def good(tmp_path, picture, hole):
    """A photo of the corpus' size and its mask."""
    Image.fromarray(picture(40, 56)).save(tmp_path / "good.png")
    Image.fromarray(hole(40, 56)).save(tmp_path / "mask.png")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "cut/0.6-baseline.jpg",
        "disguised/archive.jpg",
        "disguised/empty.heic",
        "exif/bomb.webp",
        "bmp/runs-jump.bmp",
        "gif/long-comment.gif",
        "png/huge.png",
        "tiff/200000-pages.tif",
        "webp/animation.webp",
        "weights/pickle.safetensors",
        "weights/width-1e9.safetensors",
    ],
)
@pytest.mark.parametrize("role", ["photo", "mask"])
def test_the_command_says_it_in_one_line(name, role, corpus, good, capsys):
    bad = good / Path(name).name
    shutil.copy(corpus / name, bad)
    before = sorted(path.name for path in good.iterdir())
    photo, mask, method = good / "good.png", good / "mask.png", "telea"
    if bad.suffix == ".safetensors":
        method = bad
    elif role == "photo":
        photo = bad
    else:
        mask = bad
    command = ["restore", photo, "--mask", mask, "--method", method, "--device", "cpu"]
    assert cli.main([str(word) for word in command]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("inpaint: ")
    assert bad.name in line
    assert sorted(path.name for path in good.iterdir()) == before


def test_a_folder_of_hostile_files_costs_no_good_one_its_restoration(corpus, good, capsys):
    folder = good / "photos"
    shutil.copytree(corpus / "bmp", folder)
    shutil.copy(good / "good.png", folder)
    command = ["restore", folder, "--mask", good / "mask.png", "--method", "telea"]
    command += ["--output", good / "restored", "--device", "cpu"]
    assert cli.main([str(word) for word in command]) == 1
    told = capsys.readouterr()
    assert all(line.startswith("inpaint: ") for line in told.err.splitlines())
    written = {path.name for path in (good / "restored").iterdir()}
    assert "good.png" in written
    for path in folder.iterdir():
        assert path.name in written or path.name in told.err
