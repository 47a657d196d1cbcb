"""Evaluating in the app: the job, what it keeps, and the page that shows it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import logging
import re
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from inpaint.errors import MethodError
from inpaint.evaluation import evaluate
from inpaint.inpainter import Inpainter
from inpaint.report import METRICS, Report, Row
from inpaint.ui.evaluate.job import Outcome, Progress, evaluate_photos
from inpaint.ui.evaluate.order import (
    EACH,
    MOST_PHOTOS,
    Order,
    OrderError,
    copy_samples,
    list_sizes,
)
from inpaint.ui.evaluate.page import show_outcome, show_progress
from inpaint.ui.evaluate.pictures import ERROR_LEVELS, error_colours, map_error
from inpaint.ui.evaluate.runs import Runs
from inpaint.ui.restore.jobs import StoppedError
from inpaint.ui.restore.session import ExpiredError
from inpaint.ui.settings import Settings
from inpaint.ui.state import State
from inpaint.ui.translations import LANGUAGES, say

METHODS = ["telea", "navier-stokes"]
OWNER = "ann"


@pytest.fixture
def state(tmp_path):
    state = State(Settings(device="cpu", models=tmp_path / "models", max_megapixels=0.05))
    yield state
    state.close()


@pytest.fixture
def photos(tmp_path, picture):
    paths = [tmp_path / f"{name}.png" for name in "ab"]
    for seed, path in enumerate(paths):
        Image.fromarray(picture(72, 96, seed)).save(path)
    return paths


def run(state, order, tell=lambda _: None):
    return evaluate_photos(state, order, OWNER, tell)


def speak(language="en"):
    request = SimpleNamespace(headers={"accept-language": language})
    return lambda key, **values: say(key, request, **values)


def stop_after(fills):
    def tell(progress):
        if progress.done >= fills:
            raise StoppedError("Stopped.")

    return tell


def read_archive(state, outcome):
    return zipfile.ZipFile(state.files.get(outcome.archive, OWNER))


# --- the job ------------------------------------------------------------------------------------


def test_it_measures_what_the_command_measures(state, photos):
    rows = run(state, Order(photos, METHODS, "thin", seed=5)).report.rows
    expected = evaluate(photos, "thin", METHODS, device="cpu", seed=5).rows
    assert [row.photo for row in rows] == ["a.png", "a.png", "b.png", "b.png"]
    for row, other in zip(rows, expected, strict=True):
        assert row.method == other.method
        for metric in set(METRICS) - {"seconds"}:
            assert getattr(row, metric) == pytest.approx(getattr(other, metric))


def test_holes_are_of_the_size_that_was_asked_for(state, photos):
    rows = run(state, Order(photos, ["telea"], size="20-30 %")).report.rows
    assert [row.bucket for row in rows] == ["20-30 %"] * 2
    rows = run(state, Order(photos[:1], ["telea"], "lama", size=EACH)).report.rows
    assert [row.bucket for row in rows] == list(list_sizes("lama"))
    assert len(rows) == 5


def test_a_kind_has_the_sizes_that_its_masks_have():
    assert list_sizes("scratches") == ("2-10 %",)
    assert "2-10 %" not in list_sizes("comodgan")


def test_photos_are_scaled_down_before_they_are_measured(state, photos):
    (row,) = run(state, Order(photos[:1], ["telea"], max_side=48)).report.rows
    assert (row.height, row.width) == (36, 48)


def test_a_photo_that_cannot_be_had_is_a_row_with_a_reason(state, photos, tmp_path, picture):
    (tmp_path / "letter.png").write_text("Dear")
    Image.fromarray(picture(300, 200)).save(tmp_path / "large.png")
    names = [tmp_path / "letter.png", tmp_path / "large.png", tmp_path / "gone.png", photos[0]]
    outcome = run(state, Order(names, METHODS))
    reasons = {row.photo: row.error for row in outcome.report.rows}
    assert "cannot be opened" in reasons["letter.png"]
    assert "0.05 megapixels" in reasons["large.png"]
    assert "add it again" in reasons["gone.png"]
    assert reasons["a.png"] is None
    assert str(tmp_path) not in json.dumps([row.error for row in outcome.report.rows])
    assert [kept.original is None for _, kept in outcome.photos] == [True, True, True, False]


def test_what_nobody_expected_is_logged_and_told_plainly(state, photos, monkeypatch, caplog):
    real = Inpainter.restore_array

    def fail(self, image, hole):
        if image.shape[0] == 72:
            raise RuntimeError("bad descriptor")
        return real(self, image, hole)

    monkeypatch.setattr(Inpainter, "restore_array", fail)
    with caplog.at_level(logging.ERROR):
        outcome = run(state, Order(photos, ["telea"]))
    assert {row.error for row in outcome.report.rows} == {
        "Something went wrong here. The app's own window tells more."
    }
    assert "bad descriptor" in caplog.text


def test_progress_counts_fills(state, photos):
    told = []
    run(state, Order(photos, METHODS), told.append)
    assert [progress.done for progress in told] == sorted(progress.done for progress in told)
    assert {(0, "a.png"), (1, "a.png"), (2, "b.png"), (3, "b.png"), (4, "b.png")} <= {
        (progress.done, progress.photo) for progress in told
    }
    assert {progress.total for progress in told} == {4}


def test_stopping_keeps_the_photos_that_are_done(state, photos):
    outcome = run(state, Order(photos, METHODS), stop_after(3))
    assert outcome.stopped
    assert [row.photo for row in outcome.report.rows] == ["a.png", "a.png"]
    pictures = [name for name in read_archive(state, outcome).namelist() if "pictures/" in name]
    assert pictures
    assert all("001_a" in name for name in pictures)
    with pytest.raises(StoppedError):
        run(state, Order(photos, METHODS), stop_after(1))
    assert len(state.line) == 0


def test_others_get_their_turn_between_two_photos(state, photos):
    happened, arrived, others = [], threading.Event(), []

    def take_a_turn():
        with state.line.turn(lambda _: arrived.set(), every=0.01):
            happened.append("other")

    def tell(progress):
        if not progress.ahead:
            happened.append(progress.photo)
        if progress.done == 1:
            others.append(threading.Thread(target=take_a_turn))
            others[0].start()
            assert arrived.wait(10)

    run(state, Order(photos, METHODS), tell)
    others[0].join()
    assert list(dict.fromkeys(happened)) == ["a.png", "other", "b.png"]


def test_names_are_told_apart_and_only_the_report_stays(state, tmp_path, photos):
    (tmp_path / "more").mkdir()
    twin = photos[0].rename(tmp_path / "more" / "b.png")
    outcome = run(state, Order([photos[1], twin], ["telea"]))
    assert [row.photo for row in outcome.report.rows] == ["b.png", "b (2).png"]
    folder = state.files.get(outcome.archive, OWNER).parent
    assert sorted(path.name for path in folder.iterdir()) == [
        "photomend_evaluation.zip",
        "pictures",
        "report.csv",
        "report.json",
    ]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"photos": []}, "evaluate_no_photos"),
        ({"photos": [Path("a.png")] * (MOST_PHOTOS + 1)}, "evaluate_too_many"),
        ({"methods": []}, "evaluate_no_methods"),
        ({"seed": -1}, "evaluate_bad_seed"),
        ({"seed": None}, "evaluate_bad_seed"),
        ({"seed": 0.5}, "evaluate_bad_seed"),
        ({"kind": "scratches", "size": "40-60 %"}, "evaluate_bad_size"),
        ({"size": "5 %"}, "evaluate_bad_size"),
    ],
)
def test_an_impossible_order_is_told_in_the_persons_language(state, change, key):
    order = Order(**{"photos": [Path("a.png")], "methods": METHODS, **change})
    with pytest.raises(OrderError) as refused:
        run(state, order)
    assert refused.value.key == key
    said = {speak(language)(key, **refused.value.values) for language in LANGUAGES}
    assert len(said) == 2


def test_a_model_is_known_by_its_name_alone(state, photos):
    with pytest.raises(MethodError):
        run(state, Order(photos, ["../weights/default.safetensors"]))


def test_there_are_samples_to_try_it_with(tmp_path):
    paths = copy_samples(tmp_path)
    assert len(paths) >= 3
    for path in paths:
        with Image.open(path) as sample:
            assert min(sample.size) >= 300


# --- pictures and the archive -------------------------------------------------------------------


def test_the_archive_holds_the_report_and_the_pictures(state, photos):
    outcome = run(state, Order(photos, METHODS, seed=3))
    archive = read_archive(state, outcome)
    report = json.loads(archive.read("report.json"))
    assert report["means"] == outcome.report.means()
    assert report["settings"]["seed"] == 3
    assert report["environment"]["device"] == "cpu"
    lines = list(csv.DictReader(io.StringIO(archive.read("report.csv").decode())))
    assert [line["photo"] for line in lines] == ["a.png", "a.png", "b.png", "b.png"]
    expected = {"original", "damaged", *(f"filled_{m}" for m in METHODS)}
    expected |= {f"error_{m}" for m in METHODS}
    for folder in ("001_a", "002_b"):
        found = {
            Path(name).stem for name in archive.namelist() if name.startswith(f"pictures/{folder}/")
        }
        assert found == expected


def test_pictures_are_what_they_say_and_their_owners(state, photos, picture):
    _, kept = run(state, Order(photos[:1], ["telea"])).photos[0]
    with Image.open(state.files.get(kept.original.file_id, OWNER)) as original:
        difference = np.abs(np.asarray(original, int) - picture(72, 96, 0))
        assert original.size == (kept.original.width, kept.original.height) == (96, 72)
    assert difference.mean() < 3
    with pytest.raises(ExpiredError):
        state.files.get(kept.by_method["telea"][0].file_id, "bob")


def test_the_error_map_goes_from_the_first_to_the_last_colour(picture):
    image = picture(8, 8)
    colours = error_colours(5)

    def colour_of(one, other):
        return "#" + bytes(map_error(one, other)[0, 0]).hex()

    assert colour_of(image, image) == colours[0]
    dark, light = np.zeros_like(image), np.full_like(image, ERROR_LEVELS)
    assert colour_of(dark, light) == colours[-1]
    half = np.full_like(image, ERROR_LEVELS // 2)
    assert colour_of(half, dark) == colours[2]
    brightness = [sum(bytes.fromhex(colour[1:])) for colour in error_colours(20)]
    assert brightness == sorted(brightness)
    assert map_error(dark, light, max_side=4).shape == (4, 4, 3)


# --- the page -----------------------------------------------------------------------------------


def outcome_of(rows):
    return Outcome(Order([Path("a.png")], METHODS), Report(tuple(rows)), (), "ID", False)


def row(method, photo="a.png", **values):
    figures = {"psnr": 20.0, "psnr_hole": 10.0, "ssim": 0.9, "lpips": 0.1, "seconds": 1.0}
    about = {"height": 8, "width": 9, "hole_ratio": 0.15, "l1": 0.1}
    return Row(method, photo, **{**about, **figures, **values})


def cells(page, method):
    """The table's cells of a method: text, and whether it is marked as the best."""
    line = re.search(rf'<th scope="row">{method}</th>(.*?)</tr>', page)[1]
    found = re.findall(r"<td[^>]*>(.*?)</td>", line)
    return [(re.sub(r"<span.*?</span>", "", cell), "best" in cell) for cell in found]


