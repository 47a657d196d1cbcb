"""The names that `inpaint` offers, and what it costs to import it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import inpaint

NAMES = [
    "InpaintError",
    "Inpainter",
    "MaskError",
    "MethodError",
    "Photo",
    "PhotoError",
    "TrainingError",
    "WeightsError",
    "create_method",
    "list_methods",
    "read_mask",
]


def test_the_names():
    assert inpaint.__all__ == NAMES
    assert inpaint.__version__ == "0.1.0"
    assert set(NAMES) <= set(dir(inpaint))
    for name in NAMES:
        assert getattr(inpaint, name).__name__ == name
        assert getattr(inpaint, name).__doc__


def test_other_names_are_missing():
    with pytest.raises(AttributeError, match="no attribute 'Painter'"):
        _ = inpaint.Painter


def test_errors_share_one_base():
    for name in NAMES:
        if name.endswith("Error"):
            assert issubclass(getattr(inpaint, name), inpaint.InpaintError)
    assert issubclass(inpaint.InpaintError, ValueError)


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import inpaint", ["torch", "cv2", "gradio", "numpy", "PIL", "skimage"]),
        ("from inpaint import Photo, read_mask", ["torch", "gradio", "skimage"]),
        ("import inpaint; inpaint.list_methods()", ["torch", "cv2", "gradio", "skimage"]),
        ("import inpaint; inpaint.Inpainter('telea')", ["torch", "gradio", "skimage"]),
    ],
)
def test_what_an_import_costs(statement, absent):
    code = f"import sys; {statement}; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
