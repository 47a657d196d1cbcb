"""An exported network with half the bits or a quarter of them.

The convolutions and what lies between them are converted; the prefill before and the sum behind
stay float32, for they carry the photo's own colours. Both functions take and give ONNX models as
`inpaint.onnx_graph.trace` makes them.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint.mask_shapes import random_mask
from inpaint.methods.onnxruntime import open_session
from inpaint.photo import Photo

if TYPE_CHECKING:
    import onnx

Feeds = dict[str, np.ndarray]

# A layer whose rounding alone moves the fill by more than this many of 255 levels stays float32.
TOLERATED = 0.5
_SIDE = 256  # of the pictures that ranges are measured on
_SEED = 7


@dataclass(frozen=True)
class Layer:
    """A convolution, and by how many of 255 levels int8 in it alone moves the fill, on average."""

    name: str
    error: float

    @property
    def sensitive(self) -> bool:
        return self.error > TOLERATED


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with a core of float16; inputs and output stay float32."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    core = _core(model)
    others = [node.name for node in model.graph.node if node.name not in core]
    return convert_float_to_float16(model, keep_io_types=True, node_block_list=others)


def to_int8(
    model: onnx.ModelProto,
    feeds: Sequence[Feeds],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[onnx.ModelProto, list[Layer]]:
    """The model with convolutions in int8, per output channel, and how sensitive each layer is.

    feeds: photos with holes, see `make_feeds`; ranges of activations are measured on them.
    progress: called with (layers tried, layers in all). Sensitive layers stay float32.
    """
    convolutions = {node.name: _layer_name(node) for node in _convolutions(model)}
    session = open_session(model.SerializeToString())
    wanted = [session.run(None, feed)[0] for feed in feeds]
    layers = []
    for done, (node, name) in enumerate(convolutions.items()):
        if progress is not None:
            progress(done, len(convolutions))
        alone = _quantised(model, [node], feeds)
        layers.append(Layer(name, _difference(alone, feeds, wanted)))
    chosen = [node for node, layer in zip(convolutions, layers) if not layer.sensitive]
    if progress is not None:
        progress(len(convolutions), len(convolutions))
    return (_quantised(model, chosen, feeds) if chosen else model), layers


def make_feeds(photos: Iterable[Path]) -> list[Feeds]:
    """The middles of photos with everyday holes, as a session takes them."""
    feeds = []
    for index, path in enumerate(photos):
        pixels = Photo.read(path).pixels
        height, width = (min(side, _SIDE) for side in pixels.shape[:2])
        top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
        part = pixels[top : top + height, left : left + width]
        image = part.astype(np.float32) / np.iinfo(part.dtype).max
        hole = random_mask("everyday", height, width, np.random.default_rng([_SEED, index]))
        feeds.append(
            {"image": image.transpose(2, 0, 1)[None], "mask": np.float32(hole[None, None])}
        )
    return feeds


def _quantised(
    model: onnx.ModelProto, nodes: Sequence[str], feeds: Sequence[Feeds]
) -> onnx.ModelProto:
    import onnx
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self._feeds: Iterator[Feeds] = iter(feeds)

        def get_next(self) -> Feeds | None:
            return next(self._feeds, None)

    # It writes and reads files, and advises on the root logger to prepare what is prepared.
    with tempfile.TemporaryDirectory() as folder, _without_warnings():
        before, after = Path(folder, "before.onnx"), Path(folder, "after.onnx")
        onnx.save(model, before)
        quantization.quantize_static(
            before,
            after,
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_quantize=list(nodes),
            op_types_to_quantize=["Conv"],
        )
        return onnx.load(after)


@contextmanager
def _without_warnings() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _difference(
    model: onnx.ModelProto, feeds: Sequence[Feeds], wanted: Sequence[np.ndarray]
) -> float:
    """In the holes, in levels of 255."""
    session = open_session(model.SerializeToString())
    errors = []
    for feed, other in zip(feeds, wanted):
        hole = np.broadcast_to(feed["mask"] > 0.5, other.shape)
        errors.append(np.abs(session.run(None, feed)[0] - other)[hole].mean())
    return float(np.mean(errors)) * 255


def _convolutions(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [node for node in model.graph.node if node.op_type == "Conv"]


def _layer_name(node: onnx.NodeProto) -> str:
    """As the network calls it: its kernel's name without the prefix and `.weight`."""
    return node.input[1].removeprefix("network.").removesuffix(".weight")


def _core(model: onnx.ModelProto) -> set[str]:
    """Nodes from the first convolution to the last."""
    nodes = list(model.graph.node)
    users: dict[str, list[Any]] = {}
    makers = {name: node for node in nodes for name in node.output}
    for node in nodes:
        for name in node.input:
            users.setdefault(name, []).append(node)
    first, *_, last = _convolutions(model)
    after = _reach(first, lambda node: [u for name in node.output for u in users.get(name, ())])
    before = _reach(last, lambda node: [makers[name] for name in node.input if name in makers])
    return after & before


def _reach(start: Any, neighbours: Callable[[Any], list[Any]]) -> set[str]:
    seen, waiting = set(), [start]
    while waiting:
        node = waiting.pop()
        if node.name not in seen:
            seen.add(node.name)
            waiting += neighbours(node)
    return seen
