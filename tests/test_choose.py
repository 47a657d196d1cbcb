"""The script that compares weights on the photos that training sets apart."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "choose.py"


@pytest.fixture
def choose(monkeypatch):
    spec = importlib.util.spec_from_file_location("choose", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["choose.py", *map(str, arguments)])
        return module.main()

    return run


def make_photos(folder: Path, count: int) -> Path:
    folder.mkdir()
    for i in range(count):
        pixels = np.random.default_rng(i).integers(0, 255, (80, 90, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def test_a_line_for_each_of_the_weights(choose, tmp_path, capsys):
    assert (
        choose("default", "faithful", "--data", make_photos(tmp_path / "a", 5), "--size", 64) == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| default", "| faithful"]
    assert len({line.count("|") for line in lines}) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("default", "--size", 24), "--size is at least 32"),
        (("defualt",), "defualt"),
        (("default",), "fewer than five photos"),
    ],
)
def test_a_mistake_is_one_line_before_the_work(choose, tmp_path, capsys, arguments, said):
    assert choose(*arguments, "--data", make_photos(tmp_path / "a", 3)) == 2
    output = capsys.readouterr()
    assert said in output.err
    assert not output.out
