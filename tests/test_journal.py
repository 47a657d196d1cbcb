"""An evaluation that is stopped goes on where it was."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from inpaint import cli, evaluation
from inpaint.errors import InpaintError
from inpaint.journal import Journal
from inpaint.report import Row

ABOUT = {"masks": "everyday", "methods": ["telea"], "names": ["a.png", "b.png"]}


def test_rows_come_back(tmp_path):
    path = tmp_path / "rows.jsonl"
    journal = Journal(path)
    assert journal.open(ABOUT) == {}
    rows = [Row("telea", "a.png", psnr=float("inf"), lpips=0.25), Row("other", "a.png", psnr=3.0)]
    journal.add(0, rows)
    assert Journal(path, resume=True).open(ABOUT) == {0: rows}
    assert Journal(path).open(ABOUT) == {}  # begun anew


def test_what_failed_or_was_cut_off_is_measured_again(tmp_path):
    path = tmp_path / "rows.jsonl"
    journal = Journal(path)
    journal.open(ABOUT)
    journal.add(0, [Row("telea", "a.png", error="gone")])
    journal.add(1, [Row("telea", "b.png", psnr=3.0)])
    with path.open("a") as file:
        file.write('{"photo": 2, "ro')
    journal = Journal(path, resume=True)
    assert list(journal.open(ABOUT)) == [1]
    journal.add(2, [Row("telea", "c.png", psnr=4.0)])
    assert list(Journal(path, resume=True).open(ABOUT)) == [1, 2]


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({**ABOUT, "masks": "thin"})])
def test_another_evaluation_is_not_gone_on_with(content, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(content)
    with pytest.raises(InpaintError, match=r"rows\.jsonl"):
        Journal(path, resume=True).open(ABOUT)
    assert path.read_text() == content


@pytest.fixture
def command(tmp_path, picture):
    (tmp_path / "photos").mkdir()
    for index in range(4):
        Image.fromarray(picture(48, 64) ^ np.uint8(index)).save(tmp_path / f"photos/{index}.png")
    return ["evaluate", str(tmp_path / "photos"), "--method", "telea", "-o", str(tmp_path / "out")]


def test_a_stopped_command_goes_on(command, tmp_path, capsys, monkeypatch):
    measure, seen = evaluation.Evaluator.__call__, []

    def stopping(*inputs):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(inputs)
        return measure(*inputs)

    monkeypatch.setattr(evaluation.Evaluator, "__call__", stopping)
    assert cli.main(command) == 130

    def counting(*inputs):
        seen.append(inputs)
        return measure(*inputs)

    monkeypatch.setattr(evaluation.Evaluator, "__call__", counting)
    capsys.readouterr()
    assert cli.main(command) == 2
    assert "--resume goes on" in capsys.readouterr().err
    assert cli.main([*command, "--seed", "3", "--resume"]) == 2
    assert "measured with other seed" in capsys.readouterr().err
    assert cli.main([*command, "--resume"]) == 0
    assert len(seen) == 4
    assert not (tmp_path / "out" / "unfinished.jsonl").exists()
    rows = json.loads((tmp_path / "out" / "report.json").read_text())["rows"]
    assert cli.main([*command, "--overwrite"]) == 0
    at_once = json.loads((tmp_path / "out" / "report.json").read_text())["rows"]
    for row in (*rows, *at_once):
        del row["seconds"]
    assert rows == at_once


def test_there_must_be_something_to_go_on_with(command, capsys):
    assert cli.main([*command[:-2], "--resume"]) == 2
    assert "--resume needs the --output" in capsys.readouterr().err
