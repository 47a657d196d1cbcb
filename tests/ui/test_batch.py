"""A batch: many photos, none's trouble another's; what the table and the files say of it."""

from __future__ import annotations

import asyncio
import io
import threading
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from inpaint.errors import InpaintError
from inpaint.restore_files import FileOptions, restore_file
from inpaint.ui.access.security import OWNER_COOKIE
from inpaint.ui.batch import job as batches
from inpaint.ui.batch.files import Upload, move_as_new, unpack_uploads
from inpaint.ui.batch.job import Batch, Order
from inpaint.ui.batch.view import describe
from inpaint.ui.settings import Settings
from inpaint.ui.state import State
from inpaint.ui.translations import read_words

OWNER = "a" * 43
LOCAL = {"host": "127.0.0.1:7860"}


def say(key, **values):
    return " ".join([key, *(f"{name}={value}" for name, value in values.items())])


def say_in_english(key, **values):
    return read_words()["en"][key].format(**values)


@pytest.fixture
def state():
    state = State(Settings(device="cpu"))
    yield state
    state.close()


@pytest.fixture
def upload(tmp_path):
    """upload(name, bytes) -> an Upload, as Gradio keeps them: each in a folder of its own."""

    def upload(name, data):
        folder = tmp_path / "uploads" / str(sum(1 for _ in tmp_path.rglob("*")))
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(data)
        return Upload(folder / "file", name)

    return upload


@pytest.fixture
def photo(upload, picture, encode):
    """photo(name) -> an Upload of a picture of 40 x 60 in the format that the name says."""

    def photo(name, seed=0, **options):
        kind = {"jpg": "JPEG", "tif": "TIFF"}.get(name[-3:], name.rpartition(".")[2].upper())
        return upload(name, encode(picture(40, 60, seed), kind, **options))

    return photo


@pytest.fixture
def mask(upload, hole, encode):
    """mask(name, height=40, width=60) -> an Upload of a mask."""

    def mask(name="mask.png", height=40, width=60):
        return upload(name, encode(hole(height, width)))

    return mask


@pytest.fixture
def zipped(upload):
    """zipped(name, uploads) -> an Upload of a zip of them, below a folder."""

    def zipped(name, uploads):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for one in uploads:
                archive.writestr(f"trip/{one.name}", one.path.read_bytes())
        return upload(name, buffer.getvalue())

    return zipped


@pytest.fixture
def run(state):
    """run(photos, masks, **rest of the Order) -> the ended Batch."""

    def run(photos, masks, model="telea", **rest):
        batch = Batch(state, OWNER, Order(photos, masks, model, **rest), say)
        batch.run()
        assert batch.ended
        return batch

    return run


def states(batch):
    return {row.name: row.state for row in batch.rows}


def take(state, file_id):
    return state.files.get(file_id, OWNER)


def test_one_mask_serves_all_and_every_file_keeps_its_format(run, state, photo, mask, hole):
    exif = Image.Exif()
    exif[0x010F] = "photomend"
    photos = [photo("beach.jpg", exif=exif), photo("Käthe & Co.PNG"), photo("scan.tif")]
    batch = run(photos, [mask()])
    assert states(batch) == dict.fromkeys(["beach.jpg", "Käthe & Co.PNG", "scan.tif"], "done")
    results = [take(state, row.ids["file"]) for row in batch.rows]
    assert [path.name for path in results] == [
        "beach_restored.jpg",
        "Käthe & Co_restored.PNG",
        "scan_restored.tif",
    ]
    with Image.open(results[0]) as restored:
        assert (restored.format, restored.getexif()[0x010F]) == ("JPEG", "photomend")
    before, after = pixels(photos[1].path), pixels(results[1])
    assert np.array_equal(after[~hole(40, 60)], before[~hole(40, 60)])
    assert not np.array_equal(after, before)
    for kind in ("before", "after"):
        assert pixels(take(state, batch.rows[0].ids[kind])).shape == (40, 60, 3)


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def zip_names(state, batch):
    path = take(state, batch.zip[0])
    assert path.stat().st_size == batch.zip[1]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_bad_files_are_told_and_stop_nobody(run, state, upload, photo, mask):
    photos = [
        upload("letter.jpg", b"Dear"),
        photo("good.png"),
        upload("half.jpg", photo("whole.jpg").path.read_bytes()[:900]),
        upload("broken.zip", b"PK\3\4 no zip"),
        Upload(photo("gone.png").path.with_name("nothing"), "gone.png"),
    ]
    batch = run(photos, [mask()])
    assert batch.error == ""
    assert states(batch) == {
        "letter.jpg": "failed",
        "good.png": "done",
        "half.jpg": "failed",
        "broken.zip": "failed",
        "gone.png": "failed",
    }
    for row in batch.rows:
        said = " ".join(row.notes)
        assert (said != "") == (row.state == "failed")
        assert "/" not in said, "no path of this machine reaches the page"
    assert zip_names(state, batch) == ["good_restored.png"]


