"""ImageNet weights for torchvision's networks: from a file, or torchvision's own download."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.error import URLError

import torch
import torchvision
from safetensors.torch import load_file
from torch import Tensor, nn


def load_pretrained(
    network: nn.Module,
    name: str,
    source: bool | str | Path | None,
    used: Iterable[nn.Module],
) -> None:
    """Fill the `used` parts of `network` (torchvision's architecture `name`) in place.

    `source`: None or False leaves it as initialised; True takes torchvision's default weights,
    from its cache or by download; a path is a safetensors file, or a state dict as torchvision
    publishes them (.pth), with torchvision's names. What lies in the file beyond the used parts
    is left out. ValueError says which file or which tensor does not fit.
    """
    if not source:
        return
    state = _downloaded(name) if source is True else _from_file(Path(source))
    wanted = _tensors_of(network, used)
    for key, tensor in wanted.items():
        if key not in state:
            raise ValueError(
                f"weights {source} are not those of {name}, or end before: {key!r} is missing"
            )
        if state[key].shape != tensor.shape:
            found, needed = tuple(state[key].shape), tuple(tensor.shape)
            raise ValueError(
                f"weights {source} are not those of {name}: {key!r} does not fit, "
                f"{found} instead of {needed}"
            )
    network.load_state_dict({key: state[key].float() for key in wanted}, strict=False)


def _tensors_of(network: nn.Module, used: Iterable[nn.Module]) -> dict[str, Tensor]:
    """The named tensors of `network` that belong to its parts `used`."""
    own = {id(t) for part in used for t in part.state_dict(keep_vars=True).values()}
    return {
        key: tensor
        for key, tensor in network.state_dict(keep_vars=True).items()
        # Counters matter to no feature, and are often left out of files.
        if id(tensor) in own and not key.endswith("num_batches_tracked")
    }


def _from_file(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise ValueError(f"cannot read pretrained weights {path}: it {what}")
    try:
        if path.suffix in (".pth", ".pt"):
            state = torch.load(path, map_location="cpu", weights_only=True)
        else:
            state = load_file(path)
    except Exception as error:  # torch raises what it pleases on a file of another kind
        raise ValueError(
            f"cannot read pretrained weights {path}: no safetensors file, nor a .pth file of "
            "tensors alone"
        ) from error
    if not (isinstance(state, dict) and all(isinstance(t, Tensor) for t in state.values())):
        raise ValueError(f"pretrained weights {path} must hold named tensors and nothing else")
    return state


def _downloaded(name: str) -> dict[str, Tensor]:
    weights = torchvision.models.get_model_weights(name).DEFAULT
    try:
        return weights.get_state_dict(progress=True, check_hash=True)
    except (OSError, URLError) as error:
        raise ValueError(
            f"torchvision's weights for {name} are not in its cache and cannot be downloaded "
            f"({error}); give a safetensors file as pretrained instead, or none"
        ) from error
