"""A folder of photos and a preset small enough for tests."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from train.preset import Preset, load_preset

TINY = [
    "network.encoder_options.width=8",
    "network.bottleneck_options.dilations=[1, 2]",
    "data.size=32",
    "data.photo_side=48",
    "data.window=[0.9, 1.5]",
    "data.mask_bank=16",
    "data.validation=2",
    "losses.perceptual=0",
    "losses.style=0",
    "optimiser.warmup=0",
    "run.samples=80",
    "run.batch=4",
    "run.log_every=5",
    "run.validate_every=40",
]


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder with twelve photos of 64 to 90 pixels."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for i in range(12):
        height, width = rng.integers(64, 90, 2)
        y, x = np.mgrid[0:height, 0:width]
        waves = [np.sin(x / rng.uniform(4, 20) + y / rng.uniform(4, 20)) for _ in range(3)]
        pixels = (np.stack(waves, -1) * 100 + 128).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture
def tiny() -> Preset:
    return load_preset("cpu", TINY)


@pytest.fixture
def tiny_flags() -> list[str]:
    """The same preset as flags of the command line."""
    return ["--preset", "cpu", *(part for value in TINY for part in ("--set", value))]