def test_masks_pair_by_name_out_of_zips_too(run, photo, mask, zipped):
    photos = [photo("a.jpg"), photo("b.png"), photo("c.png"), photo("d.png")]
    masks = [mask("a.png"), mask("b_mask.png"), mask("d.png"), mask("d.png", 20, 20)]
    batch = run([zipped("photos.zip", photos)], [masks[0], zipped("m.zip", masks[1:2]), *masks[2:]])
    assert states(batch) == {"a.jpg": "done", "b.png": "done", "c.png": "failed", "d.png": "failed"}
    notes = {row.name: " ".join(row.notes) for row in batch.rows}
    assert "no mask for it" in notes["c.png"]
    assert "two of the masks are named d" in notes["d.png"]


def test_a_mask_of_another_size_says_both_sizes(run, photo, mask):
    (row,) = run([photo("a.png")], [mask("m.png", 30, 30)]).rows
    assert row.state == "failed"
    assert "60 x 40" in row.notes[0]
    assert "30 x 30" in row.notes[0]


def test_files_of_one_name_all_survive(run, state, photo, mask, zipped):
    photos = [photo("a.png", 1), photo("a.png", 2), photo("A.PNG", 3)]
    batch = run([*photos, zipped("more.zip", [photo("a.png", 4)])], [mask()])
    names = zip_names(state, batch)
    assert len({name.casefold() for name in names}) == len(names) == 4
    restored = {row.result.read_bytes() for row in batch.rows}
    assert len(restored) == 4


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "C:\\evil.png", "evil.png\0"])
def test_a_name_is_no_path(run, photo, mask, name):
    (row,) = run([Upload(photo("x.png").path, name)], [mask()]).rows
    assert (row.name, row.result.name) == ("evil.png", "evil_restored.png")


def test_long_names_fit_every_disk(run, photo, mask):
    (row,) = run([Upload(photo("x.png").path, "海" * 119 + ".png")], [mask()]).rows
    assert row.state == "done"
    assert len(row.result.name.encode()) < 250


def test_nothing_in_an_output_folder_is_replaced(run, tmp_path, photo, mask):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a_restored.png").write_text("mine")
    batch = run([photo("a.png"), photo("b.png")], [mask()], folder=folder)
    assert (folder / "a_restored.png").read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir()) == [
        "a_restored (2).png",
        "a_restored.png",
        "b_restored.png",
    ]
    assert batch.zip is None
    assert describe(batch, say)["hint"] == f"batch_written folder={folder}"


def test_a_result_that_cannot_be_written_leaves_nothing_half(tmp_path, monkeypatch):
    source = tmp_path / "a.png"
    source.write_bytes(b"picture")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inpaint.ui.batch.files.write_whole", full)
    (tmp_path / "out").mkdir()
    with pytest.raises(OSError, match="No space"):
        move_as_new(source, tmp_path / "out", set())
    assert list((tmp_path / "out").iterdir()) == []
    assert source.exists()


def test_what_cannot_begin_says_why(run, photo, mask, upload, monkeypatch):
    assert run([], [mask()]).error == "batch_no_photos"
    assert run([photo("a.png")], []).error == "batch_no_mask"
    assert "../x" in run([photo("a.png")], [mask()], model="../x").error
    broken = run([photo("a.png")], [upload("mask.png", b"Dear")])
    assert broken.error.endswith("mask.png: not a picture of a kind that can be read")
    monkeypatch.setattr(batches, "MAX_PHOTOS", 2)
    many = run([photo(f"{i}.png") for i in range(3)], [mask()])
    assert many.error == "batch_many_photos count=3 most=2"
    monkeypatch.setattr(batches, "MAX_BYTES", 100)
    assert run([photo("a.png")], [mask()]).error.startswith("batch_large")


def test_zips_share_one_limit(photo, zipped, tmp_path):
    zips = [zipped(f"{i}.zip", [photo("a.png"), photo("b.png")]) for i in range(3)]
    arrived = list(unpack_uploads([photo("c.png"), *zips], tmp_path / "in", 4, 1 << 20))
    assert [one.name for one in arrived if one.path] == ["c.png", "a.png", "b.png"]
    assert [one.name for one in arrived if one.error] == ["1.zip", "2.zip"]
    size = photo("a.png").path.stat().st_size
    arrived = list(unpack_uploads(zips, tmp_path / "again", 99, 3 * size))
    assert [bool(one.error) for one in arrived] == [False, False, True, True]


def test_too_many_pixels_are_refused(run, photo, mask):
    (row,) = run([photo("a.png")], [mask()], options=FileOptions(max_pixels=1000)).rows
    assert row.state == "failed"
    assert "pixels" in row.notes[0]


def test_a_stopped_batch_keeps_what_is_done(state, photo, mask, monkeypatch):
    photos = [photo(f"{i}.png") for i in range(3)]
    batch = Batch(state, OWNER, Order(photos, [mask()], "telea"), say)

    def restore_and_stop(*arguments):
        batch.stop()
        return restore_file(*arguments)

    monkeypatch.setattr(batches, "restore_file", restore_and_stop)
    batch.run()
    assert states(batch) == {"0.png": "done", "1.png": "left", "2.png": "left"}
    assert zip_names(state, batch) == ["0_restored.png"]
    assert describe(batch, say)["status"] == "batch_stopped done=1 total=3"


