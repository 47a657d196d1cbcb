"""Backbones under one protocol: chosen by name, trained once, tabled."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from inpaint.network import ENCODERS
from inpaint.weights import load_network, save_network
from train import loop
from train.compare import baselines, timing
from train.compare.__main__ import main
from train.compare.backbones import FAMILIES, choose_preset, expand
from train.compare.result import FIGURES, read_result
from train.compare.table import _reading
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
    monkeypatch.setattr(timing, "SIDE", 64)  # no figure is looked at here
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
    assert [row.split(" | ")[0] for row in rows[2:]] == [
        *("| *telea*", "| *navier-stokes*", "| *prefill alone (untrained)*"),
        *("| shufflenet_v2", "| light"),
    ]
    threads = torch.get_num_threads()
    assert f"on the CPU with {threads} thread{'' if threads == 1 else 's'}," in page
    assert "python -m train.compare --data" in page
    assert "--set 'data.window=[0.9, 1.5]'" in page  # as a shell takes it
    with Image.open(tmp_path / "docs" / "backbones.webp") as grid:
        assert grid.height > 4 * 100


def test_an_interrupted_one_goes_on(command, monkeypatch, capsys):
    arguments, output = command
    train = [*arguments, "--encoders", "light"]
    fit = loop.Training.fit
    monkeypatch.setattr(loop.Training, "fit", lambda self: fit(self, minutes=0))
    assert main(train) == 130
    assert not (output / "light" / "result.json").exists()
    monkeypatch.setattr(loop.Training, "fit", fit)
    assert main(train) == 0
    assert "resumed at 4 samples" in capsys.readouterr().out
    assert json.loads((output / "light" / "result.json").read_text())["samples"] == 8


@pytest.fixture
def figures():
    return dict.fromkeys(FIGURES, 1.0)


@pytest.fixture
def put(tmp_path, figures):
    """Put a finished backbone's result.json as older versions wrote it, changed as asked."""

    def put(name: str, **changes):
        folder = tmp_path / "compare" / name
        folder.mkdir(parents=True, exist_ok=True)
        values = {
            **{"name": name, "preset": "backbone", "samples": 8, "size": 32, "minutes": 7.4},
            **{"device": "cpu", "parameters": 1, "gmac_256": 1.0, "gmac_512": 4.0},
            **{"packed_bytes": 9, "photos": 2, "figures": figures},
        }
        (folder / "result.json").write_text(json.dumps(values | changes))
        return folder

    return put


def said(arguments, capsys) -> str:
    """The one line that a command stops with."""
    capsys.readouterr()
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_older_results_are_read(put, command, capsys):
    arguments, _ = command
    folder = put("light")
    assert read_result(folder / "result.json").seed is None
    (folder / "preset.toml").write_text("[run]\nseed = 7\n")
    assert read_result(folder / "result.json").seed == 7
    line = said([*arguments, "--encoders", "light"], capsys)
    assert "seed 7 instead of 0" in line
    assert main([*arguments, "--encoders", "light", "--set", "run.seed=7"]) == 0
    assert "light: done before" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "difference"),
    [
        (["--budget", "16"], "samples 8 instead of 16"),
        (["--photos", "4"], "photos 2 instead of 4"),
        (["--set", "data.size=16"], "size 32 instead of 16"),
    ],
)
def test_another_protocol_needs_another_output(put, command, flags, difference, capsys):
    arguments, output = command
    put("light")
    line = said([*arguments, "--encoders", "shufflenet_v2", "light", *flags], capsys)
    assert str(output / "light") in line
    assert difference in line
    assert "--output" in line
    assert not (output / "shufflenet_v2").exists()  # said before anything is trained


def test_a_budget_counts_in_whole_steps(put, command, capsys):
    arguments, _ = command
    put("light")
    assert main([*arguments, "--encoders", "light", "--budget", "7"]) == 0
    assert "light: done before" in capsys.readouterr().out


def test_an_interrupted_one_keeps_its_protocol(command, monkeypatch, capsys):
    arguments, output = command
    train = [*arguments, "--encoders", "light"]
    fit = loop.Training.fit
    monkeypatch.setattr(loop.Training, "fit", lambda self: fit(self, minutes=0))
    assert main(train) == 130
    line = said([*train, "--budget", "16"], capsys)
    assert f"{output / 'light'} is of another protocol" in line
    assert "samples 8 instead of 16" in line
    assert "seed 0 instead of 3" in said([*train, "--set", "run.seed=3"], capsys)
    # Without a checkpoint there is nothing to keep.
    shutil.rmtree(output / "light" / "checkpoints")
    (output / "light" / "checkpoints").mkdir()
    assert main([*train, "--set", "run.seed=3"]) == 130
    assert "seed = 3" in (output / "light" / "preset.toml").read_text()


def test_one_table_is_of_one_protocol(put, command, tmp_path, capsys):
    arguments, _ = command
    put("light")
    put("shufflenet_v2", samples=16, photos=4)
    line = said([*arguments[2:], "--write", str(tmp_path / "docs")], capsys)
    assert "light: 8 samples of 32 pixels, 2 photos" in line
    assert "shufflenet_v2: 16 samples of 32 pixels, 4 photos" in line
    assert not (tmp_path / "docs").exists()


