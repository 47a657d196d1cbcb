"""Weights files: one safetensors file that is enough to rebuild its network.

The tensors lie as stored_tensors.py has it. The header's key ``photomend`` holds a JSON card:
format_version, network (a NetworkConfig), description, preset, data, samples, figures, licence,
max_side.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from inpaint.errors import WeightsError
from inpaint.stored_tensors import pack, read_tensors, shorten
from inpaint.whole_file import write_whole

if TYPE_CHECKING:
    from torch import Tensor

    from inpaint.network import InpaintingNetwork

SUFFIX = ".safetensors"
FORMAT_VERSION = 1
_LONGEST_CONFIG = 10_000  # characters; one of thousands of layers takes minutes to build
# Times the side of the crops it was trained on: that thick a hole a network fills better in one go
# than at reduced size, up to so many pixels (benchmarks/large_holes.py).
_THICKEST, _MOST_THICKNESS = 2, 256
_MAX_SIDE = 512  # of a file that does not say
# So large a window is filled twice in the time of one of 512 x 512 pixels.
_MAX_MIRRORED_AREA = 512 * 512 // 2
# Of any thickness a hole looks better made of what is around it, if a network was trained for looks
# (docs/large-holes.md).
_TEXTURE_FOR_LOOKS = 0
_LOSSES_OF_LOOKS = "perceptual", "lpips", "style"
_KEY = "photomend"
# Building a network without memory takes about 6 for each tensor.
_CALLS_PER_TENSOR = 50


@dataclass(frozen=True)
class WeightsInfo:
    """A weights file and what its header says, read without its tensors."""

    name: str
    path: Path
    card: dict[str, Any]

    @property
    def description(self) -> str:
        return str(self.card.get("description", ""))


class Limits(NamedTuple):
    """What a network asks of the windows that it fills, see `inpaint.methods`; in pixels."""

    max_side: int
    max_thickness: int | None
    max_mirrored_area: int
    texture_from: int | None


def weights_folder() -> Path:
    """The folder of the shipped weights: in an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_weights"
    return installed if installed.is_dir() else package.parent / "weights"


def list_weights() -> list[WeightsInfo]:
    """Shipped networks, `default` first, then by name. Imports no torch."""
    found = []
    for path in sorted(weights_folder().glob(f"*{SUFFIX}")):
        card = _read_header(path).get(_KEY)
        if card is not None:  # other files hold features that metrics and losses use
            found.append(WeightsInfo(path.stem, path, _parse_card(path, card)))
    return sorted(found, key=lambda info: (info.name != "default", info.name))


def find_weights(name: str | Path) -> Path:
    """The file of a shipped network's name, or the file that a path names.

    WeightsError if there is neither.
    """
    path = Path(name)
    if path.suffix == SUFFIX:
        if path.is_file():
            return path
        raise WeightsError(f"{path}: no such weights file")
    shipped = weights_folder() / f"{name}{SUFFIX}"
    if shipped.is_file():
        return shipped
    names = ", ".join(info.name for info in list_weights()) or "none"
    raise WeightsError(f"no weights named {str(name)!r} in {weights_folder()} (there are: {names})")


def read_card(name: str | Path) -> dict[str, Any]:
    """The card in a weights file's header. WeightsError if it is not a file of ours."""
    path = find_weights(name)
    card = _read_header(path).get(_KEY)
    if card is None:
        raise WeightsError(f"{path}: a safetensors file, but not weights written by photomend")
    return _parse_card(path, card)


def load_network(name: str | Path, device: str = "cpu") -> InpaintingNetwork:
    """Rebuild a network from its weights file, in eval mode, float32, on `device`.

    WeightsError names the file, and the tensor that is missing, unknown or of a wrong shape.
    """
    import torch
    from safetensors import SafetensorError

    from inpaint.network import InpaintingNetwork, NetworkConfig

    path = find_weights(name)
    card = read_card(path)
    try:
        config = _rebuildable(card["network"])
        state = {key: torch.from_numpy(value) for key, value in read_tensors(path).items()}
        # A file may lie about its network: shapes are compared before there is memory for it.
        with torch.device("meta"), _limited(_CALLS_PER_TENSOR * (len(state) + 1)):
            outline = InpaintingNetwork(NetworkConfig(**config))
        _check_tensors(path, outline, state)
        network = InpaintingNetwork(NetworkConfig(**config))
        network.load_state_dict(state)
        _try_out(network)
    except WeightsError:
        raise
    # What torch makes of numbers that no network has: these, and what they derive from.
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
        OSError,
        SafetensorError,
    ) as error:
        reason = shorten(str(error).splitlines()[0]) if str(error) else type(error).__name__
        raise WeightsError(f"{path}: the network cannot be rebuilt ({reason})") from error
    return network.to(device).eval()


