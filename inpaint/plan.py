"""What a restoration will compute, and the memory that it takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from inpaint.errors import MethodError
from inpaint.methods import Method
from inpaint.window import Window

# A window's own floats: the picture, the fill, copies of them for texture, masks and blurs.
_WINDOW_BYTES = 200
# A method that does not say what it takes: OpenCV and scikit-image stay below.
_METHOD_BYTES = 200
# The photo that comes in and the one that goes out, each with a mask.
_COPIES = 2
_LEAST_SIDE = 256


@dataclass(frozen=True)
class Plan:
    """windows: what is computed; max_side: larger windows are filled in tiles; memory: bytes,
    an estimate, beside the program itself and the photo's file."""

    windows: list[Window]
    max_side: int | None
    memory: int

    def within(self, outer: Window) -> Plan:
        """The same for a part of the photo that holds all windows."""
        return replace(self, windows=[window.within(outer) for window in self.windows])

    def __str__(self) -> str:
        largest = max(self.windows, key=lambda window: window.height * window.width)
        more = ", the largest" if len(self.windows) > 1 else ""
        return (
            f"{len(self.windows)} window{'s' * (len(self.windows) > 1)}{more} of "
            f"{largest.width} x {largest.height} pixels, about {self.memory / 1e9:.1f} GB of memory"
        )


def make_plan(
    method: Method, image: np.ndarray, windows: list[Window], max_memory: float | None = None
) -> Plan:
    """How `windows` of `image` are filled within `max_memory` bytes.

    Where they would take more, the method gets smaller ones. MethodError if even windows of 256
    pixels would take more.
    """
    held = _COPIES * (image.nbytes + image.shape[0] * image.shape[1])
    method_bytes = getattr(method, "bytes_per_pixel", _METHOD_BYTES)

    def memory(limit: int | None) -> int:
        return int(held + max(_window_memory(w, limit, method_bytes) for w in windows))

    limit = method.max_side
    if max_memory is not None and memory(limit) > max_memory:
        left = max_memory - memory(1)
        limit = int(max(left, 0) ** 0.5 / method_bytes**0.5)
        if limit < _LEAST_SIDE:
            least = memory(_LEAST_SIDE)
            raise MethodError(
                f"this photo and mask take at least {least / 1e9:.2f} GB of memory, more than "
                f"the {max_memory / 1e9:.3g} GB allowed"
            )
    return Plan(windows, limit, memory(limit))


def _window_memory(window: Window, limit: int | None, method_bytes: float) -> float:
    pixels = window.height * window.width
    computed = pixels if limit is None else min(pixels, limit * limit)
    return pixels * _WINDOW_BYTES + computed * method_bytes