def test_the_best_of_each_figure_is_marked_in_words():
    rows = [row("net", lpips=0.05, seconds=2.0), row("telea", psnr=22.0, ssim=0.90001)]
    page = show_outcome(outcome_of(rows), speak())
    assert cells(page, "net") == [
        ("1", False),
        ("20.00", False),
        ("10.00", False),
        ("0.9000", False),
        ("0.0500", True),
        ("2.00", False),
    ]
    marks = [best for _, best in cells(page, "telea")]
    assert marks == [False, True, False, False, False, True]


def test_equal_pictures_and_missing_figures_are_shown():
    infinite = {"psnr": float("inf"), "psnr_hole": float("inf")}
    page = show_outcome(outcome_of([row("net", **infinite), row("telea", lpips=None)]), speak())
    assert cells(page, "net")[1] == ("∞", True)
    assert cells(page, "telea")[4] == ("–", False)


def test_charts_go_by_the_share_of_the_hole():
    rows = [row("net", hole_ratio=share) for share in (0.01, 0.05, 0.07, 0.35, 0.9)]
    page = show_outcome(outcome_of(rows), speak())
    told = re.search(r"<desc>(.*?)</desc>", page)[1]
    assert "1 → 0.1, 6 → 0.1, 35 → 0.1, 90 → 0.1" in told
    assert page.count("<polyline") == 2
    page = show_outcome(outcome_of(rows[1:3]), speak())
    assert "<polyline" not in page
    assert "of about one size" in page


