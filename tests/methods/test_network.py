"""The trained network in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inpaint.methods import network
from inpaint.methods.network import NetworkMethod


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_in_16_bits_the_fill_is_nearly_the_same(dtype, picture, hole, monkeypatch):
    image, mask = (picture(96, 70) / 255).astype(np.float32), hole(96, 70)
    wanted = NetworkMethod("default").fill(image, mask)
    monkeypatch.setattr(network, "_quick_dtype", lambda device: dtype)  # as on a GPU
    found = NetworkMethod("default").fill(image, mask)
    assert found.dtype == np.float32
    assert 0 < np.abs(found - wanted).max() < 0.02


def test_a_cpu_computes_in_float32():
    assert network._quick_dtype(torch.device("cpu")) is None
