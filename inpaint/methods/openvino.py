"""A trained network in OpenVINO: on many CPUs the quickest, but slower to start. The extra
`openvino` installs it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import onnx
import openvino

from inpaint.methods.graph import KEY, GraphMethod


class OpenVinoMethod(GraphMethod):
    """See GraphMethod."""

    runtime = "OpenVINO"

    def _load(self, model: bytes, tensors: dict[str, np.ndarray]) -> str | None:
        proto = onnx.load_from_string(model)
        for tensor in _all_tensors(proto.graph):
            if tensor.name in tensors:
                tensor.CopyFrom(onnx.numpy_helper.from_array(tensors[tensor.name], tensor.name))
            elif tensor.data_location == onnx.TensorProto.EXTERNAL:  # a model names no files
                raise ValueError(f"the values of {tensor.name} are not in it")
        self._compiled = compile_model(proto)
        return next((entry.value for entry in proto.metadata_props if entry.key == KEY), None)

    def _run(self, feeds: dict[str, np.ndarray]) -> np.ndarray:
        return self._compiled(feeds)[0]


def compile_model(model: onnx.ModelProto) -> openvino.CompiledModel:
    """An ONNX model on the CPU. OMP_NUM_THREADS limits threads, as it does torch's."""
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdecimal():
        settings["INFERENCE_NUM_THREADS"] = threads
    core = openvino.Core()
    return core.compile_model(core.read_model(model.SerializeToString()), "CPU", settings)


def _all_tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for attribute in (attribute for node in graph.node for attribute in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for inner in (attribute.g, *attribute.graphs):
            yield from _all_tensors(inner)
