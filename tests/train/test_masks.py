"""The mask bank."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.errors import InpaintError
from train.masks import MaskBank, draw_masks, read_masks

CPU = torch.device("cpu")


def test_masks_follow_their_shares():
    thin = draw_masks({"thin": 1.0, "comodgan": 0.0}, 64, 40, seed=0).mean()
    large = draw_masks({"thin": 0.0, "comodgan": 1.0}, 64, 40, seed=0).mean()
    assert large > 1.5 * thin


def test_the_number_of_processes_does_not_matter(monkeypatch):
    alone = draw_masks({"everyday": 1.0, "lama": 1.0}, 32, 130, seed=3)
    monkeypatch.setattr("train.masks._WORTH_PROCESSES", 1)
    assert np.array_equal(alone, draw_masks({"everyday": 1.0, "lama": 1.0}, 32, 130, seed=3))


def test_the_step_alone_decides_the_masks():
    masks = draw_masks({"everyday": 1.0}, 32, 20, seed=0)
    bank = MaskBank(masks, batch=6, seed=1, device=CPU)
    batch = bank.batch(4)
    assert batch.shape == (6, 1, 32, 32)
    assert batch.dtype == torch.bool
    assert torch.equal(batch, MaskBank(masks, batch=6, seed=1, device=CPU).batch(4))
    assert not torch.equal(batch, bank.batch(5))
    halves = [MaskBank(masks, batch=6, seed=1, device=CPU, part=p) for p in (slice(3), slice(3, 6))]
    assert torch.equal(batch, torch.cat([half.batch(4) for half in halves]))


def test_own_masks_are_read_from_a_folder(tmp_path):
    white_left = np.zeros((40, 60), np.uint8)
    white_left[:, :30] = 255
    Image.fromarray(white_left).save(tmp_path / "left.png")
    (mask,) = read_masks(tmp_path, 32)
    assert mask[:, :15].all()
    assert not mask[:, 17:].any()


@pytest.mark.parametrize("content", [None, "black", "junk"])
def test_masks_that_cannot_serve_are_named(tmp_path, content):
    if content == "black":
        Image.new("L", (8, 8)).save(tmp_path / "black.png")
    elif content == "junk":
        (tmp_path / "junk.png").write_bytes(b"junk")
    with pytest.raises(InpaintError, match=content or str(tmp_path)):
        read_masks(tmp_path, 32)
