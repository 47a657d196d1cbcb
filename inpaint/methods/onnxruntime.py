"""A trained network in ONNX Runtime: on a CPU quicker than torch, and quicker to start."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime

from inpaint.methods.graph import KEY, GraphMethod


class OnnxRuntimeMethod(GraphMethod):
    """See GraphMethod."""

    runtime = "ONNX Runtime"

    def __init__(self, source: str | Path):
        super().__init__(source)
        # Without it, the memory of the largest window is kept for ever.
        self._options = onnxruntime.RunOptions()
        self._options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def _load(self, model: bytes, tensors: dict[str, np.ndarray]) -> str | None:
        self._session = open_session(model, tensors)
        return self._session.get_modelmeta().custom_metadata_map.get(KEY)

    def _run(self, feeds: dict[str, np.ndarray]) -> np.ndarray:
        (restored,) = self._session.run(None, feeds, self._options)
        return restored


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
