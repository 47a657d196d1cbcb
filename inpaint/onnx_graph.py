"""A network as an ONNX graph: with its weights, a file for any runtime; without, a small one that
lies beside its weights file and lets ONNX Runtime load that without torch.

Needs the packages of the extra `onnx`. Both kinds take `image` and `mask` and give `restored`, as
InpaintingNetwork.forward does, for pictures of any size up to LARGEST_SIDE.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint import quantisation, weights
from inpaint.errors import MethodError
from inpaint.known_pixels import enlarge
from inpaint.methods.graph import KEY, SUFFIX
from inpaint.methods.onnxruntime import open_session
from inpaint.stored_tensors import GRAPH_PREFIX, read_tensors
from inpaint.whole_file import write_whole

if TYPE_CHECKING:
    import onnx
    import torch

INPUTS, OUTPUT = ("image", "mask"), "restored"
PRECISIONS = ("fp32", "fp16", "int8")
# By how much at most a restoration may differ from torch's, in [0, 1]; int8 is judged by LPIPS.
TOLERANCES = {"fp32": 1e-4, "fp16": 0.02}


def write_graph(name: str | Path, path: str | Path | None = None) -> Path:
    """The graph of a weights file without its tensors, by default beside it.

    MethodError if packages for it are missing.
    """
    source = weights.find_weights(name)
    model = trace(source, fold=False)
    stored = {GRAPH_PREFIX + name for name in read_tensors(source)}
    for tensor in model.graph.initializer:
        if tensor.name in stored:
            _empty(tensor)
    return write_whole(path or source.with_suffix(SUFFIX), model.SerializeToString())


def export(
    name: str | Path,
    path: str | Path,
    precision: str = "fp32",
    photos: Sequence[Path] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Export:
    """Write a weights file as one .onnx file that holds all, and compare it with torch.

    precision: one of PRECISIONS. int8 needs `photos` to measure the ranges of values on; layers
    that it would harm stay fp32, see `Export.layers`; `progress` is called with (layers, of all).
    MethodError if packages are missing, photos are, or the file does not do as torch does.
    """
    if precision not in PRECISIONS:
        raise MethodError(f"no precision {precision!r} (there are: {', '.join(PRECISIONS)})")
    if precision == "int8" and not photos:
        raise MethodError("int8 needs photos to measure the ranges of values on (--photos FOLDER)")
    source = weights.find_weights(name)
    model, layers = trace(source, fold=True), []
    if precision == "fp16":
        model = quantisation.to_half(model)
    elif precision == "int8":
        model, layers = quantisation.to_int8(model, quantisation.make_feeds(photos), progress)
    data = model.SerializeToString()
    largest = compare(data, source)
    if not largest <= TOLERANCES.get(precision, np.inf):
        raise MethodError(
            f"{source}: exported as {precision} it differs from the original by {largest:.3g} of 1"
        )
    return Export(write_whole(path, data), largest, layers)


@dataclass(frozen=True)
class Export:
    """A file, by how much of 1 it differs from torch at most, and layers as int8 moves them."""

    path: Path
    largest_difference: float
    layers: list[quantisation.Layer]


def trace(path: Path, fold: bool) -> onnx.ModelProto:
    """The ONNX model of a weights file, float32.

    fold: batch normalisation becomes part of the convolutions before it; else every tensor keeps
    its name in the weights file, behind GRAPH_PREFIX.
    """
    torch, optimizer = _import_exporter()
    from inpaint.network.graph import LARGEST_SIDE, NetworkGraph

    network = weights.load_network(path)
    sides = {
        axis: torch.export.Dim(side, min=2, max=LARGEST_SIDE)
        for axis, side in ((2, "height"), (3, "width"))
    }
    # Sides that are no multiples of anything, and differ, so that none is taken for a constant.
    example = torch.rand(1, 3, 99, 130), torch.zeros(1, 1, 99, 130)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, about itself
        program = torch.onnx.export(
            NetworkGraph(network),
            example,
            input_names=INPUTS,
            output_names=[OUTPUT],
            dynamic_shapes=dict.fromkeys(INPUTS, sides),
            dynamo=True,
            optimize=fold,
            verbose=False,
        )
    if not fold:
        optimizer.fold_constants(program.model)
        optimizer.remove_unused_nodes(program.model)
    model = program.model_proto
    _strip(model)
    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, json.dumps(describe(path, network))
    return model


def describe(path: Path, network: torch.nn.Module) -> dict[str, Any]:
    """What a method needs to know of a graph: its network, and the card's limits."""
    from inpaint.network.summary import estimate_bytes_per_pixel

    return {
        "name": path.stem,
        "network": weights.read_config(path),
        **weights.read_limits(path)._asdict(),
        "bytes_per_pixel": estimate_bytes_per_pixel(network),
    }


def compare(model: bytes, path: Path, sizes: int = 4, seed: int = 0) -> float:
    """The largest difference of an ONNX model from its weights in torch, on smooth pictures of
    random sizes with a hole."""
    import torch

    network = weights.load_network(path)
    session = open_session(model)
    rng = np.random.default_rng(seed)
    largest = 0.0
    for _ in range(sizes):
        height, width = (int(side) for side in rng.integers(9, 300, 2))
        coarse = rng.random((height // 8 + 1, width // 8 + 1, 3), np.float32)
        image = enlarge(coarse, height, width).transpose(2, 0, 1)[None]
        mask = np.zeros((1, 1, height, width), np.float32)
        mask[..., height // 4 : height // 2 + 1, width // 3 : 2 * width // 3 + 1] = 1
        (found,) = session.run([OUTPUT], {"image": image, "mask": mask})
        with torch.inference_mode():
            wanted = network(torch.from_numpy(image), torch.from_numpy(mask)).numpy()
        largest = max(largest, float(np.abs(found - wanted).max()))
    return largest


def _strip(model: onnx.ModelProto) -> None:
    """Without what only the exporter's authors need: where each node comes from."""
    graph = model.graph
    for part in (*graph.node, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.value_info[:]
    del graph.metadata_props[:]


def _empty(tensor: onnx.TensorProto) -> None:
    """A tensor that says its name, kind and shape, and whose values are handed in later."""
    import onnx

    size = (
        int(np.prod(list(tensor.dims)))
        * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    )
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "weights"), ("offset", "0"), ("length", str(size))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def _import_exporter() -> tuple[Any, Any]:
    try:
        import onnx  # noqa: F401 (the next two want it)
        import torch
        from onnxscript import optimizer
    except ImportError as error:
        raise MethodError(
            f"to export a network, pip install 'photomend[onnx]' ({error.name} is missing)"
        ) from error
    return torch, optimizer
