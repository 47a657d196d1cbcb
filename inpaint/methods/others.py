"""Inpainting networks of others (LaMa, MAT) as a method, from the files their authors publish.

spandrel recognises the architecture from the file, and unpickles nothing but tensors; with
spandrel-extra-arches it knows MAT too. Needs the extra `others`. Neither ships with this package:
mind the licences of the files.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inpaint.errors import MethodError, WeightsError

# LaMa, trained on crops of 256 pixels, holds up to about this (Suvorov et al., arXiv:2109.07161).
_MAX_SIDE = 1024
# Of a forward pass of LaMa, from above.
_BYTES_PER_PIXEL = 2_000.0


class OthersMethod:
    """Fills holes with a network of others, on a torch device.

    WeightsError if the file is none that spandrel knows, or is damaged; MethodError without the
    package.
    """

    max_thickness = None
    bytes_per_pixel = _BYTES_PER_PIXEL

    def __init__(self, path: str | Path, device: str = "cpu"):
        self.path = Path(path)
        self.name = self.path.stem
        if not self.path.is_file():
            raise WeightsError(f"{path}: no such file")
        self._network = _load(self.path, device)
        self._device = torch.device(device)
        needed = self._network.size_requirements
        # One that was made for a single size takes no other.
        self.max_side = needed.minimum if needed.square else _MAX_SIDE

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """The Method contract: float32 H x W x 3 in [0, 1] and bool H x W in, the picture out."""
        pixels = torch.tensor(image, dtype=torch.float32).permute(2, 0, 1)[None]
        mask = torch.tensor(hole, dtype=torch.float32)[None, None]
        # What lies under the hole must not matter; not every network takes it out itself.
        pixels = torch.where(mask > 0, 0.5, pixels)
        try:
            with torch.inference_mode():
                out = self._network(pixels.to(self._device), mask.to(self._device))
        except RuntimeError as error:
            line = str(error).strip().splitlines()[0]
            raise MethodError(f"{self.path}: the network failed ({line})") from error
        return out[0].permute(1, 2, 0).float().cpu().numpy()


def _load(path: Path, device: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what those packages use
        spandrel = _import_library(path)
        try:
            network = spandrel.ModelLoader(device).load_from_file(path)
        # It and torch raise what they please on a file of another kind.
        except Exception as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise WeightsError(f"{path}: no inpainting network that is known ({reason})") from error
    if not isinstance(network, spandrel.MaskedImageModelDescriptor):
        raise WeightsError(f"{path}: a {network.architecture.name} network, which fills no holes")
    return network.eval()


def _import_library(path: Path) -> Any:
    try:
        import spandrel
    except ImportError as error:
        raise MethodError(
            f"{path}: networks of others need more packages: pip install 'photomend[others]'"
        ) from error
    try:
        import spandrel_extra_arches
    except ImportError:  # then without MAT
        return spandrel
    spandrel_extra_arches.install(ignore_duplicates=True)
    return spandrel
