from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from inpaint import metrics
from inpaint.errors import InpaintError, MaskError, MethodError, PhotoError
from inpaint.evaluation import draw_masks, evaluate
from inpaint.inpainter import Inpainter
from inpaint.mask_shapes import random_mask
from inpaint.network import InpaintingNetwork, NetworkConfig
from inpaint.weights import save_network


@pytest.fixture
def photos(tmp_path, picture):
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = [folder / f"{name}.png" for name in "abc"]
    for seed, path in enumerate(paths):
        Image.fromarray(picture(72, 96, seed)).save(path)
    return paths


def write_mask(path, hole):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(hole).save(path)


def test_measures_what_the_inpainter_restores(photos, picture):
    report = evaluate(photos, "everyday", ["telea"], device="cpu", seed=7)
    assert [row.photo for row in report.rows] == [str(path) for path in photos]
    for index, row in enumerate(report.rows):
        image = picture(72, 96, index)
        hole = random_mask("everyday", 72, 96, np.random.default_rng([7, index]))
        filled = Inpainter("telea").restore_array(image, hole)
        assert row.error is None
        assert (row.height, row.width, row.mask) == (72, 96, "everyday")
        assert row.hole_ratio == pytest.approx(hole.mean())
        assert row.psnr == pytest.approx(metrics.psnr(image, filled))
        assert row.psnr_hole == pytest.approx(metrics.psnr(image, filled, hole))
        assert row.ssim == pytest.approx(metrics.ssim(image, filled))
        assert row.l1 == pytest.approx(metrics.l1(image, filled))
        assert 0 < row.lpips < 1
        assert row.seconds > 0


def test_methods_get_the_same_holes_and_progress_counts_fills(photos):
    calls = []
    report = evaluate(
        photos[:2],
        "thin",
        ["telea", "navier-stokes"],
        device="cpu",
        progress=lambda *call: calls.append(call),
    )
    assert [row.method for row in report.rows] == ["telea", "navier-stokes"] * 2
    assert report.rows[0].hole_ratio == report.rows[1].hole_ratio
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert set(report.means()) == {"telea", "navier-stokes"}


def test_the_first_photos_of_more_have_the_same_masks(photos):
    all_of_them = evaluate(photos, "lama", ["telea"], device="cpu")
    first = evaluate(photos[:1], "lama", ["telea"], device="cpu")
    assert first.rows[0].psnr == all_of_them.rows[0].psnr


def test_masks_of_a_share_are_the_same_for_a_seed_and_have_that_share():
    find = draw_masks("lama", 3, (0.2, 0.3))
    masks = [find(index, "a.png", (72, 96))[0] for index in range(5)]
    assert all(0.2 <= mask.mean() < 0.3 for mask in masks)
    assert not np.array_equal(masks[0], masks[1])
    again, where = draw_masks("lama", 3, (0.2, 0.3))(1, "b.png", (72, 96))
    assert np.array_equal(again, masks[1])
    assert where == "lama, 20% to 30%"
    with pytest.raises(MaskError, match=r"scratches, 40% to 60%.*96 x 72"):
        draw_masks("scratches", 3, (0.4, 0.6))(0, "a.png", (72, 96))


def test_masks_of_a_folder_go_by_name(photos, tmp_path, hole):
    write_mask(tmp_path / "masks" / "b.png", hole(72, 96))
    report = evaluate([photos[1]], tmp_path / "masks", ["telea"], device="cpu")
    (row,) = report.rows
    assert row.error is None
    assert row.mask == str(tmp_path / "masks" / "b.png")
    assert row.hole_ratio == pytest.approx(hole(72, 96).mean())
    assert report.settings["seed"] is None


def test_photos_that_fail_are_rows_and_the_others_are_measured(photos, tmp_path, hole):
    masks = tmp_path / "masks"
    write_mask(masks / "a.png", hole(72, 96))
    write_mask(masks / "b.png", hole(10, 10))
    broken = photos[0].with_name("d.png")
    broken.write_bytes(b"no picture")
    report = evaluate([*photos, broken], masks, ["telea", "navier-stokes"], device="cpu")
    errors = [row.error for row in report.rows[::2]]
    assert errors[0] is None
    assert "10" in errors[1]
    assert "96" in errors[1]
    assert "no mask for it" in errors[2]
    assert "d.png" in errors[3]
    assert len(report.failures) == 6
    assert report.means()["telea"]["photos"] == 1
    assert report.means()["telea"]["failed"] == 3
    assert "1" in report.table()


def test_a_method_that_fails_on_a_photo_does_not_end_the_run(photos, monkeypatch):
    real = Inpainter.restore_array

    def fail_once(self, image, hole, **options):
        if image.shape[0] == 72 and not fail_once.failed:
            fail_once.failed = True
            raise RuntimeError("out of memory on the device")
        return real(self, image, hole, **options)

    fail_once.failed = False
    monkeypatch.setattr(Inpainter, "restore_array", fail_once)
    report = evaluate(photos, "thin", ["telea"], device="cpu")
    assert [row.error for row in report.rows] == [
        "RuntimeError: out of memory on the device",
        None,
        None,
    ]


def test_tiny_photos_have_no_perceptual_figures(tmp_path, picture):
    path = tmp_path / "tiny.png"
    Image.fromarray(picture(9, 14)).save(path)
    (row,) = evaluate([path], "everyday", ["telea"], device="cpu").rows
    assert row.error is None
    assert row.lpips is None
    assert row.ssim is None
    assert row.psnr > 0


def test_environment_says_what_measured(photos, tmp_path):
    report = evaluate(photos[:1], "thin", ["telea"], device="cpu")
    environment = report.environment
    assert environment["device"] == "cpu"
    assert environment["cpu"]
    assert environment["threads"]["torch"] >= 1
    assert {"python", "numpy", "torch"} <= set(environment["versions"])
    assert environment["weights_sha256"] == {}
    report.write(tmp_path / "out")


def test_weights_are_named_by_their_hash(photos, tmp_path):
    path = tmp_path / "mine.safetensors"
    network = InpaintingNetwork(NetworkConfig(encoder_options={"width": 8}))
    save_network(path, network, {})
    report = evaluate(photos[:1], "thin", [path, "telea"], device="cpu")
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert report.environment["weights_sha256"] == {str(path): expected}
    assert report.failures == ()


def test_equal_pictures_are_counted_apart(photos, monkeypatch):
    monkeypatch.setattr(Inpainter, "restore_array", lambda self, image, hole: image.copy())
    report = evaluate(photos, "thin", ["telea"], device="cpu")
    assert [row.psnr for row in report.rows] == [float("inf")] * 3
    assert report.means()["telea"]["psnr_infinite"] == 3
    assert report.means()["telea"]["lpips"] == 0


def test_what_cannot_be_evaluated_is_said_at_once(photos, tmp_path):
    with pytest.raises(PhotoError, match="no photos"):
        evaluate([], "thin", ["telea"])
    with pytest.raises(InpaintError, match="no methods"):
        evaluate(photos, "thin", [])
    with pytest.raises(MaskError, match="neither a folder nor a kind"):
        evaluate(photos, tmp_path / "nowhere", ["telea"])
    with pytest.raises(MethodError, match="telea"):
        evaluate(photos, "thin", ["telae"], device="cpu")
    with pytest.raises(MethodError, match="warp"):
        evaluate(photos, "thin", ["telea"], device="warp")
