"""The table of the shipped weights' quality: which masks, which pairs, which bars."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint import metrics
from inpaint.cases import Case
from inpaint.evaluation import Row, draw_masks, evaluate
from inpaint.report import Report

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def quality():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import quality
    finally:
        sys.path.remove(str(BENCHMARKS))
    return quality


@pytest.fixture
def bench(tmp_path):
    """Two photos with holes of 60 and 59 % in 100 x 100, and a peer that paints all grey."""
    bench = tmp_path / "bench"
    for folder in ("images", "masks", "peer"):
        (bench / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, rows in (("a", 60), ("b", 59)):
        pixels = rng.integers(0, 255, (100, 100, 3), np.uint8)
        Image.fromarray(pixels).save(bench / "images" / f"{name}.png")
        known = np.full((100, 100), 255, np.uint8)
        known[:rows] = 0
        Image.fromarray(known).save(bench / "masks" / f"{name}.png")
        Image.fromarray(np.full_like(pixels, 128)).save(bench / "peer" / f"{name}.png")
    return bench


@pytest.fixture
def photos(tmp_path):
    """Three photos of 64 x 48."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for name in "abc":
        coarse = rng.integers(0, 255, (6, 8, 3), np.uint8)
        Image.fromarray(coarse).resize((64, 48), 2).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def output(quality, tmp_path, monkeypatch):
    """A folder to write into; the grid is of one small case."""
    folder = tmp_path / "written"
    folder.mkdir()
    mask = np.zeros((60, 80), bool)
    mask[20:40, 30:50] = True
    case = Case("grey", np.full((60, 80, 3), 90, np.uint8), mask)
    monkeypatch.setattr(quality.quality_grid, "find_cases", lambda: [case])
    return folder


def rows(**figures: list[float]) -> list[Row]:
    """Of methods by keyword (_ for -), with LPIPS photo by photo."""
    figures = {name.replace("_", "-"): values for name, values in figures.items()}
    about = {"mask": "blob", "hole_ratio": 0.3, "psnr": 20, "ssim": 0.9, "l1": 0}
    return [
        Row(name, f"{i}.png", lpips=value, psnr_hole=15 - value, **about)
        for name, values in figures.items()
        for i, value in enumerate(values)
    ]


def run(quality, output, **options: object) -> int:
    words = {"methods": "telea", "output": output} | options
    arguments = []
    for name, value in words.items():
        arguments += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    return quality.main(arguments)


def test_everyday_masks_are_those_of_inpaint_evaluate(quality):
    drawn = draw_masks("everyday", 20240)
    for shape in ((96, 80), (256, 256)):
        for index in range(12):
            mask, name = quality.everyday_mask(index, Path("photo.png"), shape)
            assert np.array_equal(mask, drawn(index, Path("photo.png"), shape)[0])
            assert name in quality.SHAPES


def test_figures_of_photos_are_those_of_inpaint_evaluate(quality, photos, output):
    assert run(quality, output, photos=photos, methods=["telea", "navier-stokes"]) == 0
    text = (output / "quality.md").read_text("utf-8")
    report = evaluate(
        sorted(photos.iterdir()), "everyday", ["telea", "navier-stokes"], device="cpu"
    )
    for name, means in report.means().items():
        cells = [format(means[f], spec) for f, (_, spec) in quality.FIGURES.items()]
        assert f"| {name} | {' | '.join(cells)} |" in text


def test_the_page_is_what_is_printed_and_the_same_every_time(
    quality, bench, photos, output, capsys
):
    first = run(quality, output, bench=bench, photos=photos, limit=2), capsys.readouterr().out
    picture = (output / "quality.png").read_bytes()
    second = run(quality, output, bench=bench, photos=photos, limit=2), capsys.readouterr().out
    assert first == second == (0, (output / "quality.md").read_text("utf-8"))
    assert picture == (output / "quality.png").read_bytes()
    assert str(bench) not in first[1]
    assert "--bench FOLDER --photos FOLDER --methods telea --limit 2`" in first[1]
    assert "2 photos, which should be ones" in first[1]


def test_the_benchs_masks_are_white_where_the_photo_is_known(quality, bench):
    photos, peers = quality.find_bench(bench)
    assert [photo.name for photo in photos] == ["a.png", "b.png"]
    assert peers == ["peer"]
    hole, _ = quality.bench_mask(0, photos[0], (100, 100))
    assert hole[:60].all()
    assert not hole[60:].any()