def test_failures_are_told_once_a_photo_and_names_are_text():
    evil = "<img src=x onerror=alert(1)>${1}{{2}}.png"
    rows = [Row(method, evil, error="it is <b>broken</b>") for method in METHODS]
    page = show_outcome(outcome_of([*rows, row("telea")]), speak())
    assert page.count("onerror") == 1
    assert "<img" not in page
    assert "<b>broken" not in page
    assert not set("{}") & set(page)
    assert "telea, navier-stokes" in page
    assert cells(page, "telea")[0] == ("1 / 2", False)
    status = show_progress(Progress(1, 4, evil), speak())
    assert "<img" not in status
    assert 'value="1"' in status


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_every_photo_with_its_pictures(state, photos, language):
    outcome = run(state, Order(photos, METHODS))
    page = show_outcome(outcome, speak(language))
    for _, kept in outcome.photos:
        pairs = [one for pair in kept.by_method.values() for one in pair]
        for picture in (kept.original, kept.damaged, *pairs):
            assert f'src="api/files/{picture.file_id}"' in page
    assert f'href="api/files/{outcome.archive}" download' in page
    assert page.count("<img") == page.count('alt="') == 12


# --- runs ---------------------------------------------------------------------------------------


def follow(runs, order, on_event=lambda _: None):
    async def collect():
        events = []
        async for event in runs.follow(order, OWNER, "page"):
            events.append(event)
            on_event(event)
        return events

    return asyncio.run(collect())


