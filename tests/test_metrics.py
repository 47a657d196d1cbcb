from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inpaint import weights
from inpaint._opencv import cv2
from inpaint.errors import InpaintError, MaskError, WeightsError
from inpaint.metrics import Lpips, l1, psnr, ssim


@pytest.fixture
def pair(picture):
    clean = picture(61, 83)
    noise = np.random.default_rng(1).normal(0, 12, clean.shape)
    return clean, (clean + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def distance():
    return Lpips()


def test_psnr_equals_that_of_skimage(pair):
    assert psnr(*pair) == pytest.approx(peak_signal_noise_ratio(*pair, data_range=255))
    black, white = np.zeros((4, 5, 3), np.uint8), np.full((4, 5, 3), 255, np.uint8)
    assert psnr(black, white) == pytest.approx(0)


def test_psnr_of_equal_pictures_is_infinite(pair):
    assert psnr(pair[0], pair[0].copy()) == float("inf")


def test_psnr_in_the_hole_sees_only_the_hole(pair, hole):
    clean, noisy = pair
    inside = hole(*clean.shape[:2])
    outside_changed = np.where(inside[..., None], clean, noisy)
    assert psnr(clean, outside_changed, inside) == float("inf")
    filled = np.where(inside[..., None], noisy, clean)
    error = ((clean.astype(float) - noisy)[inside] ** 2).mean()
    assert psnr(clean, filled, inside) == pytest.approx(10 * np.log10(255**2 / error))
    assert psnr(clean, filled) > psnr(clean, filled, inside)


def test_psnr_refuses_a_hole_that_does_not_fit(pair):
    with pytest.raises(MaskError, match="empty"):
        psnr(*pair, np.zeros((61, 83), bool))
    with pytest.raises(MaskError, match=r"\(8, 8\)"):
        psnr(*pair, np.ones((8, 8), bool))


def test_ssim_equals_that_of_skimage(pair):
    expected = structural_similarity(
        *pair,
        channel_axis=2,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(*pair) == pytest.approx(expected, abs=1e-9)
    assert ssim(pair[0], pair[0]) == pytest.approx(1)


def test_ssim_needs_a_whole_window(picture):
    assert ssim(picture(10, 40), picture(10, 40)) is None
    assert ssim(picture(11, 11), picture(11, 11)) == pytest.approx(1)


def test_l1_is_in_parts_of_white():
    black, white = np.zeros((3, 3, 3), np.uint8), np.full((3, 3, 3), 255, np.uint8)
    assert l1(black, white) == 1
    assert l1(black, black + 51) == pytest.approx(0.2)


@pytest.mark.parametrize("measure", [psnr, ssim, l1])
def test_pictures_must_be_alike(measure, picture):
    with pytest.raises(InpaintError, match="differ in shape"):
        measure(picture(20, 20), picture(20, 21))
    with pytest.raises(InpaintError, match="uint8 H x W x 3, not float64"):
        measure(picture(20, 20), picture(20, 20) / 255)


def test_lpips_of_equal_pictures_is_zero_and_of_a_pair_symmetric(distance, pair):
    assert distance(pair[0], pair[0]) == 0
    assert distance(*pair) == pytest.approx(distance(*pair[::-1]), rel=1e-5)
    assert distance(*pair) > 0.01


def test_lpips_grows_with_the_damage(distance, picture):
    clean = picture(96, 96)
    noise = np.random.default_rng(0).normal(0, 60, clean.shape)
    noisy = (clean + noise).clip(0, 255).astype(np.uint8)
    little, more = (cv2.GaussianBlur(clean, (0, 0), sigma) for sigma in (0.8, 4))
    unrelated = picture(96, 96, seed=5)[::-1]
    assert 0 < distance(clean, little) < distance(clean, more) < distance(clean, noisy)
    assert distance(clean, more) < distance(clean, unrelated)


def test_lpips_is_the_published_one(distance):
    """By features that reproduce the figures of the authors' examples; random ones give 0.17."""
    y, x = np.mgrid[0:64, 0:64]
    waves = np.stack([x * 4, y * 4, (x * y) % 256], -1).astype(np.uint8)
    assert distance(waves, waves[::-1].copy()) == pytest.approx(0.4896, abs=2e-3)


def test_lpips_of_a_batch_is_that_of_each(distance, pair):
    tensors = [torch.from_numpy(p).permute(2, 0, 1) / 255 for p in pair]
    clean, noisy = tensors
    both = distance.batch(torch.stack([clean, clean]), torch.stack([noisy, clean]))
    assert both.shape == (2,)
    assert both.tolist() == pytest.approx([distance(*pair), 0], abs=1e-5)


def test_lpips_below_32_pixels(distance, picture):
    assert distance(picture(31, 64), picture(31, 64)) is None
    assert distance(picture(32, 32), picture(32, 32)) == 0
    with pytest.raises(InpaintError, match="32 pixels"):
        distance.batch(torch.zeros(1, 3, 31, 64), torch.zeros(1, 3, 31, 64))


def test_lpips_leaves_its_inputs_alone(distance, pair):
    before = [picture.copy() for picture in pair]
    for picture in pair:
        picture.flags.writeable = False
    distance(*pair)
    assert all(np.array_equal(*both) for both in zip(before, pair, strict=True))


def test_missing_features_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "weights_folder", lambda: tmp_path)
    with pytest.raises(WeightsError, match=r"alexnet_features\.safetensors"):
        Lpips()


def test_features_of_another_network_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"features.0.weight": torch.zeros(64, 3, 3, 3)}, path)
    with pytest.raises(WeightsError, match=r"other\.safetensors: not the features of 'alex'"):
        Lpips(trunk=path)
    path.write_bytes(b"no safetensors")
    with pytest.raises(WeightsError, match="not the features"):
        Lpips(trunk=path)


def test_squeeze_needs_a_file(tmp_path):
    with pytest.raises(WeightsError, match="trunk=FILE"):
        Lpips(net="squeeze")
    with pytest.raises(WeightsError, match="'alex' or 'squeeze', not 'vgg'"):
        Lpips(net="vgg")