def test_methods_do_not_see_what_is_in_the_hole(quality, bench):
    photos, _ = quality.find_bench(bench)
    image = np.array(Image.open(photos[0]))
    hole, _ = quality.bench_mask(0, photos[0], (100, 100))
    zeroed = np.where(hole[..., None], 0, image).astype(np.uint8)
    for name in quality.OPENCV:
        fill = quality.Inpainter(name, "cpu").restore_array
        assert np.array_equal(fill(image, hole), fill(zeroed, hole))


def test_reversed_masks_are_refused(quality, bench, output, capsys):
    for path in (bench / "masks").iterdir():
        Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    assert run(quality, output, bench=bench) == 2
    assert "40.5% on average, not 59.5%: are the masks reversed?" in capsys.readouterr().err
    assert not list(output.iterdir())


def test_a_peer_is_judged_by_its_fill_alone(quality, bench):
    photos = sorted((bench / "images").iterdir())
    first, _ = quality.measure_peer(photos, "peer", metrics.Lpips())
    image = np.asarray(Image.open(photos[0]))
    expected = image.copy()
    expected[:60] = 128  # below, its grey does not count
    assert first.psnr == pytest.approx(metrics.psnr(image, expected))


def test_a_peer_that_is_the_photo_itself_has_infinite_psnr(quality, bench, output):
    for path in (bench / "images").iterdir():
        (bench / "peer" / path.name).write_bytes(path.read_bytes())
    assert run(quality, output, bench=bench) == 0
    text = (output / "quality.md").read_text("utf-8")
    assert "| peer | 0.0000 | inf | inf | 1.0000 | 0.0000 | - | - |" in text
    assert "| 0 of 2 | 0 of 2 |" in text


def spoil_peer_missing(bench):
    (bench / "peer" / "b.png").unlink()


def spoil_peer_size(bench):
    Image.new("RGB", (50, 50)).save(bench / "peer" / "b.png")


def spoil_peer_file(bench):
    (bench / "peer" / "b.png").write_bytes(b"no picture")


def spoil_peer_name(bench):
    (bench / "peer").rename(bench / "telea")


def spoil_mask(bench):
    (bench / "masks" / "a.png").unlink()


def spoil_images(bench):
    (bench / "images").rename(bench / "pictures")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_peer_missing, "b.png: No such file"),
        (spoil_peer_size, "b.png: not of the size of its photo"),
        (spoil_peer_file, "cannot identify image file"),
        (spoil_peer_name, "two of the methods and peers have one name"),
        (spoil_mask, "a.png: No such file"),
        (spoil_images, "no such file or folder"),
    ],
)
def test_a_bench_that_cannot_be_used_is_one_line(spoil, said, quality, bench, output, capsys):
    spoil(bench)
    assert run(quality, output, bench=bench) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("quality: ")
    assert said in line
    assert not list(output.iterdir())


def test_what_else_is_missing_is_one_line(quality, photos, output, capsys):
    assert run(quality, output, photos=photos / "none") == 2
    assert run(quality, output / "none", photos=photos) == 2
    assert run(quality, output, photos=photos, methods="tela") == 2
    assert len(capsys.readouterr().err.splitlines()) == 3
    Image.new("RGB", (20, 20)).save(photos / "small.png")
    assert run(quality, output, photos=photos) == 2
    assert "small.png: smaller than LPIPS can measure" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        quality.main([])


def test_weights_that_do_not_exist_are_left_out(quality, photos, output, capsys, monkeypatch):
    monkeypatch.setattr(quality.weights, "list_weights", lambda: [])
    methods = ["default", "faithful", "telea", "navier-stokes"]
    assert run(quality, output, photos=photos, methods=methods) == 0
    printed = capsys.readouterr()
    for name in ("default", "faithful"):
        line = f"There are no weights `{name}` yet: left out."
        assert line in printed.out
        assert line in printed.err
        assert f"| {name} |" not in printed.out
    assert "not measured (faithful left out)" in printed.out


def test_wins_are_counted_photo_by_photo(quality):
    measured = rows(ours=[0.1, 0.3, 0.2], peer=[0.2, 0.2, 0.2])
    assert quality.wins(measured, "ours", ["peer"], "lpips") == "1 of 3"
    assert quality.wins(measured, "peer", ["ours"], "lpips") == "1 of 3"
    assert quality.wins(measured, "ours", ["peer"], "psnr_hole") == "1 of 3"


