"""Photos spread over a cluster's workers: the same results, and errors that arrive."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint import cli
from inpaint.cluster import map_on_cluster
from inpaint.errors import InpaintError

pytest.importorskip("ray.data")
# Ray's own: what it leaves open when it ends, and what it calls of its own that is old.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}Warning")
    for kind in ("Resource", "Future", "Deprecation", "pytest.PytestUnraisableException")
]


class Named:
    """Says who does the work, and may be told to fail at once."""

    def __init__(self, fails: bool = False) -> None:
        if fails:
            raise FileNotFoundError("no such weights here")

    def __call__(self, number: int) -> tuple[int, int]:
        return number, os.getpid()


class Waiting(Named):
    """Works once another one has begun: the first to start could do all alone."""

    def __init__(self, folder: Path) -> None:
        (folder / str(os.getpid())).touch()
        self._folder = folder

    def __call__(self, number: int) -> tuple[int, int]:
        end = time.monotonic() + 120
        while len(list(self._folder.iterdir())) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        return super().__call__(number)


def test_outcomes_come_in_order_from_two_workers(tmp_path):
    found = list(map_on_cluster(partial(Waiting, tmp_path), list(range(12)), workers=2))
    assert [number for number, _ in found] == list(range(12))
    workers = {worker for _, worker in found}
    assert len(workers) == 2
    assert os.getpid() not in workers


def test_a_worker_that_cannot_begin_is_one_line():
    with pytest.raises(InpaintError, match=r"the cluster failed .*no such weights here"):
        list(map_on_cluster(partial(Named, fails=True), [1]))


def test_a_cluster_that_is_not_there_is_one_line():
    with pytest.raises(InpaintError, match=r"no Ray cluster answers at '127.0.0.1:1'"):
        list(map_on_cluster(Named, [1], address="127.0.0.1:1"))


def test_the_commands_do_as_they_do_alone(tmp_path, picture, hole, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    for index in range(3):
        Image.fromarray(picture(40, 50) ^ np.uint8(index)).save(f"photos/{index}.png")
        Image.fromarray(hole(40, 50)).save(f"masks/{index}.png")
    (tmp_path / "photos/broken.png").write_bytes(b"no picture")
    Image.fromarray(hole(40, 50)).save("masks/broken.png")
    restore = ["restore", "photos", "--mask", "masks", "--method", "telea"]
    assert cli.main([*restore, "-o", "alone"]) == 1
    *_, failure, count = capsys.readouterr().err.splitlines()
    assert cli.main([*restore, "-o", "together", "--cluster", "local"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == count
    assert str(tmp_path / "photos/broken.png") in said[-2]  # its workers stand elsewhere
    assert said[-2].endswith(failure.rpartition("photos/broken.png")[2])
    for index in range(3):
        files = (tmp_path / folder / f"{index}.png" for folder in ("alone", "together"))
        first, second = (path.read_bytes() for path in files)
        assert first == second
    assert cli.main([*restore, "-o", "together", "--cluster", "local", "--resume"]) == 1
    assert "(3 before), 1 failed" in capsys.readouterr().err
