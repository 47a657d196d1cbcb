from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from inpaint import cli, ui
from inpaint.mask_shapes import random_mask

HEAVY = ("torch", "cv2", "gradio", "skimage")


@pytest.fixture
def run(capsys):
    """Run a command line: exit code, lines on stdout, lines on stderr."""

    def run(*arguments):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return run


@pytest.fixture
def photo(tmp_path, picture):
    path = tmp_path / "beach.png"
    Image.fromarray(picture(60, 80)).save(path)
    return path


@pytest.fixture
def mask(tmp_path, hole):
    path = tmp_path / "white.png"
    Image.fromarray(hole(60, 80)).save(path)
    return path


@pytest.fixture
def folders(tmp_path, picture, hole):
    """Two photos with masks."""
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    for seed, name in enumerate(("a.png", "b.JPG")):
        Image.fromarray(picture(60, 80, seed)).save(tmp_path / "photos" / name)
    for name in ("a.PNG", "b.png"):
        Image.fromarray(hole(60, 80)).save(tmp_path / "masks" / name)
    return tmp_path / "photos", tmp_path / "masks"


def pixels(path):
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


# --- the parser --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["restore", "--help"], 0),
        (["evaluate", "--help"], 0),
        (["restore", "photo.png"], 2),
        (["polish"], 2),
    ],
)
def test_help_and_usage_errors_load_nothing_heavy(arguments, code):
    script = (
        "import sys\n"
        "from inpaint.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as stop: code = stop.code\n"
        f"loaded = [name for name in {HEAVY} if name in sys.modules]\n"
        "sys.exit(f'loaded {loaded}' if loaded else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    if code:
        (line,) = done.stderr.splitlines()
        assert line.startswith("inpaint")
        assert line.endswith("--help)")
    else:
        assert "usage: inpaint" in done.stdout


def test_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "inpaint", "--version"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith("photomend")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["restore", "a.png", "--mask", "m.png", "--grow", "-1"], "at least 0"),
        (["restore", "a.png", "--mask", "m.png", "--feather", "nan"], "at least 0"),
        (["restore", "a.png", "--mask", "m.png", "--quality", "101"], "from 1 to 100"),
        (["restore", "a.png", "--mask", "m.png", "--max-pixels", "0"], "at least 0.001"),
        (["restore", "a.png", "--mask", "m.png", "--max-memory", "0"], "at least 0.001"),
        (["masks", "thin", "--size", "12", "--output", "o"], "WIDTHxHEIGHT"),
        (["masks", "thin", "--size", "0x4", "--output", "o"], "WIDTHxHEIGHT"),
        (["evaluate", "a.png", "--limit", "half"], "a whole number"),
    ],
)
def test_impossible_values_are_usage_errors(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    (line,) = err
    assert message in line


# --- restore -----------------------------------------------------------------------------------


def test_restores_a_photo_beside_it(run, photo, mask, hole):
    before = photo.read_bytes()
    code, out, err = run("restore", photo, "--mask", mask, "--method", "telea")
    restored = photo.with_name("beach_restored.png")
    assert (code, out, err) == (0, [str(restored)], [])
    inside = hole(60, 80)
    assert np.array_equal(pixels(restored)[~inside], pixels(photo)[~inside])
    assert not np.array_equal(pixels(restored)[inside], pixels(photo)[inside])
    assert photo.read_bytes() == before


def test_output_may_be_a_file_of_another_format_or_a_folder(run, photo, mask, tmp_path):
    options = ("restore", photo, "--mask", mask, "--method", "telea", "--output")
    assert run(*options, tmp_path / "out.jpg", "--quality", 80)[0] == 0
    with Image.open(tmp_path / "out.jpg") as image:
        assert image.format == "JPEG"
    (tmp_path / "there").mkdir()
    assert run(*options, tmp_path / "there")[1] == [str(tmp_path / "there" / "beach.png")]


def test_a_file_without_a_known_suffix_is_no_output(run, photo, mask, tmp_path):
    options = ("restore", photo, "--mask", mask, "--method", "telea", "--output")
    for name in ("out", "out.gif"):
        code, _, err = run(*options, tmp_path / name)
        assert code == 2
        assert "neither a folder that exists nor" in err[0]


@pytest.mark.parametrize(
    ("name", "format", "restored", "written"),
    [
        ("beach.JPG", "PNG", "beach_restored.JPG", "PNG"),  # named wrongly: stays what it is
        ("beach", "JPEG", "beach_restored.jpg", "JPEG"),
        ("beach.gif", "GIF", "beach_restored.png", "PNG"),  # GIF cannot be written
    ],
)
def test_a_photo_keeps_its_format(run, picture, mask, tmp_path, name, format, restored, written):
    Image.fromarray(picture(60, 80)).save(tmp_path / name, format=format)
    code, out, _ = run("restore", tmp_path / name, "--mask", mask, "--method", "telea")
    assert (code, out) == (0, [str(tmp_path / restored)])
    with Image.open(tmp_path / restored) as image:
        assert image.format == written


def test_what_a_file_cannot_keep_is_told(run, mask, tmp_path):
    deep = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80) * 13
    Image.fromarray(deep).save(tmp_path / "deep.png")
    command = ("restore", tmp_path / "deep.png", "--mask", mask, "--method", "telea")
    assert run(*command)[2] == []
    code, _, err = run(*command, "--output", tmp_path / "flat.bmp")
    assert code == 0
    assert err == ["inpaint: note: deep.png: 16 bits per channel are reduced to 8 for BMP"]


