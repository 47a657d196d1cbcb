"""A run tells where it is: RUN/status.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from train.__main__ import main
from train.photos import DataCheck, PhotoFile
from train.run import RunFolder
from train.status import Status


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def read(run: Path) -> dict:
    return json.loads((run / "status.json").read_text("utf-8"))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def status(tmp_path, clock):
    check = DataCheck([PhotoFile(Path("a.jpg"), "a.jpg")], [(90, 80)], [("b.jpg", "too small")])
    return Status(RunFolder(tmp_path), check, 1000, clock=clock)


def test_a_new_phase_is_told_at_once_the_same_one_not_too_often(status, clock, tmp_path):
    status.tell("training", 0)
    clock.now += 1
    status.tell("training", 8)
    assert read(tmp_path)["samples"] == 0
    status.tell("validating", 8)
    assert (read(tmp_path)["phase"], read(tmp_path)["samples"]) == ("validating", 8)
    clock.now += 3
    status.tell("validating", 16)
    assert read(tmp_path)["samples"] == 16


def test_speed_is_that_since_training_began(status, clock, tmp_path):
    status.tell("preparing", None)
    assert read(tmp_path)["samples_per_second"] is None
    clock.now += 50  # preparing does not count, nor what an earlier leg saw
    status.begin(600)
    clock.now += 4
    status.tell("training", 700)
    assert read(tmp_path)["samples_per_second"] == 25


def test_a_run_ends_with_its_figures_and_what_the_data_check_found(photos, tiny_flags, tmp_path):
    run = tmp_path / "run"
    command = ["--data", str(photos), "--output", str(run), *tiny_flags]
    assert main([*command, "--minutes", "0"]) == 3
    assert read(run)["phase"] == "stopped"
    assert read(run)["samples"] == 4
    assert main(["--data", str(photos), "--resume", str(run)]) == 0
    told = read(run)
    assert told["samples_per_second"] > 0
    del told["samples_per_second"]
    assert told == {
        **{"phase": "trained", "samples": 80, "total": 80},
        **{"photos": 12, "left_out": 0, "reasons": []},
    }


def test_a_resumed_run_that_fails_to_start_has_not_lost_its_samples(
    photos, tiny_flags, tmp_path, capsys
):
    run = tmp_path / "run"
    first = ["--data", str(photos), "--output", str(run), *tiny_flags, "--minutes", "0"]
    assert main(first) == 3
    command = ["--data", str(photos), "--resume", str(run), "--set", "losses.perceptual=1"]
    assert main([*command, "--set", "losses.features_file=nowhere.safetensors"]) == 2
    assert (read(run)["phase"], read(run)["samples"]) == ("preparing", 4)
