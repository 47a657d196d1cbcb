"""Training photos: what is found, what is skipped and why, and which crops are served."""

from __future__ import annotations

import dataclasses
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.errors import TrainingError
from train.photos import PhotosInMemory, PhotosOnDisk, check_photos, decode, split

CPU = torch.device("cpu")


@pytest.fixture
def tar(photos, tmp_path):
    path = tmp_path / "photos.tar"
    with tarfile.open(path, "w") as archive:
        for photo in sorted(photos.iterdir()):
            archive.add(photo, photo.name)
    return path


def test_a_tar_holds_the_same_photos_as_its_folder(photos, tar):
    folder, archive = check_photos([photos]).photos, check_photos([tar]).photos
    assert [p.name for p in folder] == [p.name for p in archive]
    for one, other in zip(folder, archive):
        assert np.array_equal(decode(one, 48), decode(other, 48))


def test_the_check_says_what_was_skipped_and_why(photos, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"not a photo")
    Image.new("RGB", (20, 200)).save(tmp_path / "slim.png")
    (tmp_path / "notes.txt").write_text("no picture at all")
    check = check_photos([photos, tmp_path])
    assert len(check.photos) == 12
    reasons = dict(check.skipped)
    assert "not a readable picture" in reasons["broken.jpg"]
    assert "20 x 200 is smaller than 64" in reasons["slim.png"]
    assert "12 photos" in str(check)
    assert "2 skipped" in str(check)


@pytest.mark.parametrize("name", ["absent", "empty", "file.zip"])
def test_nothing_to_train_on_is_an_error(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.zip").write_bytes(b"PK")
    with pytest.raises(TrainingError, match=name):
        check_photos([tmp_path / name])


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (120, 80)).save(tmp_path / "turned.jpg", exif=exif)
    (photo,) = check_photos([tmp_path]).photos
    assert decode(photo, 80).shape == (120, 80, 3)


def test_split_is_always_the_same_and_takes_a_fifth_at_most(photos):
    found = check_photos([photos]).photos
    training, validation = split(found, 100)
    order = np.random.default_rng([0, 1]).permutation(len(found))  # as runs before were split
    assert validation + training == [found[i] for i in order]
    assert len(validation) == 2
    assert sorted(p.name for p in training + validation) == [p.name for p in found]


@pytest.fixture(params=[PhotosInMemory, PhotosOnDisk])
def store(request, photos, tiny):
    data = dataclasses.replace(tiny.data, workers=0)
    found = check_photos([photos]).photos

    def make(**options):
        return request.param(found, data, batch=6, seed=5, device=CPU, **options)

    return make


def test_crops_have_the_size_and_are_pictures(store, tiny):
    batch = store().batch(0)
    assert batch.shape == (6, 3, tiny.data.size, tiny.data.size)
    assert batch.dtype == torch.uint8
    assert batch.float().std() > 10


def test_the_step_alone_decides_the_crops(store):
    one, other = store(), store()
    later = other.batch(7)
    assert not torch.equal(one.batch(0), one.batch(1))
    assert torch.equal(one.batch(7), later)


def test_two_processes_share_one_batch(store):
    whole = store().batch(3)
    parts = [store(part=part).batch(3) for part in (slice(0, 3), slice(3, 6))]
    assert torch.equal(whole, torch.cat(parts))


def test_crops_are_cut_from_the_photos(tmp_path, tiny):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (64, 96, 3)).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "one.png")
    data = dataclasses.replace(tiny.data, window=(1.0, 1.0), photo_side=64, flip=False)
    found = check_photos([tmp_path]).photos
    for crop in PhotosInMemory(found, data, batch=4, seed=0, device=CPU).batch(0):
        windows = np.lib.stride_tricks.sliding_window_view(picture, (32, 32, 3))[..., 0, :, :, :]
        assert (windows == crop.permute(1, 2, 0).numpy()).all((2, 3, 4)).any()


def test_damaged_photos_are_left_out_and_named(photos, tmp_path, tiny):
    whole = (photos / "00.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    found = check_photos([photos, tmp_path]).photos
    store = PhotosInMemory(found, tiny.data, batch=2, seed=0, device=CPU)
    assert store.damaged == ["half.png"]
    on_disk = PhotosOnDisk(
        found, dataclasses.replace(tiny.data, workers=0), batch=30, seed=0, device=CPU
    )
    assert len(on_disk.batch(0)) == 30
