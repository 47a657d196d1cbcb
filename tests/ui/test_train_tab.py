"""The Train tab: what its form takes, what it shows to whom, and one walk through it."""

from __future__ import annotations

import json
import sys
import zipfile
from types import SimpleNamespace

import pytest
from PIL import Image

from inpaint.ui.access.security import OWNER_COOKIE
from inpaint.ui.settings import Settings
from inpaint.ui.state import State
from inpaint.ui.train.form import may_manage, read_order
from inpaint.ui.train.page import show_facts, show_progress
from inpaint.ui.train.processes import start_process
from inpaint.ui.train.runs import Order, RunFolder, Status, hash_owner
from inpaint.ui.train.training import RefusedError, Run
from inpaint.ui.train.watch import SHOWN, look
from inpaint.ui.translations import read_words, say
from train.preset import list_presets, load_preset

ANN, BOB = "a" * 43, "b" * 43
OPEN = Settings(host="0.0.0.0")


def ask(owner=ANN, **headers):
    """A visitor's request, as far as the tab looks at it."""
    return SimpleNamespace(cookies={OWNER_COOKIE: owner} if owner else {}, headers=headers)


def order_of(request=None, settings=None, **values):
    form = {
        **{"name": "mine", "preset": "small", "folder": "", "samples": 0, "batch": 0, "size": 0},
        **{"own_features": True},
    }
    return read_order(
        *{**form, **values}.values(), settings or Settings(), ask() if request is None else request
    )


@pytest.fixture
def state(tmp_path):
    state = State(Settings(models=tmp_path / "models", device="cpu"))
    yield state
    state.close()


@pytest.fixture
def make_run(state):
    """make_run(name) -> a run folder as a training leaves it."""

    def make(name, phase="stopped"):
        path = state.trainings.folder / name
        (path / "samples").mkdir(parents=True)
        Order(name, "small", owner=hash_owner(ANN)).write(path)
        status = {"phase": phase, "samples": 1200, "total": 6000, "samples_per_second": 2.5}
        photos = {"photos": 60, "left_out": 1, "reasons": [["<b>{x}.jpg", "too small"]]}
        (path / "status.json").write_text(json.dumps(status | photos))
        rows = "".join(f"{n},train,total,{1 / n}\n" for n in (400, 800, 1200))
        (path / "log.csv").write_text(f"samples,group,name,value\n{rows}")
        Image.new("RGB", (30, 60)).save(path / "samples" / "0000001200.webp")
        (path / "weights.safetensors").write_bytes(b"")
        return path

    return make


@pytest.fixture
def sleeper(make_run):
    """A run whose process does nothing, and may be stopped."""
    path = make_run("sleeper", "training")
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = start_process(command, cwd=path, lock=path / "lock", output=path / "output.log")
    yield process
    process.kill()
    process.wait()


def test_without_runs_there_is_nothing_to_watch(state):
    updates = look(state, None, {}, ask())
    assert updates["panel"].visible is False
    assert updates["timer"].active is False


def test_every_page_sees_the_run_that_trains_before_all_others(state, sleeper, make_run):
    make_run("newer")
    for name in (None, "gone", ["unhashable"]):
        updates = look(state, name, {}, ask())
        assert set(updates) == set(SHOWN)
        assert updates["chosen"].value == "sleeper"
        assert (updates["timer"].active, updates["stop"].visible) == (True, True)
        assert (updates["resume"].visible, updates["delete"].visible) == (False, False)
    other = look(state, "newer", {}, ask())
    assert (other["resume"].visible, other["delete"].visible) == (False, True)  # one at a time


def test_a_page_is_told_only_what_has_changed(state, make_run):
    run = make_run("mine")
    first = look(state, "mine", {}, ask())
    assert "1,200 of 6,000 samples" in first["progress"]
    assert first["curves"].count("<figure") == 1  # nothing was measured
    assert "api/files/" in first["sample"]
    seen = first["seen"]
    assert look(state, "mine", seen, ask()) == {"seen": seen}
    with open(run / "log.csv", "a") as log:
        log.write("1200,validation,lpips,0.25\n")
    second = look(state, "mine", seen, ask())
    assert set(second) == {"curves", "seen"}
    assert second["curves"].count("<figure") == 2
    assert "latest: 0.25" in second["curves"]