def test_existing_files_are_replaced_only_when_asked(run, photo, mask):
    options = ("restore", photo, "--mask", mask, "--method", "telea")
    existing = photo.with_name("beach_restored.png")
    existing.write_bytes(b"precious")
    code, _, err = run(*options)
    assert code == 2
    assert len(err) == 1
    assert "--overwrite" in err[0]
    assert existing.read_bytes() == b"precious"
    assert run(*options, "--overwrite")[0] == 0
    assert pixels(existing).shape == (60, 80, 3)


def test_the_photo_itself_is_never_overwritten(run, photo, mask):
    before = photo.read_bytes()
    code, _, err = run(
        *("restore", photo, "--mask", mask, "--method", "telea"),
        *("--output", photo, "--overwrite"),
    )
    assert code == 2
    assert "never overwritten" in err[0]
    assert photo.read_bytes() == before


def test_the_mask_is_never_overwritten(run, photo, mask):
    before = mask.read_bytes()
    code, _, err = run(
        *("restore", photo, "--mask", mask, "--method", "telea"),
        *("--output", mask, "--overwrite"),
    )
    assert code == 2
    assert "the mask itself" in err[0]
    assert mask.read_bytes() == before


def test_no_limit_of_pixels(run, photo, mask):
    options = ("--method", "telea", "--max-pixels", "inf", "--max-memory", "inf")
    assert run("restore", photo, "--mask", mask, *options)[0] == 0


def test_a_quality_for_a_lossless_format_is_told(run, photo, mask):
    options = ("--method", "telea", "--quality", 80)
    code, _, (line,) = run("restore", photo, "--mask", mask, *options)
    assert code == 0
    assert "PNG is lossless" in line


def test_growing_reaches_beyond_the_mask(run, photo, mask, hole):
    run("restore", photo, "--mask", mask, "--method", "telea", "--grow", 5)
    changed = (pixels(photo.with_name("beach_restored.png")) != pixels(photo)).any(axis=2)
    assert (changed & ~hole(60, 80)).any()


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.png", "--mask", "{mask}"],
        ["{photo}", "--mask", "nowhere.png"],
        ["{mask}", "--mask", "{small}"],
        ["{photo}", "--mask", "{black}"],
        ["{text}", "--mask", "{mask}"],
        ["{photo}", "--mask", "{mask}", "--method", "telae"],
        ["{photo}", "--mask", "{photo}"],
        ["{photo}", "--mask", "{mask}", "--output", "{text}/below/out.png"],
        ["{photo}", "--mask", "{mask}", "--output", "{text}.jpg", "--format", "webp"],
        ["{photo}", "--mask", "{mask}", "--max-pixels", "0.001"],
        ["{photo}", "--mask", "{mask}", "--max-memory", "0.001"],
    ],
)
def test_errors_are_one_line_and_code_2(run, arguments, photo, mask, tmp_path):
    files = {name: tmp_path / f"{name}.png" for name in ("small", "black", "text")}
    Image.new("L", (5, 5), 255).save(files["small"])
    Image.new("L", (80, 60), 0).save(files["black"])
    files["text"].write_text("no picture")
    files |= {"photo": photo, "mask": mask}
    arguments = [argument.format(**files) for argument in arguments]
    if "--method" not in arguments:
        arguments += ["--method", "telea"]
    code, out, err = run("restore", *arguments)
    assert code == 2
    assert out == []
    assert len(err) == 1
    assert err[0].startswith("inpaint: ")


