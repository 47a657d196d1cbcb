"""A trained network in ONNX Runtime: on a CPU quicker than torch, and quicker to start."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from inpaint import weights
from inpaint.errors import MethodError, WeightsError
from inpaint.stored_tensors import GRAPH_PREFIX, read_tensors

SUFFIX = ".onnx"
_KEY = "photomend"


class OnnxMethod:
    """Fills holes with a network as an ONNX graph, on the CPU.

    source: an .onnx file that `inpaint export` has written, or weights (a shipped name or a
    .safetensors file) with the graph that fits beside them. WeightsError if there is none, or it
    is damaged.
    """

    def __init__(self, source: str | Path):
        path = Path(source)
        if path.suffix == SUFFIX:
            self.path, self._session, facts = path, *_open(path, {})
        else:
            self.path = weights.find_weights(source)
            self._session, facts = _open_beside(self.path)
        self.name = path.stem
        self.max_side: int = facts["max_side"]
        self.max_thickness: int | None = facts["max_thickness"]
        self.bytes_per_pixel: float = facts["bytes_per_pixel"]
        # Without it, the memory of the largest window is kept for ever.
        self._options = onnxruntime.RunOptions()
        self._options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """The Method contract: float32 H x W x 3 in [0, 1] and bool H x W in, the picture out."""
        feeds = {
            "image": np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32),
            "mask": np.ascontiguousarray(hole[None, None], np.float32),
        }
        try:
            (restored,) = self._session.run(None, feeds, self._options)
        except RuntimeError as error:
            raise MethodError(f"{self.path}: the network failed ({_first_line(error)})") from error
        return np.ascontiguousarray(restored[0].transpose(1, 2, 0), np.float32)


def _open_beside(path: Path) -> tuple[onnxruntime.InferenceSession, dict[str, Any]]:
    graph = path.with_suffix(SUFFIX)
    if not graph.is_file():
        raise WeightsError(f"{path}: ONNX Runtime needs its graph, {graph.name}, beside it")
    config = weights.read_config(path)
    session, facts = _open(graph, read_tensors(path))
    if facts["network"] != config:
        raise WeightsError(f"{graph}: the graph of another network than that of {path.name}")
    # The limits are the weights' own: a graph serves all networks of its shape.
    facts["max_side"], facts["max_thickness"] = weights.read_limits(path)
    return session, facts


def open_session(
    model: bytes, tensors: dict[str, np.ndarray] | None = None
) -> onnxruntime.InferenceSession:
    """An ONNX model on the CPU, without a word of its own on the terminal.

    tensors: those that a graph lacks, by name. OMP_NUM_THREADS limits threads, as it does torch's.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdecimal():
        options.intra_op_num_threads = int(threads)
    if tensors:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in tensors.values()]
        options.add_external_initializers(list(tensors), values)
    # From bytes: so a model cannot name files to be read.
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _open(path: Path, tensors: dict[str, np.ndarray]) -> tuple[Any, dict[str, Any]]:
    # Counters of training steps are in no graph.
    tensors = {GRAPH_PREFIX + name: v for name, v in tensors.items() if v.dtype.kind == "f"}
    try:
        session = open_session(path.read_bytes(), tensors)
        facts = json.loads(session.get_modelmeta().custom_metadata_map[_KEY])
        for key in ("name", "network", "max_side", "max_thickness", "bytes_per_pixel"):
            facts[key]
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    # ONNX Runtime's errors have no common base but this.
    except Exception as error:
        raise WeightsError(
            f"{path}: not a network that photomend has exported ({_first_line(error)})"
        ) from error
    return session, facts


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
