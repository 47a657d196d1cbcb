"""The table of the shipped weights' quality: which masks, which pairs, which bars."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint import metrics
from inpaint.evaluation import Evaluator, Row, draw_masks
from inpaint.inpainter import Inpainter

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
    for folder in ("images", "masks", "peer"):
        (tmp_path / folder).mkdir()
    rng = np.random.default_rng(0)
    for name, rows in (("a", 60), ("b", 59)):
        pixels = rng.integers(0, 255, (100, 100, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{name}.png")
        known = np.full((100, 100), 255, np.uint8)
        known[:rows] = 0
        Image.fromarray(known).save(tmp_path / "masks" / f"{name}.png")
        Image.fromarray(np.full_like(pixels, 128)).save(tmp_path / "peer" / f"{name}.png")
    return tmp_path


def rows(**figures: list[float]) -> list[Row]:
    """Of methods by keyword, with LPIPS photo by photo."""
    return [
        Row(
            name, f"{i}.png", "blob", hole_ratio=0.3, psnr=20, psnr_hole=15, ssim=0.9, lpips=v, l1=0
        )
        for name, values in figures.items()
        for i, v in enumerate(values)
    ]


def test_everyday_masks_are_those_of_inpaint_evaluate(quality):
    shape = 96, 80
    drawn = draw_masks("everyday", 20240)
    for index in range(6):
        mask, name = quality.everyday_mask(index, Path("photo.png"), shape)
        assert np.array_equal(mask, drawn(index, Path("photo.png"), shape)[0])
        assert name in ("stroke", "thin", "box", "blob")


def test_the_benchs_masks_are_white_where_the_photo_is_known(quality, bench):
    evaluator = Evaluator({"telea": Inpainter("telea")}, quality.bench_mask, "cpu")
    measured, peers = quality.measure_bench(bench, evaluator)
    assert peers == ["peer"]
    assert [row.hole_ratio for row in measured] == [0.6, 0.59, 0.6, 0.59]
    assert [row.method for row in measured] == ["telea", "telea", "peer", "peer"]


def test_reversed_masks_are_refused(quality, bench, capsys):
    for path in (bench / "masks").iterdir():
        Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    arguments = ["--bench", str(bench), "--methods", "telea", "--output", str(bench)]
    assert quality.main(arguments) == 2
    assert "40.5% on average, not 59.5%: are the masks reversed?" in capsys.readouterr().err
    assert not (bench / "quality.md").exists()


def test_a_peer_is_judged_by_its_fill_alone(quality, bench):
    photos = sorted((bench / "images").iterdir())
    first, _ = quality.measure_peer(photos, "peer", metrics.Lpips())
    image = np.asarray(Image.open(photos[0]))
    expected = image.copy()
    expected[:60] = 128  # below, its grey does not count
    assert first.psnr == pytest.approx(metrics.psnr(image, expected))


def test_wins_are_counted_photo_by_photo(quality):
    measured = rows(ours=[0.1, 0.3, 0.2], peer=[0.2, 0.2, 0.2])
    assert quality.wins(measured, "ours", "peer", "lpips") == "1 of 3"
    assert quality.wins(measured, "peer", "ours", "lpips") == "1 of 3"


def test_a_bar_says_whether_it_is_met(quality):
    bench = rows(default=[0.28])
    photos = rows(default=[0.10], telea=[0.20], **{"navier-stokes": [0.25]})
    said = [str(bar) for bar in quality.bars(bench, photos)]
    assert said == [
        "* bench, `default`, LPIPS: 0.28, at most 0.3: met; goal 0.2243: not met",
        "* photos, `default`, share of OpenCV's LPIPS: 0.5, at most 0.65: met; goal 0.5: met",
        "* photos, `default`, dB in the hole above OpenCV: 0, at least 0.5: NOT met",
    ]


def test_the_page_has_every_table(quality):
    measured = rows(default=[0.1, 0.2], telea=[0.3, 0.1], **{"navier-stokes": [0.4, 0.4]})
    text = quality.page(measured + rows(peer=[0.05, 0.3]), ["peer"], measured, "python 3")
    for piece in ("very large holes", "everyday masks", "| below 50 %", "| 30-40 %", "| blob |"):
        assert piece in text
    assert "| default | 0.1500 | 15.00 | 20.00 | 0.9000 | 0.0000 | 1 of 2 | 0 of 2 |" in text


def test_the_grid_shows_cases_of_the_project_only(quality):
    cases = list(quality.quality_grid.find_cases())
    assert len(cases) >= 4
    for case in cases:
        assert case.mask.shape == case.damaged.shape[:2]
        assert 0 < case.mask.mean() < 0.5