def test_an_interrupt_ends_with_130(run, photo, mask, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("inpaint.inpainter.Inpainter.restore", interrupt)
    code, _, err = run("restore", photo, "--mask", mask, "--method", "telea")
    assert (code, err) == (130, [])


def test_too_little_memory_is_one_line(run, photo, mask, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("CUDA out of memory.\nTried to allocate 2 GiB")

    monkeypatch.setattr("inpaint.inpainter.Inpainter.restore", fail)
    code, _, err = run("restore", photo, "--mask", mask, "--method", "telea")
    assert (code, err) == (2, ["inpaint: CUDA out of memory. Tried to allocate 2 GiB"])


def test_restores_a_folder_into_another(run, folders, hole):
    photos, masks = folders
    code, out, _ = run("restore", photos, "--mask", masks, "--method", "telea")
    written = photos.with_name("photos_restored")
    assert code == 0
    assert out == [str(written / "a.png"), str(written / "b.JPG")]
    inside = hole(60, 80)
    assert np.array_equal(pixels(written / "a.png")[~inside], pixels(photos / "a.png")[~inside])
    with Image.open(written / "b.JPG") as image:
        assert image.format == "JPEG"


def test_one_mask_serves_a_folder(run, folders, mask, tmp_path):
    code, out, _ = run(
        *("restore", folders[0], "--mask", mask, "--method", "telea"),
        *("--output", tmp_path / "deep" / "out"),
    )
    assert code == 0
    assert len(out) == 2


def test_files_that_fail_are_a_line_each_and_the_rest_is_done(run, folders):
    photos, masks = folders
    (photos / "broken.png").write_bytes(b"no picture")
    (masks / "broken.png").write_bytes((masks / "b.png").read_bytes())
    (masks / "a.PNG").unlink()
    code, out, err = run("restore", photos, "--mask", masks, "--method", "telea")
    assert code == 1
    assert [line.rsplit("b.", 1)[-1] for line in out] == ["JPG"]
    failures = [line for line in err if line.startswith("inpaint: /")]
    assert len(failures) == 2
    assert err[-1] == "inpaint: 1 of 3 photos restored, 2 failed"
    assert "a.png" in failures[0]
    assert "broken.png" in failures[1]


def test_a_folder_is_never_restored_into_itself(run, folders):
    photos, masks = folders
    before = (photos / "a.png").read_bytes()
    code, out, err = run(
        *("restore", photos, "--mask", masks, "--method", "telea"),
        *("--output", photos, "--overwrite"),
    )
    assert (code, out) == (1, [])
    assert sum("never overwritten" in line for line in err) == 2
    assert (photos / "a.png").read_bytes() == before


# --- the other commands ------------------------------------------------------------------------


def test_evaluate_prints_tables_and_writes_a_report(run, folders, tmp_path):
    report = tmp_path / "report"
    options = ("evaluate", folders[0], "--masks", "thin", "--device", "cpu", "--output", report)
    code, out, err = run(*options, "--method", "telea", "navier-stokes", "--limit", 1)
    assert (code, err) == (0, [])
    assert [line.split("|")[1].strip() for line in out[2:4]] == ["telea", "navier-stokes"]
    assert any("share of hole" in line for line in out)
    assert out[-2:] == [str(report / "report.json"), str(report / "report.csv")]
    content = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert content["settings"]["photos"] == 1
    assert content["settings"]["texture"] is True
    code, _, err = run(*options, "--method", "telea")
    assert code == 2
    assert "--overwrite" in err[0]


def test_evaluate_lists_the_photos_that_failed(run, folders):
    (folders[0] / "broken.png").write_bytes(b"no picture")
    code, out, err = run("evaluate", folders[0], "--method", "telea", "--device", "cpu")
    assert code == 1
    assert out
    assert len(err) == 1
    assert "broken.png" in err[0]


def test_evaluate_measures_networks_by_themselves_when_asked_to(run, folders, tmp_path):
    measured = []
    for options in ((), ("--no-texture",)):
        report = tmp_path / f"report{len(options)}"
        code, _, _ = run(
            *("evaluate", folders[0], "--method", "default", "--limit", 1, "--device", "cpu"),
            *("--output", report, *options),
        )
        assert code == 0
        content = json.loads((report / "report.json").read_text(encoding="utf-8"))
        measured.append((content["settings"]["texture"], content["rows"][0]["psnr_hole"]))
    assert [texture for texture, _ in measured] == [True, False]
    assert measured[0][1] != measured[1][1]


def test_evaluate_takes_a_folder_of_masks(run, folders):
    code, out, _ = run(
        *("evaluate", folders[0], "--masks", folders[1], "--method", "telea", "--device", "cpu")
    )
    assert code == 0
    assert any("10-20 %" in line for line in out)


def test_models_lists_every_method(run):
    code, out, _ = run("models")
    assert code == 0
    assert {"telea", "navier-stokes", "biharmonic"} <= {line.split()[0] for line in out}
    assert all(line.split()[1] in ("network", "classical") for line in out)


def test_models_describes_one(run, tmp_path):
    code, out, _ = run("models", "telea")
    assert code == 0
    assert out[0].startswith("telea: classical")
    code, _, err = run("models", "telae")
    assert code == 2
    assert "telea" in err[0]
    assert run("models", tmp_path / "gone.safetensors")[0] == 2


def test_models_takes_a_network_apart(run):
    code, out, _ = run("models", "squeezenet1_1", "--summary", "--size", 128)
    assert code == 0
    header, *layers, total = (line.split() for line in out[1:])
    assert header[0] == "layer"
    assert layers[0][:2] == ["encoder.stages.0.0", "Conv2d"]
    counts = [[int(cell.replace(",", "")) for cell in line[-2:]] for line in (*layers, total)]
    assert [sum(column) for column in zip(*counts[:-1])] == counts[-1]
    assert run("models", "default", "--summary")[0] == 0
    code, _, err = run("models", "vgg17", "--summary")
    assert code == 2
    assert "did you mean 'vgg" in err[0]
    assert err[0].count("resnet18") == 1
    assert run("models", "--summary")[0] == 2


def test_an_encoder_is_taken_apart_up_to_a_stride(run):
    code, out, _ = run("models", "resnet18", "--summary", "--size", 64)
    assert code == 0
    assert out[0].startswith("resnet18, trained, on 64 x 64")
    code, out, _ = run("models", "resnet18", "--summary", "--size", 64, "--stride", 32)
    assert code == 0
    assert out[0].startswith("resnet18 up to stride 32 in an untrained network, on 64 x 64")
    assert any(line.startswith("encoder.stages.4") for line in out)
    assert not any("." in line.split()[-3] for line in out[2:])  # receptive fields: whole pixels
    for arguments, hint in (
        (("resnet18", "--summary", "--stride", 5), "max_stride of resnet18 must be one of"),
        (("default", "--summary", "--stride", 8), "'default' is none"),
        (("resnet18", "--stride", 8), "--summary"),
        (("vgg16",), "inpaint models vgg16 --summary"),
    ):
        code, _, err = run("models", *arguments)
        assert code == 2
        assert hint in err[0]


def test_masks_are_those_of_the_evaluation(run, tmp_path):
    folder = tmp_path / "new" / "masks"
    options = ("masks", "lama", "--size", "80x60", "--count", 2, "--output", folder, "--seed", 5)
    code, out, _ = run(*options)
    assert code == 0
    assert out == [str(folder / "lama-0000.png"), str(folder / "lama-0001.png")]
    for index, path in enumerate(out):
        expected = random_mask("lama", 60, 80, np.random.default_rng([5, index]))
        assert np.array_equal(pixels(path)[..., 0] == 255, expected)
    assert run(*options)[0] == 2
    assert run(*options, "--overwrite")[0] == 0


def test_masks_of_an_unknown_kind(run, tmp_path):
    code, _, err = run("masks", "scratch", "--size", "8x8", "--output", tmp_path / "out")
    assert code == 2
    assert "'scratches'" in err[0]
    assert not (tmp_path / "out").exists()


def test_app_is_launched_as_asked(run, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(ui, "launch", calls.append)
    options = ("--port", 8000, "--device", "cpu", "--models", tmp_path, "--max-megapixels", 2.5)
    assert run("app", *options, "--auth", "ann:a:b", "--root-path", "/mend/")[0] == 0
    (settings,) = calls
    assert (settings.host, settings.port, settings.device) == ("127.0.0.1", 8000, "cpu")
    assert (settings.models, settings.max_pixels) == (tmp_path, 2_500_000)
    assert (settings.auth, settings.root_path) == (("ann", "a:b"), "/mend")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--auth", "ann", "a name and a password"),
        ("--max-megapixels", "-1", "above 0"),
        ("--root-path", "mend", "--root-path /mend"),
        ("--models", __file__, "not a folder"),
    ],
)
def test_impossible_options_of_the_app_are_told(run, option, value, said):
    code, _, errors = run("app", option, value)
    assert code == 2
    assert said in errors[-1]


def test_app_without_its_packages_says_which(run, monkeypatch):
    def launch(settings):
        raise ModuleNotFoundError("No module named 'gradio'", name="gradio")

    monkeypatch.setattr(ui, "launch", launch)
    code, _, errors = run("app")
    assert code == 2
    assert errors == ["inpaint: the web app needs a package that is missing: gradio"]


def test_a_folder_with_a_kind_that_is_only_read_gives_png(tmp_path, picture, hole):
    folder, out = tmp_path / "photos", tmp_path / "out"
    folder.mkdir()
    Image.fromarray(picture(40, 50)).save(folder / "old.gif")
    Image.fromarray(hole(40, 50)).save(tmp_path / "mask.png")
    command = ["restore", str(folder), "--mask", str(tmp_path / "mask.png"), "--output", str(out)]
    assert cli.main([*command, "--method", "telea"]) == 0
    assert [path.name for path in out.iterdir()] == ["old.png"]
