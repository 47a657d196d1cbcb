"""MI-GAN (Sargsyan et al., ICCV 2023) as a method, from the .onnx file that its authors publish.

The graph is a whole pipeline: bytes in, bytes out, and inside it crops around the hole and resizes
to the 512 pixels that the network knows. It does not ship with this package: mind its licence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inpaint.errors import MethodError, WeightsError
from inpaint.methods.onnxruntime import open_session

_SIDE = 512
# Of the published pipeline's forward pass on a window of that side, from above.
_BYTES_PER_PIXEL = 2_000.0
_INPUTS = {"image": "tensor(uint8)", "mask": "tensor(uint8)"}
_UNDER_THE_HOLE = 127  # what lies there must not matter


class MiGanMethod:
    """Fills holes with MI-GAN's published pipeline (migan_pipeline_v2.onnx), on the CPU.

    WeightsError if the file is another graph, or damaged.
    """

    max_side = _SIDE
    max_thickness = None
    bytes_per_pixel = _BYTES_PER_PIXEL

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.name = self.path.stem
        try:
            self._session = open_session(self.path.read_bytes())
        except OSError as error:
            raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
        # ONNX Runtime's errors have no common base but this.
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise WeightsError(f"{path}: no ONNX graph that can be run ({reason})") from error
        inputs = {given.name: given.type for given in self._session.get_inputs()}
        if inputs != _INPUTS or len(self._session.get_outputs()) != 1:
            raise WeightsError(
                f"{path}: neither a network that photomend has exported nor MI-GAN's pipeline "
                f"(its inputs: {', '.join(f'{name} {kind}' for name, kind in inputs.items())})"
            )

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """The Method contract: float32 H x W x 3 in [0, 1] and bool H x W in, the picture out."""
        levels = np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)
        levels[hole] = _UNDER_THE_HOLE
        known = np.where(hole, 0, 255).astype(np.uint8)
        feeds = {
            "image": np.ascontiguousarray(levels.transpose(2, 0, 1)[None]),
            "mask": known[None, None],
        }
        try:
            (restored,) = self._session.run(None, feeds)
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise MethodError(f"{self.path}: the network failed ({reason})") from error
        return restored[0].transpose(1, 2, 0).astype(np.float32) / 255
