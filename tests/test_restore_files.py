"""Many photos at once: in order, each by itself, and again where it stopped."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint import Inpainter
from inpaint.restore_files import FileOptions, restore_files


@pytest.fixture
def folder(tmp_path, picture, hole):
    photos = tmp_path / "photos"
    photos.mkdir()
    for index in range(7):
        Image.fromarray(picture(40, 50) ^ np.uint8(index)).save(photos / f"{index}.png")
    Image.fromarray(hole(40, 50)).save(tmp_path / "mask.png")
    return photos


def restore(folder, options=None, jobs=3, method="telea", photos=None):
    notes = []
    outcomes = restore_files(
        Inpainter(method),
        photos or sorted(folder.iterdir()),
        folder.with_name("mask.png"),
        folder.with_name("out"),
        options or FileOptions(),
        lambda photo, text: notes.append((photo, text)),
        jobs,
    )
    return outcomes, notes


@pytest.mark.parametrize("jobs", [1, 3, 20])
def test_the_outcomes_come_in_order_and_are_those_of_one_at_a_time(folder, jobs):
    outcomes, _ = restore(folder, jobs=jobs)
    assert [outcome.written.name for outcome in outcomes] == [f"{i}.png" for i in range(7)]
    for photo in folder.iterdir():
        alone = Inpainter("telea").restore(photo, folder.with_name("mask.png"))
        with Image.open(folder.with_name("out") / photo.name) as image:
            assert np.array_equal(np.asarray(image), alone.pixels)


def test_two_photos_are_worked_on_at_once(folder):
    class Meeting:
        name, max_side = "meeting", None
        barrier = threading.Barrier(2, timeout=30)

        def fill(self, image, hole):
            self.barrier.wait()
            return image

    outcomes, _ = restore(folder, jobs=2, method=Meeting(), photos=sorted(folder.iterdir())[:4])
    assert [outcome.error for outcome in outcomes] == [""] * 4


def test_it_goes_on_where_it_stopped(folder):
    outcomes, _ = restore(folder)
    next(outcomes)
    outcomes.close()
    out = folder.with_name("out")
    done = {path.name for path in out.iterdir()}
    assert "0.png" in done
    assert "6.png" not in done
    kept = (out / "0.png").stat().st_mtime_ns
    again = list(restore(folder, FileOptions(resume=True))[0])
    assert {o.photo.name for o in again if o.was_there} == done
    assert (out / "0.png").stat().st_mtime_ns == kept
    assert len(list(out.iterdir())) == 7


def test_one_result_is_never_that_of_two_photos(folder):
    with Image.open(folder / "0.png") as image:
        image.convert("P").save(folder / "0.gif")
    for options in (FileOptions(), FileOptions(overwrite=True)):
        outcomes, _ = restore(folder, options)
        failed = [outcome for outcome in outcomes if outcome.error]
        assert len(failed) == 1
        assert "the name of that of 0." in failed[0].error


def test_a_defect_is_one_photos_own(folder):
    class Moody:
        name, max_side = "moody", None

        def fill(self, image, hole):
            if image[0, 0, 0] * 255 % 2 > 0.5:
                raise KeyError("mood")
            return image

    outcomes = list(restore(folder, method=Moody())[0])
    failed = [outcome for outcome in outcomes if outcome.error]
    assert 0 < len(failed) < len(outcomes)
    assert all("KeyError" in o.error and Path(o.photo).name in o.error for o in failed)
    assert all(o.written is None for o in failed)
