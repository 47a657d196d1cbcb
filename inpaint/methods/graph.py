"""A trained network as an ONNX graph, which needs no torch: what its runtimes have in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from inpaint import weights
from inpaint.errors import MethodError, WeightsError
from inpaint.stored_tensors import GRAPH_PREFIX, read_tensors

SUFFIX = ".onnx"
KEY = "photomend"  # of a graph's metadata: a JSON object, see `inpaint.onnx_graph.describe`


class ForeignGraphError(WeightsError):
    """A graph that runs, but that photomend has not exported."""


class GraphMethod(ABC):
    """Fills holes with a network as an ONNX graph, on the CPU.

    source: an .onnx file that `inpaint export` has written, or weights (a shipped name or a
    .safetensors file) with the graph that fits beside them. WeightsError if there is none, or it
    is damaged.

    A runtime derives from it, says its `runtime` name, and has `_load` and `_run`.
    """

    runtime: str

    def __init__(self, source: str | Path):
        path = Path(source)
        if path.suffix == SUFFIX:
            self.path, facts = path, self._open(path, {})
        else:
            self.path = weights.find_weights(source)
            facts = self._open_beside(self.path)
        self.name = path.stem
        self.max_side: int = facts["max_side"]
        self.max_thickness: int | None = facts["max_thickness"]
        # Older files do not say the next two.
        self.max_mirrored_area: int = facts.get("max_mirrored_area", 0)
        self.texture_from: int | None = facts.get("texture_from")
        self.bytes_per_pixel: float = facts["bytes_per_pixel"]

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """The Method contract: float32 H x W x 3 in [0, 1] and bool H x W in, the picture out."""
        pixels = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
        mask = np.ascontiguousarray(hole[None, None], np.float32)
        try:
            restored = self._run({"image": pixels, "mask": mask})
        except RuntimeError as error:
            raise MethodError(f"{self.path}: the network failed ({_first_line(error)})") from error
        return np.ascontiguousarray(restored[0].transpose(1, 2, 0), np.float32)

    @abstractmethod
    def _load(self, model: bytes, tensors: dict[str, np.ndarray]) -> str | None:
        """Get ready to run `model`, with the `tensors` that it lacks, by name; its metadata under
        KEY, if there is any. Whatever it raises says that this is no model."""

    @abstractmethod
    def _run(self, feeds: dict[str, np.ndarray]) -> np.ndarray:
        """N x 3 x H x W of float32 `image`, N x 3 x H x W, and `mask`, N x 1 x H x W."""

    def _open_beside(self, path: Path) -> dict[str, Any]:
        graph = path.with_suffix(SUFFIX)
        if not graph.is_file():
            raise WeightsError(f"{path}: {self.runtime} needs its graph, {graph.name}, beside it")
        config = weights.read_config(path)
        facts = self._open(graph, read_tensors(path))
        if facts["network"] != config:
            raise WeightsError(f"{graph}: the graph of another network than that of {path.name}")
        # The limits are the weights' own: a graph serves all networks of its shape.
        facts |= weights.read_limits(path)._asdict()
        return facts

    def _open(self, path: Path, tensors: dict[str, np.ndarray]) -> dict[str, Any]:
        # Counters of training steps are in no graph.
        tensors = {GRAPH_PREFIX + name: v for name, v in tensors.items() if v.dtype.kind == "f"}
        try:
            metadata = self._load(path.read_bytes(), tensors)
            if metadata is None:
                raise ForeignGraphError(f"{path}: not a network that photomend has exported")
            facts = json.loads(metadata)
            for key in ("name", "network", "max_side", "max_thickness", "bytes_per_pixel"):
                facts[key]
        except ForeignGraphError:
            raise
        except OSError as error:
            raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
        # The runtimes' errors have no common base but this.
        except Exception as error:
            raise WeightsError(
                f"{path}: not a network that photomend has exported ({_first_line(error)})"
            ) from error
        return facts


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
