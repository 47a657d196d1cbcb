"""Training as a person runs it: it learns, it stops and goes on, it says what is wrong."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint import weights
from inpaint.errors import TrainingError
from inpaint.methods.network import NetworkMethod
from inpaint.network import NetworkConfig
from train.__main__ import main
from train.loop import Training
from train.parallel import Workers
from train.photos import PhotoFile, check_photos
from train.preset import load_preset, preset_from_dict
from train.run import RunFolder
from train.trainer import Trainer
from train.validation import Validator

ADVERSARY = [
    "adversary.weight=1",
    "adversary.feature_matching=1",
    "adversary.width=8",
    "adversary.ramp=8",
    "adversary.r1_every=2",
]
FEATURES = [
    "losses.features=alexnet",
    "losses.features_share=0.5",
    "losses.lpips=1",
    "losses.style=0.1",
    "adversary.kind=features",
    "adversary.loss=hinge",
    "adversary.weight=1",
    "adversary.width=8",
    "adversary.warmup=4",
    "adversary.ramp=8",
]


def flags(*values: str) -> list[str]:
    return [part for value in values for part in ("--set", value)]


def logged(run: Path, name: str) -> list[float]:
    with open(run / "log.csv", newline="") as file:
        return [float(row["value"]) for row in csv.DictReader(file) if row["name"] == name]


def checkpoint(run: Path) -> dict:
    return RunFolder(run).load_checkpoint()


def assert_equal(one, other, where="state"):
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_equal(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list):
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_equal(a, b, f"{where}[{i}]")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    else:
        assert one == other, where


def test_twenty_steps_lower_the_loss_and_leave_a_whole_run(photos, tiny_flags, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["--data", str(photos), "--output", str(run), *tiny_flags]) == 0
    assert "12 photos" in capsys.readouterr().out
    losses = logged(run, "total")
    assert len(losses) == 4
    assert losses[-1] < 0.9 * losses[0]
    figures = logged(run, "psnr_hole")
    assert len(figures) == 2  # at 40 samples, and at the end
    names = {p.name for p in run.iterdir()}
    assert {"preset.toml", "log.csv", "samples", "checkpoints", "weights.safetensors"} <= names
    assert any(name.startswith("events.") for name in names)
    assert (run / "samples" / "0000000080.webp").stat().st_size > 100
    assert {p.name for p in (run / "checkpoints").iterdir()} == {"best.pt", "0000000080.pt"}


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch.compile's own
@pytest.mark.parametrize("compiled", ["false", "true"])
def test_twenty_steps_in_bf16_lower_the_loss_too(photos, tiny_flags, tmp_path, compiled):
    run = tmp_path / "run"
    overrides = flags("run.precision=bf16", f"run.compile={compiled}")
    assert main(["--data", str(photos), "--output", str(run), *tiny_flags, *overrides]) == 0
    losses = logged(run, "total")
    assert losses[-1] < 0.9 * losses[0]


def test_the_result_is_a_method(photos, tiny_flags, tmp_path, picture, hole):
    run = tmp_path / "run"
    main(["--data", str(photos), "--output", str(run), *tiny_flags, *flags("run.samples=4")])
    path = run / "weights.safetensors"
    out = NetworkMethod(path).fill(picture(40, 50).astype(np.float32) / 255, hole(40, 50))
    assert out.shape == (40, 50, 3)
    card = weights.read_card(path)
    assert card["samples"] == 4
    assert card["data"] == "12 photos"


MUON = ["optimiser.name=muon", "optimiser.weight_decay=0.1"]
AUXILIARY = ["network.decoder_options.auxiliary=2", "losses.auxiliary=0.3"]


@pytest.mark.parametrize(
    "extra",
    [[], ADVERSARY, FEATURES, AUXILIARY, [*FEATURES, "losses.views=varied"], MUON],
    ids=["plain", "adversarial", "on features", "auxiliary", "on varied views", "muon"],
)
def test_a_resumed_run_equals_one_that_never_stopped(photos, tiny_flags, tmp_path, extra):
    common = ["--data", str(photos), *tiny_flags, *flags("run.samples=32", *extra)]
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    assert main([*common, "--output", str(whole)]) == 0
    stopped = main([*common, "--output", str(halves), "--minutes", "0"])
    assert stopped == 3
    assert checkpoint(halves)["samples"] == 4
    assert main(["--data", str(photos), "--resume", str(halves)]) == 0
    one, other = checkpoint(whole), checkpoint(halves)
    one.pop("best"), other.pop("best")  # the stop validated once more
    assert_equal(one, other)
    assert logged(whole, "total") == logged(halves, "total")


def test_another_discriminator_cannot_go_on_with_a_run(photos, tiny_flags, tmp_path, capsys):
    run = tmp_path / "run"
    first = ["--data", str(photos), "--output", str(run), *tiny_flags, *flags(*ADVERSARY)]
    assert main([*first, "--minutes", "0"]) == 3
    again = ["--data", str(photos), "--resume", str(run), *flags("adversary.width=16")]
    assert main(again) == 2
    assert "adversary.width" in capsys.readouterr().err


def test_another_optimiser_cannot_go_on_with_a_run(photos, tiny_flags, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["--data", str(photos), "--output", str(run), *tiny_flags, "--minutes", "0"]) == 3
    before = (run / "preset.toml").read_bytes()
    again = ["--data", str(photos), "--resume", str(run), *flags("optimiser.name=muon")]
    assert main(again) == 2
    assert "optimiser.name stays what it was" in capsys.readouterr().err
    assert (run / "preset.toml").read_bytes() == before


def test_a_missing_features_file_leaves_no_run_folder(photos, tiny_flags, tmp_path, capsys):
    run = tmp_path / "run"
    wrong = flags("losses.style=1", "losses.features_file=nowhere.safetensors")
    assert main(["--data", str(photos), "--output", str(run), *tiny_flags, *wrong]) == 2
    assert "--set losses.features=alexnet --set losses.features_file=" in capsys.readouterr().err
    assert not run.exists()


def test_what_is_set_on_resuming_stays_set(photos, tiny_flags, tmp_path):
    run = tmp_path / "run"
    first = ["--data", str(photos), "--output", str(run), *tiny_flags]
    assert main([*first, "--minutes", "0"]) == 3
    again = ["--data", str(photos), "--resume", str(run), "--minutes", "0"]
    assert main([*again, *flags("losses.hole_l1=3.5")]) == 3
    assert main(again) == 3
    assert RunFolder(run).preset()["losses"]["hole_l1"] == 3.5
    card = weights.read_card(run / "weights.safetensors")
    assert card["preset"]["losses"]["hole_l1"] == 3.5


@pytest.mark.parametrize("log_every", [1, 1000])
def test_a_run_that_diverges_ends_saves_nothing_and_can_begin_again(
    photos, tiny_flags, tmp_path, capsys, log_every
):
    run = tmp_path / "run"
    arguments = ["--data", str(photos), "--output", str(run), *tiny_flags]
    diverging = flags("optimiser.learning_rate=1e38", "optimiser.warmup=0", "optimiser.clip=0")
    assert main([*arguments, *diverging, *flags(f"run.log_every={log_every}")]) == 2
    error = capsys.readouterr().err
    assert "no numbers any more" in error
    assert "begin again" in error
    assert not (run / "weights.safetensors").exists()
    assert RunFolder(run).last_checkpoint() is None
    assert main([*arguments, "--minutes", "0"]) == 3


def test_a_run_from_weights_that_diverges_can_begin_again_too(photos, tiny_flags, tmp_path):
    def arguments(name: str) -> list[str]:
        return ["--data", str(photos), "--output", str(tmp_path / name), *tiny_flags]

    assert main([*arguments("first"), "--minutes", "0"]) == 3
    start = flags(f"run.start_from={tmp_path / 'first' / 'weights.safetensors'}")
    diverging = flags("optimiser.learning_rate=1e38", "optimiser.warmup=0", "optimiser.clip=0")
    assert main([*arguments("second"), *start, *diverging]) == 2  # validated before the first step
    assert main([*arguments("second"), *start, "--minutes", "0"]) == 3


def test_a_run_that_diverges_later_says_where_it_can_go_on(
    photos, tiny_flags, tmp_path, capsys, monkeypatch
):
    run = tmp_path / "run"
    assert main(["--data", str(photos), "--output", str(run), *tiny_flags, "--minutes", "0"]) == 3
    saved = RunFolder(run).last_checkpoint()
    step = Trainer.step

    def diverge(trainer: Trainer, *batch: torch.Tensor) -> None:
        step(trainer, *batch)
        next(trainer.averaged.parameters()).data.fill_(torch.nan)

    monkeypatch.setattr(Trainer, "step", diverge)
    assert main(["--data", str(photos), "--resume", str(run), "--minutes", "0"]) == 2
    assert f"go on from {saved} with --resume {run}" in capsys.readouterr().err
    assert RunFolder(run).last_checkpoint() == saved


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_writes_a_checkpoint_first(photos, tiny_flags, tmp_path, number):
    run = tmp_path / "run"
    command = [sys.executable, "-m", "train", "--data", str(photos), "--output", str(run)]
    process = subprocess.Popen(
        [*command, *tiny_flags, *flags("run.samples=4000000")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not (run / "log.csv").exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 3, err
    assert "continue with --resume" in out
    assert "Traceback" not in err
    assert checkpoint(run)["samples"] > 0
    assert weights.load_network(run / "weights.safetensors")


def test_two_processes_train_one_network(photos, tiny_flags, tmp_path):
    run = tmp_path / "run"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
            *("-m", "train", "--data", str(photos), "--output", str(run), "--device", "cpu"),
            *tiny_flags,
            *flags(*ADVERSARY, "adversary.weight=0.01", "run.samples=80"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("12 photos") == 1  # one of the two speaks
    assert checkpoint(run)["samples"] == 80
    assert logged(run, "hole_l1")[-1] < logged(run, "hole_l1")[0]
    assert logged(run, "adversarial")[-1] > 0


def test_training_can_start_from_weights(photos, tiny, tmp_path):
    first = tmp_path / "first"
    RunFolder(first).create(tiny)
    workers = Workers(0, 1, torch.device("cpu"))
    Training(tiny, RunFolder(first), workers, [photos]).fit()
    again = dataclasses.replace(
        tiny, run=dataclasses.replace(tiny.run, start_from=str(first / "weights.safetensors"))
    )
    second = RunFolder(tmp_path / "second")
    second.create(again)
    training = Training(again, second, workers, [photos])
    saved = weights.load_network(first / "weights.safetensors").state_dict()
    assert_equal(dict(saved), dict(training.trainer.network.state_dict()))


def test_a_coarse_network_comes_from_weights_and_stays_as_it_is(photos, tiny, tmp_path):
    first, second = RunFolder(tmp_path / "first"), RunFolder(tmp_path / "second")
    workers = Workers(0, 1, torch.device("cpu"))
    first.create(tiny)
    Training(tiny, first, workers, [photos]).fit()
    trained = first.path / "weights.safetensors"
    preset = preset_from_dict(tiny.to_dict(), [f"run.coarse_from={trained}"])
    assert NetworkConfig(**preset.network.coarse) == tiny.network
    second.create(preset)
    Training(preset, second, workers, [photos]).fit()
    # Written out, the preset does not need the weights any more, and neither do the new ones.
    wanted = weights.load_network(trained).state_dict()
    trained.rename(first.path / "elsewhere.safetensors")
    assert preset_from_dict(second.preset()) == preset
    left = weights.load_network(second.path / "weights.safetensors")
    assert_equal(dict(wanted), dict(left.coarse.state_dict()))
    before = torch.load(second.path / "checkpoints" / "best.pt", weights_only=True)
    assert set(before["network"]) == set(left.state_dict())


def test_a_coarse_network_of_another_shape_is_refused(photos, tiny, tmp_path):
    network = dataclasses.replace(tiny.network, coarse={"encoder_options": {"width": 4}})
    run = dataclasses.replace(tiny.run, coarse_from="default")
    preset = dataclasses.replace(tiny, network=network, run=run)
    folder = RunFolder(tmp_path / "run")
    folder.create(preset)
    with pytest.raises(TrainingError, match=r"run\.coarse_from: default holds another network"):
        Training(preset, folder, Workers(0, 1, torch.device("cpu")), [photos])


def test_a_preset_without_a_network_takes_that_of_the_weights(photos, tiny, tmp_path):
    first = tmp_path / "first"
    RunFolder(first).create(tiny)
    Training(tiny, RunFolder(first), Workers(0, 1, torch.device("cpu")), [photos]).fit()
    recipe = tmp_path / "mine.toml"
    recipe.write_text(f"[run]\nstart_from = {json.dumps(str(first / 'weights.safetensors'))}\n")
    preset = load_preset(recipe, ["run.seed=3"])
    assert preset.network == tiny.network
    # Written out, it does not need them any more.
    assert preset_from_dict(preset.to_dict(), ["run.start_from="]).network == tiny.network


@pytest.mark.parametrize("preset", ["finetune", "faithful"])
def test_shipped_weights_train_further_on_ones_own_photos(photos, preset, tmp_path):
    run = tmp_path / "run"
    small = flags("data.size=64", "data.window=[1, 1]", "data.photo_side=64", "data.mask_bank=8")
    short = flags("run.samples=48", "adversary.warmup=16", "adversary.ramp=8", "run.log_every=1")
    common = ["--data", str(photos), "--preset", preset, "--output", str(run)]
    assert main([*common, *small, *short]) == 0
    start = {"finetune": "default", "faithful": "faithful"}[preset]
    assert weights.read_config(run / "weights.safetensors") == weights.read_config(start)
    pulls = logged(run, "adversarial")
    assert bool(pulls) == (preset == "finetune")
    if pulls:  # the discriminator is fresh: it learns alone first
        assert len(pulls) < len(logged(run, "discriminator"))


def test_photos_read_from_disk_train_as_well(photos, tiny_flags, tmp_path):
    run = tmp_path / "run"
    extra = flags("data.memory_gb=0", "data.workers=1", "run.samples=8", "data.validation=0")
    assert main(["--data", str(photos), "--output", str(run), *tiny_flags, *extra]) == 0


def test_a_second_run_does_not_overwrite_the_first(photos, tiny_flags, tmp_path, capsys):
    arguments = ["--data", str(photos), "--output", str(tmp_path / "run"), *tiny_flags]
    assert main([*arguments, *flags("run.samples=4")]) == 0
    assert main(arguments) == 2
    assert "holds a run already; continue it with --resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--data is missing"),
        (["--data", "nowhere"], "nowhere: not a folder"),
        (["--data", ".", "--preset", "nothing"], "no preset 'nothing'"),
        (["--data", ".", "--resume", "nowhere"], "nowhere is not a run folder"),
        (["--data", ".", "--device", "tpu9"], "--device tpu9"),
    ],
)
def test_a_mistake_is_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tiny, tmp_path):
    run = RunFolder(tmp_path / "run")
    run.create(tiny)
    run.save_checkpoint({"samples": 1}, 1)
    run.save_checkpoint({"samples": 2}, 2)
    (tmp_path / "run/checkpoints/0000000002.pt").write_bytes(b"torn")
    assert run.load_checkpoint() == {"samples": 1}
    (tmp_path / "run/checkpoints/0000000001.pt").unlink()
    with pytest.raises(TrainingError, match="no readable checkpoint"):
        run.load_checkpoint()


def test_a_network_that_cannot_be_built_is_one_line_and_leaves_no_folder(
    photos, tiny_flags, tmp_path, capsys
):
    for override, message in (
        ("network.encoder=vgg99", "did you mean"),
        ("network.encoder_options.lrn=false", "lrn"),
        ("network.bottleneck_options.convolution=fir", "fire"),
        ("network.encoder_options={pretrained = true}", "'light' has no option 'pretrained'"),
    ):
        run = tmp_path / "run"
        command = ["--data", str(photos), "--output", str(run), *tiny_flags, "--set", override]
        assert main(command) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("train: network: ")
        assert message in line
        assert not run.exists()


def test_damaged_photos_are_left_out_of_validation_too(photos, tmp_path):
    good = check_photos([photos]).photos[:3]
    torn = tmp_path / "torn.jpg"
    with Image.open(photos / "00.png") as image:
        image.save(torn)
    torn.write_bytes(torn.read_bytes()[:-400])
    damaged = [PhotoFile(torn, torn.name)]
    validator = Validator([*damaged, *good], 32, torch.device("cpu"))
    assert len(validator.images) == 3
    with pytest.raises(TrainingError, match="none of 1 photos"):
        Validator(damaged, 32, torch.device("cpu"))