def test_a_run_ends_with_its_outcome_which_its_owner_finds_again(state, photos):
    runs = Runs(state)
    *progress, outcome = follow(runs, Order(photos, ["telea"]))
    assert progress
    assert all(isinstance(event, Progress) for event in progress)
    assert len(outcome.report.rows) == 2
    assert runs.find_last(OWNER) is outcome
    assert runs.find_last("bob") is None
    state.files.close()
    assert runs.find_last(OWNER) is None


def test_a_run_can_be_stopped(state, photos):
    runs = Runs(state)

    def stop(event):
        if isinstance(event, Progress) and event.done == 1:
            assert not runs.stop("bob", "page")
            assert runs.stop(OWNER, "page")

    *_, outcome = follow(runs, Order(photos * 12, ["telea"]), stop)
    assert outcome.stopped
    assert 0 < len(outcome.report.rows) < 24
    assert not runs.stop(OWNER, "page")
    with pytest.raises(OrderError):
        follow(runs, Order([], ["telea"]))


def test_a_page_that_is_left_stops_its_run_and_the_photos_done_are_kept(state, photos):
    runs = Runs(state)

    async def leave():
        events = runs.follow(Order(photos * 12, ["telea"]), OWNER, "page")
        async for event in events:
            if event.done == 2:
                break
        await events.aclose()
        while (outcome := runs.find_last(OWNER)) is None:
            await asyncio.sleep(0.01)
        return outcome

    outcome = asyncio.run(asyncio.wait_for(leave(), 20))
    assert outcome.stopped
    assert 2 <= len(outcome.report.rows) < 24


# --- the tab ------------------------------------------------------------------------------------


def test_samples_are_evaluated_on_a_phone(phone, address):
    phone.get_by_role("tab", name="Evaluate").click()
    button = phone.get_by_role("button", name="Evaluate", exact=True)
    button.click()
    phone.get_by_text("Add photos first").wait_for()
    phone.get_by_role("button", name="Take sample photos").click()
    phone.get_by_text("rocket", exact=True).wait_for()
    assert phone.get_by_label("default").is_checked()
    phone.get_by_label("default").uncheck()
    size = phone.get_by_label("Size of the hole")
    size.click()
    phone.get_by_role("option", name="40-60 %").click()
    phone.get_by_label("Kind of hole").click()
    phone.get_by_role("option", name="Scratches").click()
    button.click()
    phone.get_by_text("Holes of this kind have other sizes: 2-10 %.").wait_for()
    size.click()
    phone.get_by_role("option", name="2-10 %").click()
    button.click()
    phone.get_by_role("heading", name="Results").wait_for()
    table = phone.get_by_role("table", name="Mean over all holes")
    assert table.get_by_role("row").nth(1).inner_text().split()[:2] == ["telea", "4"]
    picture = phone.get_by_alt_text("astronaut.png: telea")
    picture.scroll_into_view_if_needed()
    phone.wait_for_function("image => image.naturalWidth === 512", arg=picture.element_handle())
    with phone.expect_download() as downloading:
        phone.get_by_role("link", name="Download the report").click()
    assert "report.json" in zipfile.ZipFile(downloading.value.path()).namelist()
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    assert phone.wrong == []
    assert [url for url in phone.asked if not url.startswith((address, "blob:", "data:"))] == []
    phone.reload()
    phone.get_by_role("tab", name="Evaluate").click()
    phone.get_by_role("heading", name="Results").wait_for()
