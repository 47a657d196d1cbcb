"""The trained network as a method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from inpaint import weights
from inpaint.errors import MethodError
from inpaint.network.summary import estimate_bytes_per_pixel


class NetworkMethod:
    """Fills holes with a network from a weights file.

    weights_name: a shipped name ("default") or a .safetensors file; device: a torch device. On a
    CUDA GPU convolutions run in 16 bits, as they were trained; the prefill that they add to stays
    float32.
    """

    def __init__(self, weights_name: str | Path, device: str = "cpu"):
        path = weights.find_weights(weights_name)
        self.name = path.stem
        self.path = path
        self.device = torch.device(device)
        limits = weights.read_limits(path)
        self.max_side, self.max_thickness, self.max_mirrored_area, self.texture_from = limits
        network = weights.load_network(path, device)
        self._network = network.to(memory_format=torch.channels_last)
        self.bytes_per_pixel = estimate_bytes_per_pixel(self._network)
        self._dtype = _quick_dtype(self.device)

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """The Method contract: float32 H x W x 3 in [0, 1] and bool H x W in, the picture out."""
        pixels = torch.tensor(image, dtype=torch.float32)
        mask = torch.tensor(hole, dtype=torch.float32)
        quick = torch.autocast(self.device.type, self._dtype, enabled=self._dtype is not None)
        with torch.inference_mode(), quick:
            out = self._network(
                pixels.permute(2, 0, 1)[None].to(self.device), mask[None, None].to(self.device)
            )
        return out[0].permute(1, 2, 0).float().cpu().numpy()


def _quick_dtype(device: torch.device) -> torch.dtype | None:
    """What convolutions run in, None for float32: 16 bits where that is a GPU's own kind."""
    if device.type != "cuda":
        return None
    return torch.bfloat16 if torch.cuda.is_bf16_supported(False) else torch.float16


def choose_device(name: str) -> str:
    """A torch device for "auto", "cpu", "cuda", "cuda:N" or "mps".

    "auto": a CUDA GPU, else Apple's, else the CPU. MethodError if the named one is not there.
    """
    available = ["cpu"]
    if torch.cuda.is_available():
        available += ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        available.append("mps")
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if device in available)
    if name not in available:
        raise MethodError(f"no device {name!r} here (there are: auto, {', '.join(available)})")
    return name
