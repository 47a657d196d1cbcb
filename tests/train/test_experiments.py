"""Experiments: their files are sound, a small run answers, a mistake is one line."""

from __future__ import annotations

import json

import pytest
import torch
from PIL import Image

from inpaint.network import InpaintingNetwork, NetworkConfig
from train.experiments import shared_weights
from train.experiments.__main__ import main
from train.experiments.variants import (
    list_experiments,
    load_experiment,
    measure_shift_error,
    presets_of,
)

SMALL = [
    "data.size=32",
    "data.photo_side=48",
    "data.window=[1.0, 1.0]",
    "data.mask_bank=8",
    "data.validation=2",
    "run.samples=16",
    "run.batch=8",
    "run.validate_every=8",
]
FLAGS = [part for value in SMALL for part in ("--set", value)]


@pytest.mark.parametrize("name", list_experiments())
def test_every_file_is_an_experiment(name):
    experiment = load_experiment(name)
    presets = presets_of(experiment)
    assert experiment.question.endswith("?")
    assert len(presets) == len(experiment.variants) >= 2  # no label twice
    for preset in presets.values():
        InpaintingNetwork(preset.network)
    for variant in experiment.variants:
        assert variant.after == "" or variant.after in presets


def test_a_run_leaves_figures_and_a_plot(photos, tmp_path, capsys):
    assert main(["pooling", "--data", str(photos), "--output", str(tmp_path), *FLAGS]) == 0
    assert "when shifted" in (tmp_path / "README.md").read_text()
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 4
    result = json.loads((tmp_path / "pooling.json").read_text())
    assert [o["label"] for o in result["outcomes"]] == ["stride", "max", "mean", "blur"]
    assert result["outcomes"][0]["curve"][-1][0] == 16
    with Image.open(tmp_path / "pooling.webp") as plot:
        assert plot.width > 400


def test_a_stage_starts_from_the_one_before(photos, tmp_path, capsys):
    extra = ["--set", "data.size=32", "--set", "run.samples=8"]
    assert main(["staged", "--data", str(photos), "--output", str(tmp_path), *FLAGS, *extra]) == 0
    printed = capsys.readouterr().out
    assert printed.count("started from") == 1
    copied, total = printed.split("started from")[1].split(": ")[1].split()[0:3:2]
    assert 0.7 * int(total) < int(copied) < int(total)  # what two depths of VGG share


def test_shared_weights_move_with_the_hole(photos, tmp_path):
    options = ["--set", "run.samples=64", "--set", "run.validate_every=32"]
    command = [shared_weights.NAME, "--data", str(photos), "--output", str(tmp_path), *options]
    assert main([*command, "--set", "data.validation=2"]) == 0
    outcomes = json.loads((tmp_path / f"{shared_weights.NAME}.json").read_text())["outcomes"]
    full, local, _ = outcomes
    assert abs(full["parameters"] - local["parameters"]) < 0.1 * full["parameters"]
    assert set(full["error_at_shift"]) == {"0", "2", "4", "8"}


def test_shift_error_is_zero_for_what_does_not_look():
    network = InpaintingNetwork(NetworkConfig(prefill="mean", encoder_options={"width": 8}))
    images = torch.randint(0, 256, (2, 3, 40, 40), dtype=torch.uint8)
    masks = torch.zeros(2, 1, 40, 40, dtype=torch.bool)
    masks[..., 10:24, 12:26] = True
    seen = measure_shift_error(network, images, masks, torch.device("cpu"))
    torch.nn.init.zeros_(network.decoder.head.weight)
    torch.nn.init.zeros_(network.decoder.head.bias)
    blind = measure_shift_error(network, images, masks, torch.device("cpu"))
    assert blind == 0
    assert seen > 0


def test_a_mistake_is_one_line(photos, capsys):
    for arguments, message in (
        (["poling", "--data", str(photos)], "did you mean 'pooling'"),
        (["pooling"], "--data is missing"),
        (["pooling", "--data", str(photos), "--set", "run.batc=3"], "did you mean 'batch'"),
    ):
        assert main(arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line


def test_the_list_has_a_question_each(capsys):
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list_experiments()) + 1
    assert all(line.endswith("?") for line in lines)
