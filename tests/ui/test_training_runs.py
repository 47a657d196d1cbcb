"""Training from the app, without its page: real, tiny runs in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from inpaint.errors import InpaintError
from inpaint.ui.models import Models
from inpaint.ui.train.runs import Order, RunFolder, hash_owner
from inpaint.ui.train.training import RefusedError, Trainings

TINY = (
    "network.encoder_options.width=8",
    "network.bottleneck_options.dilations=[1]",
    "data.size=32",
    "data.photo_side=48",
    "data.window=[0.9, 1.5]",
    "data.mask_bank=16",
    "data.validation=2",
    "losses.perceptual=0",
    "losses.style=0",
    "run.batch=4",
    "run.log_every=1",
)
ENDLESS = (*TINY, "run.samples=4000000")
SHORT = (*TINY, "run.samples=8")


@pytest.fixture
def uploads(tmp_path, picture):
    """A zip of six photos, of which one is too small, and one photo as a file."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    for number in range(6):
        side = 40 if number == 5 else 70
        Image.fromarray(picture(side, 80, seed=number)).save(folder / f"{number}.png")
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for number in range(1, 6):
            archive.write(folder / f"{number}.png", f"holiday/{number}.png")
    return [folder / "photos.zip", folder / "0.png"]


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path / "models", "cpu")


@pytest.fixture
def trainings(models):
    trainings = Trainings(models, "cpu")
    trainings._presets = {"cpu": "listing them takes seconds, and has a test of its own"}
    yield trainings
    trainings.close()


def wait_until(ready, seconds=120):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.05)


def wait_for(trainings, name, *states):
    wait_until(lambda: trainings.get(name).state in states)
    return trainings.get(name)


def refusal(call, *arguments):
    with pytest.raises(RefusedError) as refused:
        call(*arguments)
    return refused.value.key


def test_a_run_stops_goes_on_and_ends_among_the_models(trainings, models, uploads, picture, hole):
    trainings.start(Order("mine", "cpu", ENDLESS), uploads)
    assert trainings.find_running() == "mine"
    assert refusal(trainings.start, Order("other", "cpu", SHORT), uploads) == "train_busy"
    assert refusal(trainings.delete, "mine") == "train_busy"
    run = wait_for(trainings, "mine", "training", "failed")
    assert run.state == "training", run.complaint
    wait_until(lambda: len(run.folder.read_curves().get("total", ())) >= 2)
    trainings.stop("mine")
    assert trainings.get("mine").state in ("stopping", "stopped")
    run = wait_for(trainings, "mine", "stopped", "failed")
    assert run.can_continue
    assert run.folder.has_checkpoint
    assert (run.status.photos, run.status.left_out) == (5, 1)
    assert "smaller than 64" in run.status.reasons[0][1]
    assert run.status.seconds_left > 0
    seen = run.status.samples
    assert [model.name for model in models.list() if model.kind == "own"] == ["mine"]

    trainings.resume("mine")
    run = trainings.get("mine")
    assert (run.state, run.status.samples) == ("starting", seen)
    wait_until(lambda: trainings.get("mine").status.samples > seen)
    trainings.stop("mine")
    run = wait_for(trainings, "mine", "stopped", "failed")
    samples = [samples for samples, _ in run.folder.read_curves()["total"]]
    assert samples == sorted(set(samples))  # it went on, and did not begin again
    assert set(run.folder.read_curves()) >= {"total", "psnr_hole", "lpips"}
    assert run.folder.find_sample().stem == f"{run.status.samples:010d}"
    pixels = picture(40, 50)
    restored = models.get("mine").restore_array(pixels, hole(40, 50))
    assert not np.array_equal(restored, pixels)

    trainings.delete("mine")
    assert trainings.list_names() == []
    assert list(trainings.folder.iterdir()) == []
    assert refusal(trainings.get, "mine") == "train_gone"


def test_another_app_finds_the_run_and_stops_it(trainings, models, uploads):
    trainings.start(Order("mine", "cpu", ENDLESS), uploads)
    later = Trainings(models, "cpu")
    assert later.find_running() == "mine"
    wait_for(later, "mine", "training", "failed")
    later.close()  # it did not start it
    assert later.find_running() == "mine"
    later.stop("mine")
    assert wait_for(later, "mine", "stopped", "failed").folder.has_checkpoint
    assert later.find_running() is None


def test_an_app_that_ends_takes_its_run_with_it_and_keeps_the_checkpoint(trainings, uploads):
    trainings.start(Order("mine", "cpu", ENDLESS), uploads)
    wait_for(trainings, "mine", "training", "failed")
    trainings.close()
    run = trainings.get("mine")
    assert run.state == "stopped"
    assert run.folder.has_checkpoint


def test_a_run_stopped_before_its_first_checkpoint_begins_again(trainings, uploads):
    trainings.start(Order("mine", "cpu", SHORT), uploads)
    trainings.stop("mine")
    run = wait_for(trainings, "mine", "stopped", "failed")
    assert (run.state, run.folder.has_checkpoint) == ("stopped", False)
    trainings.resume("mine")
    assert wait_for(trainings, "mine", "trained", "failed").state == "trained"


