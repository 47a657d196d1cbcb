"""Pictures and masks that the tests make for themselves."""

from __future__ import annotations

import os
import sys

# Before anything imports torch or Gradio: tests stay on this machine and on few threads.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # the processes share the cores
    share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(share, 1)))

import absl.logging
import numpy as np
import pytest

# TensorBoard's log handler closes its stream when uvicorn sets logging up, unless that is the
# process's own. Made while a test runs, it would close pytest's capture, and all tests after fail.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__


def make_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A uint8 H x W x 3 picture with gradients, edges and a little noise, as photos have."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack(
        [x * 200.0 / max(width, 2), y * 200.0 / max(height, 2), (x + y) % 97 * 2.0], axis=-1
    )
    for _ in range(6):
        top, left = rng.integers(0, height), rng.integers(0, width)
        side = 1 + min(height, width) // 4
        picture[top : top + side, left : left + side] = rng.integers(0, 256, 3)
    picture += rng.normal(0, 3, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def make_hole(height: int, width: int) -> np.ndarray:
    """A bool H x W mask with a box in the middle, about a ninth of the picture."""
    hole = np.zeros((height, width), bool)
    hole[
        height // 3 : height // 3 + max(1, height // 3),
        width // 3 : width // 3 + max(1, width // 3),
    ] = 1
    return hole


@pytest.fixture
def picture():
    return make_picture


@pytest.fixture
def hole():
    return make_hole
