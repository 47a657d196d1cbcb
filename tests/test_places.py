"""Photos, masks and results in buckets: here one in memory, which behaves as all others do."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image

from inpaint import Inpainter, Photo, cli
from inpaint.errors import PhotoError
from inpaint.places import as_place, is_remote, is_same_file


@pytest.fixture
def bucket(tmp_path, picture, hole):
    """memory://bucket with photos and masks, and the same in a folder."""
    place = as_place(f"memory://bucket-{tmp_path.name}")
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    for index in range(3):
        photo = Image.fromarray(picture(40, 50) ^ np.uint8(index))
        photo.save(tmp_path / f"photos/{index}.jpg", quality=90)
        Image.fromarray(hole(40, 50)).save(tmp_path / f"masks/{index}_mask.png")
    for path in tmp_path.glob("*/*"):
        copy = place / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return place


def test_a_path_stays_a_path(tmp_path):
    assert as_place(str(tmp_path)) == tmp_path
    assert as_place(tmp_path) == tmp_path
    assert as_place(f"file://{tmp_path}") == tmp_path
    assert isinstance(as_place(f"file://{tmp_path}"), Path)
    assert not is_remote(tmp_path)
    assert not is_remote("memory://bucket")  # yet


def test_an_address_goes_to_workers_as_it_is():
    place = as_place("memory://bucket/a.png")
    assert is_remote(place)
    assert as_place(place) is place
    assert str(pickle.loads(pickle.dumps(place))) == "memory://bucket/a.png"


def test_one_file_is_known_again(bucket, tmp_path):
    photo = bucket / "photos" / "0.jpg"
    assert is_same_file(photo, as_place(str(photo)))
    assert not is_same_file(photo, bucket / "photos" / "1.jpg")
    assert not is_same_file(photo, tmp_path / "photos" / "0.jpg")
    assert not is_same_file(bucket / "gone.jpg", bucket / "gone.jpg")


def test_a_photo_in_a_bucket_is_restored_into_it(bucket, tmp_path):
    restored = Inpainter("telea").restore(f"{bucket}/photos/0.jpg", bucket / "masks" / "0_mask.png")
    restored.write(bucket / "out" / "0.jpg")
    alone = Inpainter("telea").restore(tmp_path / "photos/0.jpg", tmp_path / "masks/0_mask.png")
    assert (bucket / "out" / "0.jpg").read_bytes() == alone.encode()
    assert Photo.read(bucket / "out" / "0.jpg").name == "0.jpg"
    with pytest.raises(PhotoError, match=r"memory://.*gone\.jpg: no such file"):
        Photo.read(bucket / "gone.jpg")


def test_a_folder_of_a_bucket_is_restored_as_any(bucket, tmp_path, capsys):
    (bucket / "photos" / "broken.png").write_bytes(b"no picture")
    command = ["restore", f"{bucket}/photos", "--mask", f"{bucket}/masks", "--method", "telea"]
    assert cli.main([*command, "-o", f"{bucket}/out"]) == 1
    said = capsys.readouterr()
    assert said.out.split() == [f"{bucket}/out/{index}.jpg" for index in range(3)]
    assert f"{bucket}/photos/broken.png" in said.err
    local = ["restore", str(tmp_path / "photos"), "--mask", str(tmp_path / "masks")]
    assert cli.main([*local, "--method", "telea", "-o", str(tmp_path / "out")]) == 0
    for index in range(3):
        written = (bucket / "out" / f"{index}.jpg").read_bytes()
        assert written == (tmp_path / "out" / f"{index}.jpg").read_bytes()
    assert cli.main([*command, "-o", f"{bucket}/out", "--resume"]) == 1
    assert "(3 before), 1 failed" in capsys.readouterr().err
    assert cli.main(command) == 1  # beside it
    assert (bucket / "photos_restored" / "2.jpg").exists()


def test_photos_and_results_may_lie_apart(bucket, tmp_path):
    command = ["restore", f"{bucket}/photos/0.jpg", "--mask", str(tmp_path / "masks/0_mask.png")]
    assert cli.main([*command, "--method", "telea", "-o", str(tmp_path / "here.png")]) == 0
    with Image.open(tmp_path / "here.png") as image:
        assert image.size == (50, 40)
    assert cli.main([*command, "--method", "telea", "-o", f"{bucket}/photos/0.jpg"]) == 2
    assert cli.main([*command, "--method", "telea", "-o", f"{bucket}/new/folder"]) == 0
    assert (bucket / "new" / "folder" / "0.jpg").exists()


def test_a_bucket_is_evaluated_as_a_folder(bucket, tmp_path, capsys):
    tables = []
    for place in (bucket, tmp_path):
        photos, masks = f"{place}/photos", f"{place}/masks"
        assert cli.main(["evaluate", photos, "--masks", masks, "--method", "telea"]) == 0
        tables.append([line.split("|")[1:8] for line in capsys.readouterr().out.splitlines()])
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nonsense://bucket/photos", "nonsense"),
        ("memory://bucket/gone", "no such file or folder"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_line(place, said, capsys):
    assert cli.main(["evaluate", place, "--method", "telea"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert place in line
    assert said in line


@pytest.mark.parametrize("method", ["open", "exists"])
def test_a_provider_that_fails_is_one_line(bucket, method, tmp_path, monkeypatch, capsys):
    def refuse(*args, **options):
        raise LookupError("no answer\nfrom there")  # theirs are of no kind that is known here

    here = ["restore", str(tmp_path / "photos/0.jpg"), "--mask", str(tmp_path / "masks/0_mask.png")]
    monkeypatch.setattr(MemoryFileSystem, method, refuse)
    for command in (
        [*here, "-o", f"{bucket}/out.jpg"],
        ["restore", f"{bucket}/photos/0.jpg", *here[2:], "-o", str(tmp_path / "out.jpg")],
        ["evaluate", f"{bucket}/photos"],
    ):
        try:
            code = cli.main([*command, "--method", "telea"])
        except SystemExit as stopped:
            code = stopped.code
        assert code
        assert "no answer from there" in capsys.readouterr().err.splitlines()[-1]


def test_a_photo_that_is_not_there_is_said_before_all_else(bucket, capsys):
    for place in (f"{bucket}/gone", f"{bucket}/gone.jpg"):
        assert cli.main(["restore", place, "--mask", f"{bucket}/masks"]) == 2
        assert f"{place}: no such file or folder" in capsys.readouterr().err


def test_a_package_that_is_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(PhotoError, match=r"pip install 'photomend\[buckets\]'"):
        as_place("s3://bucket/photos")


def test_a_report_is_written_here(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["evaluate", "photos", "-o", "s3://bucket/report"])
    assert stopped.value.code == 2
    assert "no folder on this machine" in capsys.readouterr().err