def test_a_win_over_several_is_one_over_the_best_of_each_photo(quality):
    measured = rows(ours=[0.2, 0.2, 0.1], telea=[0.1, 0.3, 0.3], navier_stokes=[0.3, 0.1, 0.2])
    assert quality.wins(measured, "ours", quality.OPENCV, "lpips") == "1 of 3"


def test_a_bar_says_whether_it_is_met(quality):
    bench = rows(default=[0.28])
    photos = rows(default=[0.10], telea=[0.20], navier_stokes=[0.25])
    assert quality.bars(bench, photos) == [
        "* bench, `default`, LPIPS <= 0.3: 0.2800, met; goal 0.2243: not met",
        "* bench, `faithful`, PSNR > 19.43: not measured (faithful left out)",
        "* photos, `default`, LPIPS / OpenCV's best <= 0.65: 0.5000, met; goal 0.5: met",
        "* photos, `default`, hole-PSNR − OpenCV's best, dB, >= 0.5: 0.1000, NOT met",
        "* photos, `faithful`, hole-PSNR − OpenCV's best, dB, >= 2: "
        "not measured (faithful left out)",
    ]


@pytest.mark.parametrize(("sign", "verdict"), [("<=", "met"), (">=", "met"), (">", "NOT met")])
def test_a_figure_at_the_bound(sign, verdict, quality):
    bar = quality.Bar("bench", "faithful", "PSNR", lambda means, name: 20.0, sign, 20.0)
    assert bar.judge({"faithful": {}}).endswith(f"20.0000, {verdict}")


def test_opencvs_best_is_each_figures_own(quality):
    measured = rows(telea=[0.2, 0.2], navier_stokes=[0.1, 0.4])
    means = Report(tuple(measured)).means()
    assert quality.best(means, "lpips") == pytest.approx(0.2)
    assert quality.best(means, "psnr_hole") == pytest.approx(14.8)


def test_bars_without_opencv_are_not_measured(quality):
    (said, *_) = [line for line in quality.bars([], rows(default=[0.1])) if "LPIPS" in line]
    assert said.endswith("not measured (telea, navier-stokes left out)")


def test_the_page_has_every_table(quality):
    measured = rows(default=[0.1, 0.2], telea=[0.3, 0.1], navier_stokes=[0.4, 0.4])
    text = quality.page(measured + rows(peer=[0.05, 0.3]), ["peer"], measured, ["python 3"])
    for piece in (
        "2 photos of Places2 at 256 x 256 with free-form holes of\n30% to 30%",
        "| default | 0.1500 | 14.850 | 20.000 | 0.9000 | 0.0000 | 0.750 | +0.05 | 1 of 2 |",
        "| below 50 % | 2 | peer | 0.1750 |",
        "| 30-40 % | 2 | default | 0.1500 |",
        "| blob | 2 | telea | 0.2000 | 14.800 | 20.000 | 0.9000 | 0.0000 | 1.000 | +0.00 | - | - |",
    ):
        assert piece in text


def test_every_photo_is_in_one_bucket(quality):
    buckets = [quality.bench_bucket(Row("m", "p", hole_ratio=r)) for r in (0, 0.5, 0.7, 0.71, 1)]
    assert buckets == ["below 50 %", "50-70 %", "above 70 %", "above 70 %", "above 70 %"]


def test_the_grid_shows_eight_cases_with_their_masks(quality):
    cases = list(quality.quality_grid.find_cases())
    assert len(cases) == 8
    for case in cases:
        assert case.mask.shape == case.damaged.shape[:2]
        assert 0 < case.mask.mean() < 0.3


def test_the_grids_file_is_small_whatever_it_shows(quality, tmp_path, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 255, (300, 450, 3), np.uint8)
    mask = np.zeros((300, 450), bool)
    mask[100:200, 150:300] = True
    grid = quality.quality_grid
    cells = []
    for cases in (1, 12):
        monkeypatch.setattr(grid, "find_cases", lambda n=cases: [Case("noise", noise, mask)] * n)
        grid.draw(tmp_path / "grid.png", {"telea": quality.Inpainter("telea")})
        assert (tmp_path / "grid.png").stat().st_size < 1_500_000
        with Image.open(tmp_path / "grid.png") as sheet:
            cells.append((sheet.width - grid.GAP) // 2)
    assert cells[0] == 300
    assert cells[1] < 300