def test_a_batch_waits_in_the_line_and_can_be_stopped_there(state, photo, mask):
    batch = Batch(state, OWNER, Order([photo("a.png")], [mask()], "telea"), say)
    worker = threading.Thread(target=batch.run)
    with state.line.turn():  # somebody else computes
        worker.start()
        while batch.ahead != 1:
            assert worker.is_alive()
        assert "batch_ahead ahead=1" in describe(batch, say)["status"]
        batch.stop()
        worker.join(timeout=10)
    assert states(batch) == {"a.png": "left"}
    assert batch.zip is None


def test_every_word_of_the_batch_is_there(run, photo, mask, upload):
    """With the real words: a key or a value that is missing raises."""
    told = describe(run([photo("a.png"), upload("b.png", b"Dear")], [mask()]), say_in_english)
    assert told["status"] == "Restored 1 of 2 · 1 failed"
    assert [row["label"] for row in told["rows"]] == ["Done", "Failed"]
    assert told["zip"]["label"] == "Download all (zip, 0.1 MB)"
    assert not told["running"]


# ---------------------------------------------------------------- the tab


@pytest.fixture
def press(state):
    """press(*form, owner=OWNER) -> what the page is told once Start is pressed; within a loop."""
    import gradio as gr

    from inpaint.ui.batch.tab import add_batch_tab

    def press(*form, owner=OWNER):
        cookies = {OWNER_COOKIE: owner} if owner else {}
        request = SimpleNamespace(cookies=cookies, headers=LOCAL, session_hash="page")
        with gr.Blocks() as blocks:
            add_batch_tab(state)
        (run,) = [one.fn for one in blocks.fns.values() if one.name == "run"]
        return run(*form, request)

    return press


@pytest.fixture
def order(press):
    """order(*form, owner=OWNER) -> all that the page is told, from Start to the end."""

    def order(*form, **who):
        async def follow():
            return [told async for told, *_ in press(*form, **who)]

        return asyncio.run(follow())

    return order


def test_start_tells_how_far_it_is_until_all_is_done(order, sent):
    form = [[sent("a.png")], [sent("m.png", mask=True)], "telea", 2, 1.5, False, False, ""]
    first, *_, last = order(*form)
    assert first["running"]
    assert last["status"] == "Restored 1 of 1"
    assert [row["state"] for row in last["rows"]] == ["done"]


@pytest.fixture
def sent(tmp_path, monkeypatch, picture, hole, encode):
    """sent(name, mask=False) -> what a page sends of a file that Gradio has in its folder."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))

    def sent(name, mask=False):
        path = tmp_path / "gradio" / "hash" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(hole(40, 60) if mask else picture(40, 60)))
        return {"path": str(path), "orig_name": name}

    return sent


def test_a_page_that_leaves_ends_its_batch(press, sent, state):
    form = [[sent("a.png")], [sent("m.png", mask=True)], "telea", 0, 0, False, False, ""]

    async def leave():
        told = press(*form)
        with state.line.turn():  # somebody else computes
            await anext(told)
            while len(state.line) < 2:
                await asyncio.sleep(0.01)
            await told.aclose()
            while len(state.line) > 1:
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(leave(), 20))


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.png", ".", "", None])
def test_only_uploaded_files_are_taken(order, sent, path, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    forged = {"path": path and str(tmp_path / "gradio" / path), "orig_name": "a.png"}
    masks = [sent("m.png", mask=True)]
    (told,) = order([forged], masks, "telea", 0, 0, False, False, "")
    assert told == {"error": "Only files that were uploaded here can be used."}


def test_whoever_has_no_cookie_gets_nothing(order, sent):
    (told,) = order([sent("a.png")], [sent("m.png")], "telea", 0, 0, False, False, "", owner=None)
    assert "cookies" in told["error"]


def test_what_makes_no_sense_is_left_out(order, sent):
    masks = [sent("m.png", mask=True)]
    *_, last = order([sent("a.png")], masks, "telea", float("nan"), [], "yes", None, None)
    assert last["status"] == "Restored 1 of 1"


def test_a_folder_is_only_for_who_sits_at_the_computer(tmp_path):
    from inpaint.ui.batch.tab import read_folder

    here = Settings()
    assert read_folder(str(tmp_path), here, LOCAL, say) == tmp_path
    assert read_folder("  ", here, LOCAL, say) is None
    for settings in (
        Settings(host="0.0.0.0"),
        Settings(auth=("ann", "secret")),
        Settings(root_path="/photomend"),
    ):
        with pytest.raises(InpaintError, match="batch_not_here"):
            read_folder(str(tmp_path), settings, LOCAL, say)
    with pytest.raises(InpaintError, match="batch_not_here"):
        read_folder(str(tmp_path), here, {**LOCAL, "x-forwarded-for": "192.0.2.1"}, say)
    for folder in ("restored", str(tmp_path / "nothing"), "/etc/hostname"):
        with pytest.raises(InpaintError, match="batch_no_folder"):
            read_folder(folder, here, LOCAL, say)
