"""Methods by name: the fills behind one contract.

A method has a `name`; a `max_side`, the longest side of a window that it is good at (None:
any); and `fill(image, hole)` for any size from 1 x 1 on, which must not depend on the pixels
under the hole and must be deterministic. It may return anything outside the hole: the Inpainter
pastes. It may have

* `max_thickness`: the diameter, in pixels, of the largest disc in a hole that it is good at. Deep
  in holes its colours and fine detail then give way to the photo's own, in thick ones all of it
  (large_holes.py);
* beside it `texture_from`: holes in which a larger disc fits, in pixels, become texture of their
  surroundings that looks like the fill, where enough is known around them (docs/large-holes.md);
  0: all of them; None: only those above 60, where much is known;
* `max_mirrored_area`: windows of up to so many pixels are filled twice, the second time as their
  mirror image, and get the mean (`fill_mirrored`); 0: none;
* `bytes_per_pixel`: the memory that `fill` takes for a window.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import platform
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from inpaint.errors import MethodError, WeightsError

CLASSICAL = {
    "telea": "OpenCV's fast marching: quick, smooth; for thin scratches",
    "navier-stokes": "OpenCV's fluid dynamics: continues lines; for thin scratches",
    "biharmonic": "scikit-image: the smoothest surface; for small holes, slow on large ones",
}
RUNTIMES = ("auto", "torch", "onnxruntime", "openvino")
_NETWORK_SUFFIX, _GRAPH_SUFFIX = ".safetensors", ".onnx"
_OTHERS_SUFFIXES = (".pth", ".pt", ".ckpt")
_DEVICES_WITHOUT_TORCH = ("auto", "cpu")
# What a driver for NVIDIA's or AMD's cards leaves on a system; Apple's chips are asked by name.
_GPU_SIGNS = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")


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


def list_devices() -> list[str]:
    """What networks may be asked to run on here, "auto" first. Imports no torch, so what looks like
    a GPU may turn out to be none that torch can use."""
    gpu = "mps" if platform.system() == "Darwin" else "cuda"
    return ["auto", "cpu", *([gpu] if _may_have_gpu() else [])]


def create_method(name: str | Path | Method, device: str = "auto", runtime: str = "auto") -> Method:
    """The method of a name, a .safetensors or an .onnx file of photomend's, or a file of others: a
    .pth, .pt or .ckpt (LaMa, MAT), an .onnx (MI-GAN); a Method is returned as it is.

    device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:N" or "mps"; classical methods
    run on the CPU whatever it is. runtime: what runs a network, one of RUNTIMES; "auto" is ONNX
    Runtime on a CPU where a graph lies beside the weights, else torch. OpenVINO may fill a window
    quicker, but takes longer to start (benchmarks/cold_start.py), so it is taken when asked for.
    MethodError names the choices and the nearest; WeightsError says what is wrong with a file.
    """
    if runtime not in RUNTIMES:
        raise MethodError(f"no runtime {runtime!r} (there are: {', '.join(RUNTIMES)})")
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
    suffix = Path(name).suffix
    if suffix in (_NETWORK_SUFFIX, _GRAPH_SUFFIX) or str(name) in names:
        return _create_network(name, device, runtime)
    if suffix in _OTHERS_SUFFIXES:
        from inpaint.methods.others import OthersMethod

        if runtime not in ("auto", "torch"):
            raise MethodError(f"{name}: only torch runs {suffix} files, not {runtime}")
        return OthersMethod(name, _choose_device(device))
    raise MethodError(_explain_unknown(name, names))


def fill_mirrored(method: Method, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """What `method.fill` returns, for windows of up to its `max_mirrored_area` the mean of two.

    The mean of what it makes of a window and, mirrored back, of its mirror image errs less than
    either (the self-ensemble of Lim et al., Enhanced Deep Residual Networks, 2017).
    """
    fill = method.fill(image, hole)
    if hole.size > getattr(method, "max_mirrored_area", 0):
        return fill
    mirrored = (np.ascontiguousarray(array[:, ::-1]) for array in (image, hole))
    return (fill + method.fill(*mirrored)[:, ::-1]) / 2


def _create_network(name: str | Path, device: str, runtime: str) -> Method:
    is_graph = Path(name).suffix == _GRAPH_SUFFIX
    if is_graph or runtime in ("onnxruntime", "openvino"):
        if runtime == "torch":
            raise MethodError(f"{name}: torch runs {_NETWORK_SUFFIX} files, not {_GRAPH_SUFFIX}")
        if device not in _DEVICES_WITHOUT_TORCH:
            raise MethodError(f"graphs run on the CPU here, not on {device!r}")
        return _create_graph_method(name, runtime)
    without_gpu = device == "cpu" or (device == "auto" and not _may_have_gpu())
    if runtime == "auto" and without_gpu and _has_graph(name):
        try:
            return _create_graph_method(name, runtime)
        except WeightsError:  # of another network, or damaged; torch needs the weights only
            pass
    from inpaint.methods.network import NetworkMethod

    return NetworkMethod(name, _choose_device(device))


def _create_graph_method(name: str | Path, runtime: str) -> Method:
    try:
        if runtime == "openvino":
            from inpaint.methods.openvino import OpenVinoMethod

            return OpenVinoMethod(name)
        return _create_onnxruntime_method(name)
    except ImportError as error:
        package = "'photomend[openvino]'" if runtime == "openvino" else "onnxruntime"
        raise MethodError(f"{name}: {error.name} is missing: pip install {package}") from error


def _create_onnxruntime_method(name: str | Path) -> Method:
    from inpaint.methods.graph import ForeignGraphError
    from inpaint.methods.onnxruntime import OnnxRuntimeMethod

    try:
        return OnnxRuntimeMethod(name)
    except ForeignGraphError:
        from inpaint.methods.migan import MiGanMethod

        return MiGanMethod(name)


def _has_graph(name: str | Path) -> bool:
    from inpaint.weights import find_weights

    here = importlib.util.find_spec("onnxruntime") is not None
    return here and find_weights(name).with_suffix(_GRAPH_SUFFIX).is_file()


def _may_have_gpu() -> bool:
    """Whether torch should be asked, which takes a second."""
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    return any(os.path.exists(sign) for sign in _GPU_SIGNS) or bool(shutil.which("nvidia-smi"))


def _choose_device(device: str) -> str:
    from inpaint.methods.network import choose_device

    return choose_device(device)


def _explain_unknown(name: str | Path, names: list[str]) -> str:
    if isinstance(name, Path) or Path(name).suffix:
        kinds = f"{_NETWORK_SUFFIX} or {_GRAPH_SUFFIX}"
        return (
            f"{name}: a file to restore with is a {kinds} that photomend has written, or a network "
            f"of others ({', '.join((*_OTHERS_SUFFIXES, _GRAPH_SUFFIX))})"
        )
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"there is no method {name!r}{hint} (there are: {', '.join(names)})"
