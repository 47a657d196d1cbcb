"""Paint over a scratch or a stranger in a photo and get your own file back, mended.

    from inpaint import Inpainter

    Inpainter().restore("beach.jpg", "mask.png").write("beach_mended.jpg")

The names below are imported when first used, so that `import inpaint` stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from inpaint.errors import (
    InpaintError,
    MaskError,
    MethodError,
    PhotoError,
    TrainingError,
    WeightsError,
)

if TYPE_CHECKING:
    from inpaint.inpainter import Inpainter
    from inpaint.mask import read_mask
    from inpaint.methods import create_method, list_methods
    from inpaint.photo import Photo

__version__ = "0.1.0"

__all__ = [
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

_HOMES = {
    "Inpainter": "inpaint.inpainter",
    "Photo": "inpaint.photo",
    "create_method": "inpaint.methods",
    "list_methods": "inpaint.methods",
    "read_mask": "inpaint.mask",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
