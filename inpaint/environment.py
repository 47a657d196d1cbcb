"""What measures: the machine, the packages and the weights that figures depend on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inpaint.inpainter import Inpainter

_PACKAGES = (
    "photomend",
    "numpy",
    "torch",
    "torchvision",
    "opencv-python",
    "opencv-python-headless",
    "pillow",
    "scikit-image",
    "lpips",
)


def describe_environment(device: str, inpainters: Mapping[str, Inpainter]) -> dict[str, Any]:
    """Packages' versions, processor, device and, by method, its weights' SHA-256."""
    import torch

    from inpaint import weights
    from inpaint._opencv import cv2

    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "system": platform.platform(),
        "cpu": _cpu_name(),
        "cpu_cores": os.cpu_count(),
        "device": device,
        "gpu": torch.cuda.get_device_name(device) if device.startswith("cuda") else None,
        "threads": {"torch": torch.get_num_threads(), "opencv": cv2.getNumThreads()},
        "weights_sha256": {
            name: weights.sha256(inpainter.method.path)
            for name, inpainter in inpainters.items()
            if hasattr(inpainter.method, "path")
        },
    }


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
