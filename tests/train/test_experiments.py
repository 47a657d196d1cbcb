"""Experiments: their files are sound, a small run answers, a mistake is one line."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace

import pytest
import torch
from PIL import Image

from inpaint import weights
from inpaint.network import InpaintingNetwork, NetworkConfig
from train.compare import timing
from train.experiments import bits, pruning, shared_weights
from train.experiments.__main__ import main
from train.experiments.registry import list_experiments
from train.experiments.variants import (
    list_files,
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


@pytest.mark.parametrize("name", list_files())
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
    assert result["overrides"] == SMALL
    assert "--set run.samples=16" in (tmp_path / "README.md").read_text()
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


def test_fewer_bits_are_a_smaller_file_and_another_picture(photos, tmp_path):
    command = [bits.NAME, "--data", str(photos), "--output", str(tmp_path)]
    assert main([*command, "--set", "data.size=32", "--set", "data.validation=2"]) == 0
    outcomes = json.loads((tmp_path / f"{bits.NAME}.json").read_text())["outcomes"]
    by_channel = [o for o in outcomes if o["step"] == bits.STEPS[0]]
    sizes = [o["bytes"] for o in by_channel]
    assert sizes == sorted(sizes, reverse=True)
    errors = [abs(o["hole_l1"] - by_channel[0]["hole_l1"]) for o in by_channel]
    assert errors[1] < errors[-1]


def test_rounded_kernels_have_the_levels_of_their_bits():
    torch.manual_seed(0)
    kernel = torch.randn(5, 4, 3, 3) * torch.logspace(-2, 0, 5)[:, None, None, None]
    for step in bits.STEPS:
        for number in bits.BITS:
            rounded = bits.quantise(kernel, number, step)
            rows = rounded if step == bits.STEPS[0] else [rounded]
            assert all(len(row.unique()) <= 2**number - 1 for row in rows)
    errors = [(bits.quantise(kernel, 4, step) - kernel).abs().mean() for step in bits.STEPS]
    assert errors[0] < errors[1]


def test_pruned_networks_are_measured_before_and_after(photos, tiny, tmp_path, monkeypatch):
    pytest.importorskip("torch_pruning")
    start = tmp_path / "start.safetensors"
    network = InpaintingNetwork(replace(tiny.network, encoder_options={"width": 16}))
    for parameter in network.parameters():  # a fresh one's last layer hides what others matter
        torch.nn.init.normal_(parameter, std=0.1)
    weights.save_network(start, network, {"preset": asdict(tiny)})
    monkeypatch.setattr(pruning, "WEIGHTS", start)
    monkeypatch.setattr(pruning, "SHARES", (1.0, 0.5))
    for module in (pruning, timing):
        monkeypatch.setattr(module, "SIDE", 64)
    command = [pruning.NAME, "--data", str(photos), "--output", str(tmp_path)]
    assert main([*command, *FLAGS]) == 0
    whole, half = json.loads((tmp_path / f"{pruning.NAME}.json").read_text())["outcomes"]
    assert half["gmac_512"] <= 0.5 * whole["gmac_512"]
    assert set(half["figures"]) == set(whole["figures"])
    assert whole["time"] > 0


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
        (
            ["pooling", "--data", str(photos), "--set", "network.encoder_options={}"],
            "pooling compares network.encoder_options.downsample",
        ),
        (["lrn", "--data", str(photos), "--set", "data.validation=0"], "takes five photos"),
    ):
        assert main(arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line


def test_the_list_has_a_question_each(capsys):
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list_experiments()) > len(list_files())
    assert all(line.endswith("?") for line in lines)


def test_without_matplotlib_nothing_is_trained(photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["pooling", "--data", str(photos), "--output", str(tmp_path / "out")]) == 2
    assert "pip install matplotlib" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
