"""Backbones under one protocol: chosen by name, trained once, tabled."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from inpaint.network import ENCODERS
from train import backbone_table
from train.compare import FAMILIES, expand, main
from train.preset import list_presets

QUICK = [
    "data.size=32",
    "data.photo_side=48",
    "data.window=[0.9, 1.5]",
    "data.mask_bank=8",
    "data.validation=2",
    "losses.perceptual=0",
    "losses.style=0",
    "run.batch=4",
    "run.validate_every=8",
]


@pytest.fixture
def command(photos, tmp_path):
    flags = [part for value in QUICK for part in ("--set", value)]
    output = tmp_path / "compare"
    return [
        *("--data", str(photos), "--validation", str(photos), "--photos", "2"),
        *("--output", str(output), "--budget", "8", *flags),
    ], output


def test_every_encoder_belongs_to_a_family_with_a_preset():
    members = [name for family in FAMILIES.values() for name in family]
    assert sorted(members) == sorted(ENCODERS)
    assert set(FAMILIES) <= set(list_presets())


def test_names_stand_for_groups():
    families = expand(["families"], {})
    assert families[:2] == ["alexnet", "vgg11"]
    assert len(families) == len(FAMILIES)
    assert set(expand(["all"], {})) == set(ENCODERS)
    with_weights = expand(["families", "vgg16"], {"alexnet": "file"})
    assert with_weights[-2:] == ["alexnet+imagenet", "vgg16"]


def test_what_is_done_is_not_done_again_and_is_tabled(command, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(backbone_table, "SIDE", 64)  # no figure is looked at here
    arguments, output = command
    encoders = ["--encoders", "shufflenet_v2", "light"]
    assert main([*arguments, *encoders]) == 0
    written = (output / "light" / "result.json").read_bytes()
    assert json.loads(written)["samples"] == 8
    assert main([*arguments, *encoders, "--write", str(tmp_path / "docs")]) == 0
    assert "light: done before" in capsys.readouterr().out
    assert (output / "light" / "result.json").read_bytes() == written
    page = (tmp_path / "docs" / "backbones.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert [row.split()[1] for row in rows[2:]] == [
        *("*telea*", "*navier-stokes*", "shufflenet_v2", "light"),
    ]
    with Image.open(tmp_path / "docs" / "backbones.webp") as grid:
        assert grid.height > 4 * 100


def test_an_interrupted_one_goes_on(command, monkeypatch, capsys):
    arguments, output = command
    train = [*arguments, "--encoders", "light"]
    from train import loop

    fit = loop.Training.fit
    monkeypatch.setattr(loop.Training, "fit", lambda self: fit(self, minutes=0))
    assert main(train) == 130
    assert not (output / "light" / "result.json").exists()
    monkeypatch.setattr(loop.Training, "fit", fit)
    assert main(train) == 0
    assert "resumed at 4 samples" in capsys.readouterr().out
    assert json.loads((output / "light" / "result.json").read_text())["samples"] == 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "x"], "--validation is missing"),
        (["--write", "x"], "--validation"),
        (["--data", "x", "--validation", ".", "--encoders", "vgg17"], "no backbone 'vgg17'"),
        (["--data", "x", "--validation", ".", "--pretrained", "vgg16"], "expected ENCODER=FILE"),
        (
            ["--data", "x", "--validation", ".", "--encoders", "vgg16+imagenet"],
            "--pretrained vgg16=FILE",
        ),
    ],
)
def test_a_mistake_is_one_line(arguments, message, photos, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(photos)
    assert main([*arguments, "--output", str(tmp_path / "compare")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_nothing_finished_is_said(tmp_path, photos, capsys):
    output = str(tmp_path / "compare")
    assert main(["--write", "docs", "--validation", str(photos), "--output", output]) == 2
    assert "nothing is finished" in capsys.readouterr().err
