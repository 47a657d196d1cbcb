"""python -m train.carry: a run made small enough to travel between machines, and back.

    python -m train.carry pack runs/mine parcel/      # here, or after a leg on a borrowed GPU
    python -m train.carry unpack parcel/ runs/mine    # there; then train with --resume runs/mine

A parcel holds the newest checkpoint in files of a limited size, with the preset and the log.
Weights travel as float16, the optimiser's moments as bfloat16 (most are too small for float16), the
discriminator without its optimiser, which warms up anew. So a leg that goes on from a parcel is not
bit-exact, as `--resume` is where the run was.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from inpaint.errors import InpaintError, TrainingError
from inpaint.whole_file import write_whole
from train.run import RunFolder

_PART_BYTES = 15 << 20
_LEFT_BEHIND = "discriminator_optimiser"
_BESIDE = ("preset.toml", "log.csv")
_PLACE = "tensor"  # the key of what stands for a tensor in the outline


def pack(run: str | Path, parcel: str | Path, *, part_bytes: int = _PART_BYTES) -> list[Path]:
    """Write the newest checkpoint of `run` into the folder `parcel`; its files.

    A parcel that lies there already is replaced. TrainingError if there is no checkpoint, or a
    tensor is larger than a file may be.
    """
    folder, parcel = RunFolder(run), Path(parcel)
    state = folder.load_checkpoint()
    state.pop(_LEFT_BEHIND, None)
    tensors: list[Tensor] = []

    def take(path: str, tensor: Tensor) -> dict[str, int]:
        tensors.append(_shrink(path, tensor))
        return {_PLACE: len(tensors) - 1}

    outline = _map_tensors(state, take)
    parts: list[dict[int, Tensor]] = [{}]
    room = part_bytes
    for number, tensor in enumerate(tensors):
        size = tensor.numel() * tensor.element_size()
        if size > part_bytes:
            raise TrainingError(f"a tensor of {size:,} bytes does not fit into a part")
        if size > room:
            parts.append({})
            room = part_bytes
        parts[-1][number] = tensor
        room -= size
    parcel.mkdir(parents=True, exist_ok=True)
    contents = {"outline.pt": outline} | {f"part{i}.pt": part for i, part in enumerate(parts)}
    written = [
        write_whole(parcel / name, lambda file, content=content: torch.save(content, file))
        for name, content in contents.items()
    ]
    for old in set(parcel.glob("part*.pt")) - set(written):
        old.unlink()
    for name in _BESIDE:
        if (folder.path / name).exists():
            written.append(write_whole(parcel / name, (folder.path / name).read_bytes()))
    return written


def unpack(parcel: str | Path, run: str | Path) -> Path:
    """Make `run` a run folder that goes on from `parcel`; its path.

    TrainingError if a part is missing or damaged, or `run` holds a newer checkpoint.
    """
    parcel, folder = Path(parcel), RunFolder(run)
    try:
        outline = torch.load(parcel / "outline.pt", weights_only=True)
        tensors: dict[int, Tensor] = {}
        for path in parcel.glob("part*.pt"):
            tensors |= torch.load(path, weights_only=True)
        state = _map_places(outline, lambda number: _restore(tensors[number]))
    # torch raises what it pleases on a torn file.
    except Exception as error:
        raise TrainingError(f"{parcel}: not a whole parcel of train.carry ({error})") from error
    checkpoints = folder.path / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    newest = max((int(path.stem) for path in checkpoints.glob("[0-9]*.pt")), default=0)
    if newest > state["samples"]:
        raise TrainingError(
            f"{folder.path} has seen {newest} samples, the parcel only {state['samples']}"
        )
    (folder.path / "samples").mkdir(exist_ok=True)
    for name in _BESIDE:
        if (parcel / name).exists():
            shutil.copy(parcel / name, folder.path / name)
    folder.save_checkpoint(state, state["samples"])
    return folder.path


def _shrink(path: str, tensor: Tensor) -> Tensor:
    if (
        tensor.dtype != torch.float32
        or tensor.ndim == 0
        or path.endswith(("running_mean", "running_var"))
    ):
        return tensor  # small variances vanish in float16, large means overflow
    moments = path.startswith("optimiser.")
    return tensor.to(torch.bfloat16 if moments else torch.float16).contiguous()


def _restore(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _map_tensors(value: Any, change: Callable[[str, Tensor], Any], path: str = "") -> Any:
    """A copy of nested dicts and lists in which each tensor is replaced."""
    if isinstance(value, Tensor):
        return change(path, value)
    if isinstance(value, dict):
        inner = f"{path}." if path else ""
        return {k: _map_tensors(v, change, f"{inner}{k}") for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map_tensors(v, change, path) for v in value]
    return value


def _map_places(value: Any, find: Callable[[int], Tensor]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_PLACE}:
            return find(value[_PLACE])
        return {k: _map_places(v, find) for k, v in value.items()}
    if isinstance(value, list):
        return [_map_places(v, find) for v in value]
    return value


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train.carry", description="Pack a run for another machine, and unpack it"
    )
    parser.add_argument("action", choices=("pack", "unpack"))
    parser.add_argument("source", metavar="FROM", help="run folder (pack) or parcel (unpack)")
    parser.add_argument("target", metavar="TO", help="parcel (pack) or run folder (unpack)")
    arguments = parser.parse_args(argv)
    try:
        if arguments.action == "pack":
            for path in pack(arguments.source, arguments.target):
                print(f"{path}: {path.stat().st_size / 2**20:.1f} MiB")
        else:
            print(unpack(arguments.source, arguments.target))
    except InpaintError as error:
        print(f"train.carry: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