def test_the_table_needs_the_photos_that_were_measured_on(put, command, capsys):
    arguments, _ = command
    put("light", photos=100)
    assert "has 12 photos" in said([*arguments[2:], "--write", "docs"], capsys)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "shufflenet_v2"},
        {"parameters": "many"},
        {"figures": {}},
        {"colour": "blue"},
    ],
)
def test_a_wrong_result_is_one_line(put, change, command, capsys):
    arguments, _ = command
    path = put("light") / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert str(path) in said([*arguments[2:], "--write", "docs"], capsys)


def test_an_unknown_backbone_is_one_line(put, command, capsys):
    arguments, _ = command
    path = put("vgg17") / "result.json"
    line = said([*arguments[2:], "--write", "docs"], capsys)
    assert f"{path}: there is no backbone 'vgg17'" in line


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"name": "light"}'])
def test_a_broken_result_is_one_line(put, text, command, capsys):
    arguments, _ = command
    path = put("light") / "result.json"
    path.write_text(text)
    assert str(path) in said([*arguments[2:], "--write", "docs"], capsys)
    assert str(path) in said([*arguments, "--encoders", "light"], capsys)


def test_baselines_are_measured_again_for_other_photos(photos, tmp_path, monkeypatch):
    preset = choose_preset("shufflenet_v2", {}, QUICK)
    fresh = preset.build_network()
    card = {"preset": preset.to_dict(), "max_side": 1024}
    weights = save_network(tmp_path / "fresh.safetensors", fresh, card)
    calls = []
    evaluate = baselines.evaluate
    monkeypatch.setattr(baselines, "evaluate", lambda *a, **k: calls.append(a) or evaluate(*a, **k))
    paths = sorted(photos.iterdir())
    first = baselines.measure_baselines(tmp_path, paths[:2], weights)
    assert baselines.measure_baselines(tmp_path, paths[:2], weights) == first
    assert len(calls) == 1
    # Any fresh network is the prefill.
    as_users_see_it = evaluate(paths[:2], "everyday", [weights]).means()[str(weights)]
    means = evaluate(paths[:2], "everyday", [weights], texture=False).means()[str(weights)]
    assert means["lpips"] != as_users_see_it["lpips"]
    untrained = first["prefill alone (untrained)"]
    assert untrained["psnr"] == pytest.approx(means["psnr"], abs=1e-6)
    assert untrained["lpips"] == pytest.approx(means["lpips"], abs=1e-6)
    image, mask = torch.rand(1, 3, 40, 40), torch.zeros(1, 1, 40, 40)
    mask[..., 10:20, 10:20] = 1
    network = load_network(weights)
    assert torch.equal(network(image, mask), network.prefill(image, mask).clamp(0, 1))
    assert baselines.measure_baselines(tmp_path, paths[:3], weights) != first
    assert len(calls) == 2
    for text in ("{", json.dumps(first)):  # torn; as older versions wrote it
        (tmp_path / "classical.json").write_text(text)
        assert baselines.measure_baselines(tmp_path, paths[:2], weights).keys() == first.keys()
    assert len(calls) == 4


def test_the_page_says_when_the_rows_are_too_close(put, figures):
    start = {"psnr": 24.2, "lpips": 0.18}
    close = [
        replace(read_result(put(name) / "result.json"), figures=figures | changes)
        for name, changes in (
            ("light", {"psnr": 24.10, "lpips": 0.17}),
            ("shufflenet_v2", {"psnr": 24.13, "lpips": 0.19}),
        )
    ]
    text = _reading(close, start)
    assert "within 0.03 dB of each other" in text
    assert "2 of 2 lie below" in text
    assert "(1 of 2)" in text
    far = [close[0], replace(close[1], figures=figures | {"psnr": 25.0})]
    assert "mean nothing" not in _reading(far, start)


@pytest.mark.parametrize("scatter", [1.0, 3.0])
def test_times_of_a_busy_machine_are_warned_of(scatter, monkeypatch, capsys):
    monkeypatch.setattr(timing, "SIDE", 32)
    ticks = iter([0, *[0, 1] * 4, 0, scatter])  # the first one warms up
    clock = SimpleNamespace(perf_counter=lambda: next(ticks))
    monkeypatch.setattr(timing, "time", clock)
    timing.time_forward_passes({})
    assert ("machine is busy" in capsys.readouterr().err) == (scatter > 1.3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--data PATH to train, --write FOLDER"),
        (["--data", "x"], "--validation is missing"),
        (["--write", "x"], "--validation"),
        (["--data", "x", "--validation", ".", "--encoders", "vgg17"], "no backbone 'vgg17'"),
        (["--data", "x", "--validation", ".", "--pretrained", "vgg16"], "expected ENCODER=FILE"),
        (
            ["--data", "x", "--validation", ".", "--encoders", "vgg16+imagenet"],
            "--pretrained vgg16=FILE",
        ),
        (
            ["--data", "x", "--validation", ".", "--pretrained", "vgg16=missing"],
            "there is no file 'missing'",
        ),
        (
            ["--data", "x", "--validation", ".", "--pretrained", "light=00.png"],
            "light+imagenet: there are no ImageNet weights",
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


@pytest.mark.parametrize("flag", ["--budget", "--photos"])
@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_counts_start_at_one(flag, value, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--data", "x", flag, value])
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"argument {flag}: must be a whole number from 1 on, not '{value}'" in line


def test_torchrun_is_refused(command, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "without torchrun" in said(command[0], capsys)