def read_config(name: str | Path) -> dict[str, Any]:
    """What rebuilds the network of a weights file: a NetworkConfig as JSON values."""
    path = find_weights(name)
    try:
        return _rebuildable(read_card(path)["network"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: its header describes no network") from error


def _rebuildable(config: dict[str, Any]) -> dict[str, Any]:
    """Without a pretrained start, which is part of the history."""
    options = dict(config.get("encoder_options", {}))
    options.pop("pretrained", None)
    config = {**config, "encoder_options": options}
    return {**config, "coarse": _rebuildable(config["coarse"])} if config.get("coarse") else config


def read_limits(name: str | Path) -> Limits:
    """The limits of a weights file: as its card says, and as follows from its preset."""
    card = read_card(name)
    side = card.get("max_side", _MAX_SIDE)
    crop = _table(_table(card, "preset"), "data").get("size")
    for what, number in (("max_side", side), ("crop size", crop)):
        if number is not None and (type(number) is not int or not 1 <= number <= 1 << 20):
            raise WeightsError(f"{find_weights(name)}: its {what} is no number of pixels")
    thickness = crop and min(_THICKEST * crop, _MOST_THICKNESS)
    if _aims_at_mean(card):
        return Limits(side, thickness, _MAX_MIRRORED_AREA, None)
    return Limits(side, thickness, 0, None if thickness is None else _TEXTURE_FOR_LOOKS)


def _aims_at_mean(card: dict[str, Any]) -> bool:
    """Whether it was trained for a small error alone. The mean of two such fills errs less; that of
    two that shall look like a photo is blurred."""
    preset = _table(card, "preset")
    losses, adversary = _table(preset, "losses"), _table(preset, "adversary")
    looks = [losses.get(name) for name in _LOSSES_OF_LOOKS]
    looks += [adversary.get("weight"), adversary.get("feature_matching")]
    return bool(losses.get("psnr")) and not any(looks)


def _table(card: dict[str, Any], key: str) -> dict[str, Any]:
    """A part of a card, which may hold any JSON values."""
    value = card.get(key)
    return value if isinstance(value, dict) else {}


def save_network(
    path: str | Path, network: InpaintingNetwork, card: dict[str, Any], *, dtype: str = "float16"
) -> Path:
    """Write a network and its card. `dtype`: "float16", or "int8" per output channel.

    `card` may hold any JSON values; format_version and network are filled in. The file
    appears whole or not at all.
    """
    from safetensors.numpy import save

    card = {"format_version": FORMAT_VERSION, **card, "network": network.config.to_dict()}
    state = {key: value.detach().cpu().numpy() for key, value in network.state_dict().items()}
    return _write(path, save(pack(state, dtype), metadata={_KEY: json.dumps(card)}))


def replace_card(name: str | Path, card: dict[str, Any]) -> Path:
    """Another card for a weights file, whose tensors stay bit by bit."""
    from safetensors.numpy import load_file, save

    path = find_weights(name)
    return _write(path, save(load_file(path), metadata={_KEY: json.dumps(card)}))


def _write(path: str | Path, data: bytes) -> Path:
    try:
        return write_whole(path, data)
    except OSError as error:
        raise WeightsError(f"cannot write {path}: {error.strerror}") from error


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file, which a report names its weights by."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_header(path: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError) as error:
        reason = shorten(str(error))
        raise WeightsError(f"{path}: not a readable safetensors file ({reason})") from error


def _parse_card(path: Path, text: str) -> dict[str, Any]:
    try:
        card = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, say
        raise WeightsError(f"{path}: the card in its header is damaged ({error})") from error
    if not isinstance(card, dict) or card.get("format_version") != FORMAT_VERSION:
        version = card.get("format_version") if isinstance(card, dict) else None
        raise WeightsError(
            f"{path}: weights format {shorten(repr(version))}, this photomend reads "
            f"{FORMAT_VERSION}; "
            "install a photomend of the same age as the file"
        )
    if len(json.dumps(_without_widths(card.get("network")))) > _LONGEST_CONFIG:
        raise WeightsError(f"{path}: the network that its header describes is too long to be one")
    return card


def _without_widths(config: Any) -> Any:
    """A network's description but for the widths of pruned layers: they add none."""
    if not isinstance(config, dict):
        return config
    short = {key: value for key, value in config.items() if key != "widths"}
    if isinstance(short.get("coarse"), dict):
        short["coarse"] = {k: v for k, v in short["coarse"].items() if k != "widths"}
    return short


def _check_tensors(path: Path, network: InpaintingNetwork, state: dict[str, Tensor]) -> None:
    expected = network.state_dict()
    for key in expected.keys() | state.keys():
        called = f"tensor {shorten(key)!r}"
        if key not in state:
            raise WeightsError(f"{path}: {called} is missing")
        if key not in expected:
            raise WeightsError(f"{path}: {called} is not part of its network")
        if state[key].shape != expected[key].shape:
            found, wanted = tuple(state[key].shape), tuple(expected[key].shape)
            raise WeightsError(f"{path}: {called} has shape {found}, its network {wanted}")
        if state[key].is_floating_point() != expected[key].is_floating_point():
            found, wanted = state[key].dtype, expected[key].dtype
            raise WeightsError(f"{path}: {called} is {found}, its network's {wanted}")
        if not state[key].isfinite().all():
            raise WeightsError(f"{path}: {called} holds values that are not numbers")


def _try_out(network: InpaintingNetwork) -> None:
    """Options that no tensor shows, a dilation below 1, say, fail in use only."""
    import torch

    with torch.inference_mode():
        network.eval()(torch.zeros(1, 3, 8, 8), torch.ones(1, 1, 8, 8))


def _limited(most: int) -> AbstractContextManager[None]:
    """In it, a network is built by at most `most` calls of torch, of layers that hold something.

    ValueError otherwise.
    """
    from torch import Tensor
    from torch.overrides import TorchFunctionMode

    class Counted(TorchFunctionMode):
        left = most

        def __torch_function__(self, function, types, args=(), kwargs=None):
            self.left -= 1
            if self.left < 0:
                raise ValueError("its network has more layers than the file has tensors")
            given = (*args, *(kwargs or {}).values())
            if any(isinstance(value, Tensor) and not value.numel() for value in given):
                raise ValueError("a layer of its network is empty")
            return function(*args, **(kwargs or {}))

    return Counted()
