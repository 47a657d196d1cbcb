"""How near a restored picture is to the original: PSNR, SSIM, L1 and LPIPS.

Pictures are uint8 H x W x 3 RGB, of equal shape. Higher is better for PSNR and SSIM, lower for
L1 and LPIPS. LPIPS follows people's judgement best; PSNR and L1 favour blur.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inpaint._opencv import cv2
from inpaint.errors import InpaintError, MaskError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

LPIPS_MIN_SIDE = 32  # AlexNet's last features need it
SSIM_MIN_SIDE = 11  # the side of SSIM's window


def psnr(a: np.ndarray, b: np.ndarray, hole: np.ndarray | None = None) -> float:
    """Peak signal-to-noise ratio in dB, over all three channels; infinite for equal pictures.

    With a hole (bool H x W) only its pixels count. Raises MaskError for an empty hole.
    """
    _check_pair(a, b)
    if hole is not None:
        if hole.shape != a.shape[:2] or hole.dtype != bool:
            raise MaskError(f"the hole is {hole.dtype} {hole.shape}, not bool {a.shape[:2]}")
        if not hole.any():
            raise MaskError("the hole is empty: nothing to measure there")
        a, b = a[hole], b[hole]
    difference = np.subtract(a, b, dtype=np.int32)
    error = float(np.mean(difference * difference))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def l1(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference with black at 0 and white at 1."""
    _check_pair(a, b)
    return float(cv2.absdiff(a, b).mean()) / 255


def ssim(a: np.ndarray, b: np.ndarray) -> float | None:
    """Structural similarity, 1 for equal pictures; None where a side is below 11 pixels.

    As its authors define it (Wang et al., 2004): Gaussian window of 11 x 11, sigma 1.5, K1 0.01,
    K2 0.03; the mean over channels and over all whole windows.
    """
    _check_pair(a, b)
    if min(a.shape[:2]) < SSIM_MIN_SIDE:
        return None
    return float(np.mean([_channel_ssim(a[..., c], b[..., c]) for c in range(3)]))


def _channel_ssim(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)

    def window_mean(values: np.ndarray) -> np.ndarray:
        border = SSIM_MIN_SIDE // 2
        blurred = cv2.GaussianBlur(values, (SSIM_MIN_SIDE, SSIM_MIN_SIDE), 1.5)
        return blurred[border:-border, border:-border]

    mean_a, mean_b = window_mean(a), window_mean(b)
    variance_a = window_mean(a * a) - mean_a**2
    variance_b = window_mean(b * b) - mean_b**2
    covariance = window_mean(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similar = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(similar / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))))


class Lpips:
    """Perceptual distance (Zhang et al., 2018, version 0.1); 0 for equal pictures.

    `net` is "alex", whose features ship with photomend, or "squeeze", for which `trunk` names a
    safetensors file with torchvision's `features.*` of SqueezeNet 1.1. Never downloads. Raises
    WeightsError where the features are missing or are not this network's.
    """

    def __init__(
        self, device: str = "cpu", net: str = "alex", trunk: str | Path | None = None
    ) -> None:
        if net not in ("alex", "squeeze"):
            raise WeightsError(f"LPIPS is measured with 'alex' or 'squeeze', not {net!r}")
        if trunk is None:
            if net != "alex":
                raise WeightsError(f"LPIPS with {net!r} needs the file of its features: trunk=FILE")
            from inpaint.weights import weights_folder

            trunk = weights_folder() / "alexnet_features.safetensors"
        self.net = net
        self.device = device
        self._metric = _load_lpips(net, Path(trunk)).to(device)

    def __call__(self, a: np.ndarray, b: np.ndarray) -> float | None:
        """The distance of two pictures (uint8 H x W x 3), None where a side is below 32 pixels."""
        import torch

        _check_pair(a, b)
        if min(a.shape[:2]) < LPIPS_MIN_SIDE:
            return None
        pair = (torch.from_numpy(np.array(p)).permute(2, 0, 1)[None] / 255 for p in (a, b))
        return float(self.batch(*pair))

    def batch(self, a: Tensor, b: Tensor) -> Tensor:
        """The distances of N pairs (N x 3 x H x W, floats in [0, 1]): N floats, on `device`."""
        import torch

        if a.shape != b.shape or a.ndim != 4 or a.shape[1] != 3:
            raise InpaintError(f"LPIPS compares N x 3 x H x W, not {(*a.shape,)} and {(*b.shape,)}")
        if min(a.shape[2:]) < LPIPS_MIN_SIDE:
            raise InpaintError(f"LPIPS needs sides of {LPIPS_MIN_SIDE} pixels, not {(*a.shape,)}")
        with torch.no_grad():
            a, b = (tensor.to(self.device, torch.float32) for tensor in (a, b))
            return self._metric(a, b, normalize=True).flatten()


def create_lpips(net: str) -> Module:
    """lpips's own network "alex" or "squeeze" with its trained heads, but on random features."""
    import lpips

    with warnings.catch_warnings():
        # lpips calls torchvision by its deprecated arguments.
        warnings.simplefilter("ignore")
        # pnet_rand leaves the trunk random, and with that lpips downloads nothing.
        return lpips.LPIPS(net=net, pretrained=True, pnet_rand=True, verbose=False)


def _load_lpips(net: str, trunk: Path) -> Module:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not trunk.is_file():
        raise WeightsError(f"LPIPS needs the features of {net!r}, but there is no file {trunk}")
    metric = create_lpips(net)
    try:
        features = load_file(trunk)
        # slice2.3.weight of lpips is features.3.weight of torchvision.
        own = {
            name: features["features." + name.split(".", 1)[1]].float()
            for name in metric.net.state_dict()
        }
        metric.net.load_state_dict(own)
    except (KeyError, RuntimeError, OSError, SafetensorError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise WeightsError(f"{trunk}: not the features of {net!r} ({reason})") from error
    return metric.eval().requires_grad_(False)


def _check_pair(a: np.ndarray, b: np.ndarray) -> None:
    for picture in (a, b):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise InpaintError(
                f"metrics compare uint8 H x W x 3, not {picture.dtype} {picture.shape}"
            )
    if a.shape != b.shape:
        raise InpaintError(f"the pictures differ in shape: {a.shape} and {b.shape}")
