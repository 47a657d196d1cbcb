"""The store of open photos: whose they are, when they leave."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint.photo import Photo
from inpaint.ui.restore.session import MOST_PHOTOS, MOST_RESULTS, ExpiredError, PhotoStore, Result

OWNER, OTHER = "a" * 43, "b" * 43


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def keep(store, owner=OWNER, size=100):
    decoded = Photo.read(np.zeros((2, 3), np.uint8))  # held as RGB: 18 bytes
    return store.add(owner, "a.png", bytes(size - 18), decoded, b"", (3, 2))


def test_an_id_is_unguessable_and_only_its_owner_gets_the_photo():
    store = PhotoStore()
    first, second = keep(store), keep(store)
    assert first.id != second.id
    assert len(first.id) >= 24
    assert store.get(first.id, OWNER) is first
    for photo_id, owner in [
        (first.id, OTHER),
        (first.id, None),
        (first.id, ""),
        ("x", OWNER),
        (None, OWNER),
        ({"id": 1}, OWNER),
        ("/etc/passwd", OWNER),
    ]:
        with pytest.raises(ExpiredError, match="open it again"):
            store.get(photo_id, owner)


def test_a_photo_expires_when_nobody_uses_it():
    clock = Clock()
    store = PhotoStore(time_to_live=60, clock=clock)
    used, idle = keep(store), keep(store)
    clock.now = 50
    store.get(used.id, OWNER)
    clock.now = 100
    with pytest.raises(ExpiredError):
        store.get(idle.id, OWNER)
    assert store.get(used.id, OWNER) is used
    clock.now = 200
    store.sweep()
    assert len(store) == 0


def test_the_budget_pushes_out_what_was_used_longest_ago():
    clock = Clock()
    store = PhotoStore(budget=250, clock=clock)
    first = keep(store)
    clock.now = 1
    second = keep(store)
    clock.now = 2
    store.get(first.id, OWNER)
    third = keep(store)
    with pytest.raises(ExpiredError):
        store.get(second.id, OWNER)
    assert store.get(first.id, OWNER) is first
    assert store.get(third.id, OWNER) is third
    assert store.nbytes == 200


def test_whoever_holds_most_loses_first():
    clock = Clock()
    store = PhotoStore(budget=350, clock=clock)
    modest = keep(store, OTHER)
    for clock.now in (1.0, 2.0, 3.0):
        keep(store)
    assert store.get(modest.id, OTHER) is modest
    assert store.nbytes == 300


def test_a_photo_beyond_the_budget_stays_while_it_is_alone():
    store = PhotoStore(budget=50)
    photo = keep(store)
    assert store.get(photo.id, OWNER) is photo


def test_one_owner_has_so_many_photos():
    clock = Clock()
    store = PhotoStore(clock=clock)
    other = keep(store, OTHER)
    photos = []
    for clock.now in range(MOST_PHOTOS + 1):
        photos.append(keep(store))
    with pytest.raises(ExpiredError):
        store.get(photos[0].id, OWNER)
    assert store.get(photos[1].id, OWNER) is photos[1]
    assert store.get(other.id, OTHER) is other


def test_dropping_stops_the_job_and_needs_the_owner():
    store = PhotoStore()
    photo = keep(store)
    photo.revision = "r"
    with pytest.raises(ExpiredError):
        store.drop(photo.id, OTHER)
    store.drop(photo.id, OWNER)
    assert photo.stopped == "r"
    assert len(store) == 0


def make_result(name, parent=None):
    return Result(name, parent, "telea", 0.1, Photo.read(np.zeros((2, 3), np.uint8)), bytes(10))


def test_results_are_found_by_id_and_the_oldest_leave():
    photo = keep(PhotoStore())
    assert photo.find(None) is None
    for number in range(MOST_RESULTS + 1):
        photo.keep(make_result(str(number), parent=str(number - 1) if number else None))
    assert photo.find("1").id == "1"
    assert len(photo.results) == MOST_RESULTS
    for unknown in ("0", "x", ["1"]):
        with pytest.raises(ExpiredError):
            photo.find(unknown)
    assert photo.nbytes == 100 + 10 * MOST_RESULTS
