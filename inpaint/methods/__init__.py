"""Methods by name: the fills behind one contract.

A method has a `name`; a `max_side`, the longest side of a window that it is good at (None:
any); and `fill(image, hole)` for any size from 1 x 1 on, which must not depend on the pixels
under the hole and must be deterministic. It may return anything outside the hole: the Inpainter
pastes. It may have a `max_thickness`, the diameter of the largest disc in a hole that it is good
at, and `bytes_per_pixel`, the memory that `fill` takes for a window.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from inpaint.errors import MethodError

CLASSICAL = {
    "telea": "OpenCV's fast marching: quick, smooth; for thin scratches",
    "navier-stokes": "OpenCV's fluid dynamics: continues lines; for thin scratches",
    "biharmonic": "scikit-image: the smoothest surface; for small holes, slow on large ones",
}
_NETWORK_SUFFIX = ".safetensors"
_DEVICES_WITHOUT_TORCH = ("auto", "cpu")


@runtime_checkable
class Method(Protocol):
    """What fills a hole."""

    name: str
    max_side: int | None

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """float32 H x W x 3 sRGB in [0, 1] and bool H x W with a True -> float32 H x W x 3."""
        ...


@dataclass(frozen=True)
class MethodInfo:
    """A method to choose by name; `kind` is "network" or "classical"."""

    name: str
    kind: str
    description: str


def list_methods() -> list[MethodInfo]:
    """Shipped networks, `default` first, then the classical methods. Imports no torch.

    MethodError if two have the same name.
    """
    from inpaint.weights import list_weights

    networks = [MethodInfo(info.name, "network", info.description) for info in list_weights()]
    classical = [MethodInfo(name, "classical", text) for name, text in CLASSICAL.items()]
    (name, count), *_ = Counter(info.name for info in networks + classical).most_common(1)
    if count > 1:
        raise MethodError(f"there are {count} methods named {name!r}; rename the weights file")
    return networks + classical


def create_method(name: str | Path | Method, device: str = "auto") -> Method:
    """The method of a name or a .safetensors file; a Method is returned as it is.

    device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:N" or "mps"; classical methods
    run on the CPU whatever it is.
    MethodError names the choices and the nearest; WeightsError says what is wrong with a file.
    """
    if not isinstance(name, (str, Path)):
        if isinstance(name, Method):
            return name
        raise MethodError(f"a method is a name, a file, or has fill(image, hole), not {name!r}")
    if str(name) in CLASSICAL:
        from inpaint.methods.classical import create_classical

        if device not in _DEVICES_WITHOUT_TORCH:
            _choose_device(device)
        return create_classical(str(name))
    names = [info.name for info in list_methods()]
    if Path(name).suffix == _NETWORK_SUFFIX or str(name) in names:
        from inpaint.methods.network import NetworkMethod

        return NetworkMethod(name, _choose_device(device))
    raise MethodError(_explain_unknown(name, names))


def _choose_device(device: str) -> str:
    from inpaint.methods.network import choose_device

    return choose_device(device)


def _explain_unknown(name: str | Path, names: list[str]) -> str:
    if isinstance(name, Path) or Path(name).suffix:
        return f"{name}: a file to restore with is a {_NETWORK_SUFFIX} that photomend has written"
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"there is no method {name!r}{hint} (there are: {', '.join(names)})"