def test_a_sample_picture_is_its_owners_alone(state, make_run):
    run = make_run("mine")
    shown = look(state, "mine", {}, ask())["sample"]
    file_id = shown.partition("api/files/")[2].partition('"')[0]
    assert (
        state.files.get(file_id, ANN).read_bytes()
        == (run / "samples" / "0000001200.webp").read_bytes()
    )
    with pytest.raises(ValueError, match="no longer"):
        state.files.get(file_id, BOB)


def test_a_page_whose_visitor_is_not_known_yet_looks_again(state, make_run):
    make_run("mine")
    first = look(state, "mine", {}, ask(None))
    assert first["timer"].active is True
    second = look(state, "mine", first["seen"], ask())
    assert second["timer"].active is False
    assert "api/files/" in second["sample"]


def test_in_an_open_app_others_see_how_far_it_is_but_no_photos(make_run, state):
    make_run("mine")
    state.settings = OPEN
    theirs = look(state, "mine", {}, ask(BOB))
    assert "1,200 of 6,000 samples" in theirs["progress"]
    assert "somebody else" in theirs["facts"].lower()
    assert ".jpg" not in theirs["facts"]
    assert theirs["sample"] == ""
    assert not any(theirs[button].visible for button in ("stop", "resume", "delete"))
    own = look(state, "mine", {}, ask(ANN))
    assert own["delete"].visible is True
    assert "&lt;b&gt;&#123;x&#125;.jpg: too small" in own["facts"]  # text, never markup


@pytest.mark.parametrize(
    ("settings", "request_", "may"),
    [
        (Settings(), ask(BOB), True),
        (Settings(), ask(BOB, **{"x-forwarded-for": "192.0.2.1"}), False),
        (Settings(root_path="/app"), ask(BOB), False),
        (OPEN, ask(BOB), False),
        (OPEN, ask(None), False),
        (OPEN, ask(ANN), True),
        (Settings(host="0.0.0.0", auth=("ann", "secret")), ask(BOB), True),
    ],
)
def test_who_may_stop_a_run(settings, request_, may):
    assert may_manage(Order("mine", "small", owner=hash_owner(ANN)), settings, request_) is may
    nobodys = Order("mine", "small")
    assert may_manage(nobodys, OPEN, ask(None)) is False


def test_an_order_says_what_the_form_says():
    order = order_of(samples=1000, batch=4.0, size=64, own_features=False)
    assert order.owner == hash_owner(ANN)
    assert {"run.samples=1000", "run.batch=4", "data.size=64"} <= set(order.overrides)
    assert not [one for one in order.overrides if one.startswith("losses")]
    assert "losses.features=alexnet" in order_of().overrides
    assert not [one for one in order_of().overrides if one.startswith(("run.samples", "data"))]


@pytest.mark.parametrize("name", list_presets())
@pytest.mark.parametrize("size", [0, 64, 256])
def test_every_recipe_takes_what_the_form_can_say(name, size):
    order = order_of(preset=name, samples=500, batch=2, size=size)
    preset = load_preset(name, order.overrides)
    assert (preset.run.samples, preset.run.validate_every) == (500, 25)
    assert preset.losses.features == "alexnet"


@pytest.mark.parametrize("number", [-1, 1.5, "x", 1e12, [3], float("nan")])
def test_a_number_is_a_number(number):
    for which in ("samples", "batch"):
        with pytest.raises(RefusedError, match="train_bad_number"):
            order_of(**{which: number})


def test_a_folder_is_for_those_who_sit_at_this_computer(tmp_path):
    assert order_of(folder=f" {tmp_path} ").folder == str(tmp_path)
    with pytest.raises(RefusedError, match="train_no_folder"):
        order_of(folder="photos")
    for settings in (OPEN, Settings(auth=("ann", "secret")), Settings(root_path="/app")):
        with pytest.raises(RefusedError, match="train_not_here"):
            order_of(folder=str(tmp_path), settings=settings)
    with pytest.raises(RefusedError, match="train_no_owner"):
        order_of(ask(None))


