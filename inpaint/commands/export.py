"""`inpaint export`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from inpaint.errors import MethodError
from inpaint.methods.graph import SUFFIX
from inpaint.onnx_graph import export, write_graph
from inpaint.pairing import find_photos

_PHOTOS = 16  # more change nothing: ranges, not colours, are measured on them


def run(arguments: argparse.Namespace) -> int:
    """Write a network as an ONNX file; what int8 does to each layer goes to stderr."""
    stem = Path(arguments.name).stem
    ending = "" if arguments.precision == "fp32" else f"-{arguments.precision}"
    output = arguments.output or Path(f"{stem}{ending}{SUFFIX}")
    if arguments.graph and arguments.precision != "fp32":
        raise MethodError("a graph has no weights and so no precision: leave one of the two out")
    if output.suffix != SUFFIX:
        raise MethodError(f"{output}: an exported network is a {SUFFIX} file")
    if output.exists() and not arguments.overwrite:
        raise MethodError(f"{output} exists already (--overwrite replaces it)")
    if arguments.graph:
        print(write_graph(arguments.name, output))
        return 0
    photos = find_photos(arguments.photos)[:_PHOTOS] if arguments.photos else []
    with tqdm(unit="layer", disable=None if arguments.precision == "int8" else True) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        done = export(arguments.name, output, arguments.precision, photos, show)
    for layer in done.layers:
        kept = ", stays fp32" if layer.sensitive else ""
        print(f"{layer.name}: {layer.error:.3f} of 255 levels{kept}", file=sys.stderr)
    print(
        f"inpaint: note: differs from torch by at most {done.largest_difference:.2g} of 1",
        file=sys.stderr,
    )
    print(done.path)
    return 0