def test_a_process_that_the_system_ended_is_told(trainings, uploads):
    trainings.start(Order("mine", "cpu", ENDLESS), uploads)
    os.kill(trainings._process.pid, signal.SIGKILL)
    run = wait_for(trainings, "mine", "stopped", "failed")
    assert (run.state, run.complaint) == ("failed", "memory")


def test_a_run_that_the_trainer_refuses_gives_way_to_one_that_trains_to_its_end(
    trainings, uploads, tmp_path
):
    faulty = (*SHORT, "losses.perceptual=0.1", "losses.features_file=nowhere.safetensors")
    trainings.start(Order("mine", "cpu", faulty), uploads)
    run = wait_for(trainings, "mine", "failed", "trained")
    assert "nowhere.safetensors: it is not there" in run.complaint
    assert "\n" not in run.complaint
    assert run.can_continue
    trainings.start(Order("mine", "cpu", SHORT, folder=str(tmp_path / "uploads")))
    run = wait_for(trainings, "mine", "trained", "failed")
    assert (run.state, run.status.samples) == ("trained", 8), run.complaint
    assert not run.can_continue
    assert run.folder.has_weights


def test_photos_that_cannot_be_used_are_told_without_the_machines_folders(trainings, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    trainings.start(Order("mine", "cpu", SHORT), [broken])
    run = wait_for(trainings, "mine", "failed", "trained")
    assert run.complaint.startswith(
        "no usable photo in photos (broken.jpg: not a readable picture)"
    )


@pytest.mark.parametrize("name", ["", "a b", "../evil", "a/b", "-a", "é", "a" * 41, None, ["a"]])
def test_a_name_is_of_plain_letters(trainings, uploads, name):
    assert refusal(trainings.start, Order(name, "cpu", SHORT), uploads) == "train_bad_name"


def test_a_name_is_free(trainings, models, uploads):
    def start(name, owner=""):
        return refusal(trainings.start, Order(name, "cpu", SHORT, owner=owner), uploads)

    models.folder.mkdir()
    (models.folder / "own.safetensors").write_bytes(b"")
    (models.folder / "folder").mkdir()
    Order("theirs", "cpu", owner=hash_owner("them")).write(make_folder(models, "theirs"))
    for name in ("default", "Telea", "own", "folder", "Folder", "theirs"):
        assert start(name) == "train_taken", name


def make_folder(models, name):
    folder = models.folder / name
    folder.mkdir()
    return folder


def test_what_is_missing_is_said_before_anything_is_written(trainings, uploads, tmp_path):
    letter = tmp_path / "letter.zip"
    letter.write_bytes(b"Dear")
    start = trainings.start
    assert refusal(start, Order("a", "cpu", SHORT)) == "train_no_photos"
    assert refusal(start, Order("a", "cpu", SHORT, folder="nowhere")) == "train_no_folder"
    assert refusal(start, Order("a", "/etc/passwd", SHORT), uploads) == "train_no_preset"
    with pytest.raises(InpaintError, match=r"letter\.zip is damaged"):
        start(Order("a", "cpu", SHORT), [letter])
    assert trainings.list_names() == []
    assert list(trainings.folder.iterdir()) == []


def test_the_presets_are_the_trainers(models):
    presets = Trainings(models).list_presets()
    assert presets["small"].startswith("a few hundred photos of one's own")
    assert len(presets) > 10


def test_a_half_written_or_foreign_file_hides_nothing_else(tmp_path):
    run = RunFolder(tmp_path)
    (tmp_path / "log.csv").write_text(
        "samples,group,name,value\n8,train,total,1.5\n16,train,total,0"
    )
    assert run.read_curves() == {"total": [(8.0, 1.5)]}
    (tmp_path / "status.json").write_text(json.dumps({"phase": "training", "later": 1}))
    assert run.read_status().phase == "training"
    (tmp_path / "status.json").write_text("[]")
    assert run.read_status().phase == ""
    assert run.find_sample() is None
    assert run.read_complaint() is None


def test_long_curves_are_thinned_and_end_where_they_end(tmp_path):
    rows = "".join(f"{n},train,total,{n % 2}\n" for n in range(1, 1001))
    (tmp_path / "log.csv").write_text("samples,group,name,value\n" + rows)
    points = RunFolder(tmp_path).read_curves()["total"]
    assert len(points) <= 300
    assert points[-1][0] == 1000
    assert {value for _, value in points} == {0.5}


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        ("12 photos\nstopped; continue with --resume x\n", None),
        ("  0%|  | 0/80\rTraceback (most recent call last):\n  File\nKeyboardInterrupt\n", None),
        ("Traceback (most recent call last):\n  File\nRuntimeError: secret\n", ""),
        (
            "Traceback (most recent call last):\ntorch.OutOfMemoryError: CUDA out of memory\n",
            "memory",
        ),
        ("12 photos\n 50%|##| 40/80\rtrain: the disk is full\n", "the disk is full"),
    ],
)
def test_what_ended_a_run_is_found_in_its_output(tmp_path, output, complaint):
    (tmp_path / "output.log").write_text(output)
    assert RunFolder(tmp_path).read_complaint() == complaint
