"""How a network's tensors lie in its weights file, as NumPy arrays: no torch is needed.

Kernels are float16, or int8 with one float32 scale per output channel (`NAME.scale` beside `NAME`);
all else is float16, but for the statistics of batch normalisation, which stay float32: before it
values may have any size.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inpaint.errors import WeightsError

Tensors = dict[str, np.ndarray]

# What stands before a tensor's name in an ONNX graph of its network.
GRAPH_PREFIX = "network."

_SCALE = ".scale"
_STATISTICS = ("running_mean", "running_var")
_LONGEST_NAME = 200


def pack(state: Tensors, dtype: str) -> Tensors:
    """float32 arrays as they are stored: kernels in `dtype`, "float16" or "int8"."""
    if dtype not in ("float16", "int8"):
        raise WeightsError(f"weights are stored as float16 or int8, not {dtype!r}")
    packed = {}
    for key, value in state.items():
        if value.dtype.kind != "f" or key.endswith(_STATISTICS):
            packed[key] = value
        elif dtype == "int8" and value.ndim > 1:
            largest = np.abs(value.reshape(len(value), -1)).max(1)
            scale = np.maximum(largest, 1e-12).astype(np.float32) / np.float32(127)
            packed[key] = np.rint(value / _along_first(scale, value)).astype(np.int8)
            packed[key + _SCALE] = scale
        else:
            packed[key] = value.astype(np.float16)
    # safetensors writes memory as it lies; kernels of channels_last networks lie otherwise.
    return {key: np.asarray(value, order="C") for key, value in packed.items()}


def unpack(packed: Tensors) -> Tensors:
    """The inverse of `pack`: float32 arrays under their own names. ValueError for odd scales."""
    state = {}
    for key, value in packed.items():
        scale = packed.get(key + _SCALE)
        if scale is not None:
            if value.dtype != np.int8 or not value.ndim:
                raise ValueError(f"{shorten(key)!r} has scales, but is not int8")
            if scale.shape != value.shape[:1]:
                raise ValueError(f"{shorten(key)!r} and its scales differ in size")
            state[key] = value.astype(np.float32) * _along_first(scale, value)
        elif not key.endswith(_SCALE):
            state[key] = value.astype(np.float32) if value.dtype.kind == "f" else value
    return state


def read_tensors(path: Path) -> Tensors:
    """The unpacked arrays of a weights file. ValueError, OSError or SafetensorError if damaged."""
    from safetensors.numpy import load_file

    return unpack(load_file(path))


def shorten(text: str) -> str:
    """For a message: a file may hold names and texts of any length."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_NAME else f"{line[:_LONGEST_NAME]} ..."


def _along_first(scale: np.ndarray, value: np.ndarray) -> np.ndarray:
    return scale.astype(np.float32).reshape((-1,) + (1,) * (value.ndim - 1))