def test_every_recipe_is_described_in_both_languages():
    english, chinese = read_words()["en"], read_words()["zh"]
    for name in list_presets():
        assert english[f"train_about_{name}"] == load_preset(name).description
        assert chinese[f"train_about_{name}"] != english[f"train_about_{name}"]


def tell(key, **values):
    return say(key, None, **values)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(42, "42 s left"), (600, "10 min left"), (9000, "2 h 30 min left"), (90000, "1 d 1 h left")],
)
def test_time_left_is_told_to_two_units(tmp_path, seconds, words):
    status = Status("training", 0, seconds * 20, 20)
    run = Run(RunFolder(tmp_path), Order("mine", "small"), status, "training")
    assert words in show_progress(run, tell, private=False)


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("memory", "not enough memory"),
        ("", "output.log"),
        ("run.batch must be <5>", "The trainer says: run.batch must be &lt;5&gt;"),
        ("losses.features = 'vgg16': no weights", "under More"),
    ],
)
def test_why_a_run_failed_is_said_to_its_owner(tmp_path, complaint, words):
    run = Run(RunFolder(tmp_path), Order("mine", "small"), Status(), "failed", complaint)
    assert words in show_progress(run, tell, private=False)
    assert words not in show_progress(run, tell, private=True)


def test_too_few_photos_to_measure_on_are_told(tmp_path):
    status = Status("training", 0, 10, photos=4, left_out=30, reasons=(("a.jpg", "small"),))
    run = Run(RunFolder(tmp_path), Order("mine", "small"), status, "training")
    shown = show_facts(run, tell, private=False)
    assert "Fewer than five photos" in shown
    assert "and 29 more" in shown


@pytest.fixture
def photos(tmp_path, picture):
    """A zip of six photos."""
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(6):
            photo = tmp_path / f"{number}.png"
            Image.fromarray(picture(70, 80, seed=number)).save(photo)
            archive.write(photo, photo.name)
    return path


def open_tab(context, address):
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.get_by_role("tab", name="Train").click()
    return page


def list_models(page):
    return page.evaluate(
        "async () => (await (await fetch('api/start')).json()).methods.map((one) => one.name)"
    )


def test_a_model_is_trained_from_the_page(start, browser, tmp_path, photos):
    with start("--models", str(tmp_path / "models")) as address:
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
        page = open_tab(context, address)
        form = page.locator("#train")
        form.locator("input[type=file]").set_input_files(photos)
        form.get_by_text("photos.zip").wait_for()
        form.get_by_label("Recipe").click()
        page.get_by_role("option", name="lesson").click()
        form.get_by_role("button", name="More").click()
        form.get_by_label("Batch").fill("4")
        name, begin = form.get_by_label("Name of the model"), form.get_by_text("Start training")
        name.fill("my model")
        begin.click()
        form.get_by_text("Give the model a name of letters").wait_for()
        name.fill("mine")
        begin.click()
        form.get_by_text(" of 8,000 samples").wait_for(timeout=120_000)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.close()

        page = open_tab(context, address)  # the run is none of the page's
        run = page.locator("#train")
        run.get_by_text("6 photos to learn from").wait_for()
        run.get_by_role("button", name="Stop").click()
        run.locator(".tr-head").get_by_text("Stopped").wait_for(timeout=120_000)
        run.get_by_text("What mine has learnt so far is among the models").wait_for()
        assert run.locator(".tr-sample img").evaluate("image => image.decode().then(() => true)")
        assert "mine" in list_models(page)
        run.get_by_role("button", name="Continue").click()
        run.get_by_role("button", name="Stop").click()
        run.locator(".tr-head").get_by_text("Stopped").wait_for(timeout=120_000)
        run.get_by_role("button", name="Delete …").click()
        run.get_by_role("button", name="Delete", exact=True).click()
        run.locator(".tr-head").wait_for(state="hidden")
        assert "mine" not in list_models(page)
        context.close()
