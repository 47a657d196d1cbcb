"""Time and memory follow the hole: what is computed, and what is promised before."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint import cli
from inpaint.errors import MethodError
from inpaint.inpainter import Inpainter
from inpaint.photo import Photo


class Constant:
    name = "constant"
    bytes_per_pixel = 1000

    def __init__(self, max_side=None):
        self.max_side = max_side
        self.seen = []

    def fill(self, image, hole):
        self.seen.append(hole.shape)
        return np.full_like(image, 0.25)


def hole_at(height, width, side, top=100, left=100):
    hole = np.zeros((height, width), bool)
    hole[top : top + side, left : left + side] = True
    return hole


def test_a_large_photo_is_computed_where_its_hole_is_and_nowhere_else():
    method = Constant()
    photo = Photo.read(np.zeros((3000, 4000, 3), np.uint8))
    restored = Inpainter(method).restore(photo, hole_at(3000, 4000, 60))
    assert method.seen == [(60 + 2 * 64, 60 + 2 * 64)]
    assert restored.original is photo.original  # shared, not copied
    (edit,) = restored.edits
    assert edit.pixels.shape == (60, 60, 3)


def test_a_plan_says_what_will_be_computed_and_in_what_memory():
    photo = np.zeros((800, 1000, 3), np.uint8)
    small = Inpainter(Constant()).plan(photo, hole_at(800, 1000, 60))
    large = Inpainter(Constant()).plan(photo, hole_at(800, 1000, 300))
    assert len(small.windows) == 1
    assert 2 * photo.nbytes < small.memory < large.memory
    assert "1 window of 600 x 600 pixels" not in str(small)
    assert "1 window of" in str(large)
    assert "GB" in str(large)


def test_a_cap_makes_windows_smaller():
    photo, hole = np.zeros((800, 1000, 3), np.uint8), hole_at(800, 1000, 300)
    method = Constant()
    free = Inpainter(method).plan(photo, hole)
    cap = free.memory * 0.6
    inpainter = Inpainter(method, max_memory=cap)
    assert inpainter.plan(photo, hole).memory <= cap
    inpainter.restore_array(photo, hole)
    sides = [max(shape) for shape in method.seen]
    assert max(sides) <= inpainter.plan(photo, hole).max_side < free.windows[0].height


def test_a_cap_that_is_too_low_is_an_error_that_says_what_is_needed():
    photo, hole = np.zeros((800, 1000, 3), np.uint8), hole_at(800, 1000, 300)
    with pytest.raises(MethodError, match=r"at least \d+\.\d\d GB of memory, more than the 0\.00"):
        Inpainter(Constant(), max_memory=1e6).restore_array(photo, hole)


def test_the_command_tells_its_plan_and_keeps_to_its_limits(tmp_path, picture, capsys):
    from PIL import Image

    photo, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    Image.fromarray(picture(200, 300)).save(photo)
    Image.fromarray(hole_at(200, 300, 40)).save(mask)
    command = ["restore", str(photo), "--mask", str(mask), "--method", "telea", "--overwrite"]
    assert cli.main([*command, "--verbose"]) == 0
    assert "photo.png: 1 window of" in capsys.readouterr().err
    assert cli.main([*command, "--max-memory", "0.001"]) == 2
    assert "GB" in capsys.readouterr().err
    assert cli.main([*command, "--max-pixels", "0.05"]) == 2
    assert "--max-pixels" in capsys.readouterr().err
