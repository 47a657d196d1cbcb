"""Files that go through Gradio: whose they are, where they lie, when they leave."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from inpaint.ui.access import uploads
from inpaint.ui.access.uploads import TIME_TO_LIVE, Uploads, own_folder
from inpaint.ui.folders import make_folder, touch

OWNERS = [letter * 43 for letter in "abc"]
UPLOAD = "/gradio_api/upload"


@pytest.fixture(scope="module")
def app(make_app):
    return make_app()


@pytest.fixture
def visitors(app):
    """Two people with a cookie, and a program without."""
    with TestClient(app, "http://localhost") as first:
        first.cookies.set("photomend_owner", OWNERS[0])
        second = TestClient(app, "http://localhost", cookies={"photomend_owner": OWNERS[1]})
        yield first, second, TestClient(app, "http://localhost")


def send(client, data=b"a letter", name="letter.txt"):
    answer = client.post(UPLOAD, files={"files": (name, data)})
    assert answer.status_code == 200, answer.text
    return answer.json()[0]


def fetch(client, path):
    answer = client.get(f"/gradio_api/file={path}")
    assert answer.status_code in (200, 404), answer.status_code
    return answer.content if answer.status_code == 200 else None


def test_an_upload_is_its_owners_only(visitors):
    first, second, program = visitors
    path = send(first, b"first's")
    assert fetch(first, path) == b"first's"
    folder, name = os.path.split(path)
    for other in (path, f"{folder}/../{os.path.basename(folder)}/{name}", f"{folder}//{name}"):
        assert fetch(second, other) is None
        assert fetch(program, other) is None
    assert second.head(f"/gradio_api/file={path}").status_code == 404


def test_nobody_has_the_app_read_anothers_upload(visitors):
    first, second, program = visitors
    order = {"data": [{"path": send(first, b"not yours")}], "session_hash": "s", "fn_index": 0}
    for other in (second, program):
        assert other.post("/gradio_api/queue/join", json=order).status_code == 403


def test_who_uploads_the_same_has_it_too(visitors):
    first, second, program = visitors
    assert send(first, b"both") == send(second, b"both")
    assert fetch(first, send(first, b"both")) == fetch(second, send(first, b"both")) == b"both"
    assert fetch(program, send(first, b"both")) is None


def test_what_a_program_uploads_is_at_a_path_that_cannot_be_guessed(visitors):
    _, _, program = visitors
    path = send(program, b"a program's")
    assert fetch(program, path) == b"a program's"
    assert len(Path(path).parent.name) == 64


def test_uploads_lie_in_a_folder_that_other_users_cannot_open(visitors):
    path = Path(send(visitors[0]))
    assert path.is_relative_to(own_folder())
    assert stat.S_IMODE(own_folder().stat().st_mode) == 0o700


def test_an_upload_that_would_fill_the_disk_is_refused(visitors, monkeypatch):
    monkeypatch.setattr(uploads, "KEEP_FREE", 1 << 60)
    answer = visitors[0].post(UPLOAD, files={"files": ("a.txt", b"a")})
    assert (answer.status_code, answer.text) == (507, "The app's disk has no room for this upload.")
    assert visitors[0].post(UPLOAD, content=iter([b"a"])).status_code == 411


def test_uploads_are_deleted_after_their_time_and_when_the_app_ends(app, visitors):
    from gradio.route_utils import delete_files_created_by_app

    blocks = app.routes[-1].app.get_blocks()
    every, age = blocks.delete_cache
    assert (every, age) == (600, TIME_TO_LIVE)
    first, *_ = visitors
    path = send(first, b"for an hour")
    delete_files_created_by_app(blocks, age)
    assert fetch(first, path) == b"for an hour"
    delete_files_created_by_app(blocks, age=0)
    assert not Path(path).exists()
    left = Path(send(first, b"until the end"))
    first.__exit__()
    assert not left.exists()
    assert not own_folder().exists()


def test_what_broke_off_and_empty_folders_leave_too(tmp_path):
    now = time.time()
    kept, left, part = tmp_path / "ab12", tmp_path / "cd34", tmp_path / "tmp1"
    for folder in (kept, left):
        folder.mkdir()
    (kept / "a.png").write_bytes(b"a")
    part.write_bytes(b"half")
    uploads = Uploads(tmp_path.resolve(), clock=lambda: now + age)
    for folder in (kept, left):
        uploads.note(OWNERS[0], str(folder / "a.png"))
    age = TIME_TO_LIVE - 60
    uploads.sweep()
    assert left.exists()
    assert part.exists()
    age = TIME_TO_LIVE + 60
    uploads.sweep()
    assert os.listdir(tmp_path) == ["ab12"]
    assert not uploads.may_have(OWNERS[1], str(kept / "A.png"))
    assert uploads.may_have(OWNERS[1], str(left / "a.png"))


def test_what_a_killed_app_left_is_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    running, killed, fresh = (make_folder("uploads") for _ in range(3))
    other = make_folder("files")
    for folder in (running, killed, other):
        (folder / "photo.png").write_bytes(b"a")
        os.utime(folder, (0, 0))
    touch(running)
    new = make_folder("uploads")
    assert set(tmp_path.iterdir()) == {running, fresh, other, new}
    assert stat.S_IMODE(new.stat().st_mode) == 0o700
