"""ImageNet weights for torchvision's networks: from a file, or torchvision's own download."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn


def load_pretrained(network: nn.Module, name: str, source: bool | str | Path | None) -> None:
    """Fill `network` (torchvision's architecture `name`) in place.

    `source`: None or False leaves it as initialised; True takes torchvision's default
    weights, from its cache or by download; a path is a safetensors file with torchvision's
    names, in which layers after the features may be missing. ValueError says which file or
    which layer does not fit.
    """
    if not source:
        return
    state = _downloaded(name) if source is True else _from_file(Path(source))
    own = network.state_dict()
    unknown = [key for key in state if key not in own]
    wrong = [key for key in state if key in own and state[key].shape != own[key].shape]
    if unknown or wrong or not state:
        problem = f"{(unknown or wrong)[0]!r} does not fit" if state else "it holds no tensors"
        raise ValueError(f"weights {source} are not those of {name}: {problem}")
    network.load_state_dict({key: value.float() for key, value in state.items()}, strict=False)


def _from_file(path: Path) -> dict:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"cannot read pretrained weights {path}: {error}") from error


def _downloaded(name: str) -> dict:
    weights = torchvision.models.get_model_weights(name).DEFAULT
    try:
        return weights.get_state_dict(progress=True, check_hash=True)
    except (OSError, URLError) as error:
        raise ValueError(
            f"torchvision's weights for {name} are not in its cache and cannot be downloaded "
            f"({error}); give a safetensors file as pretrained instead, or none"
        ) from error
