"""`inpaint models`."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from inpaint import weights
from inpaint.errors import MethodError
from inpaint.methods import list_methods

if TYPE_CHECKING:
    from inpaint.network import InpaintingNetwork
    from inpaint.network.summary import Layer

_SUMMARY_CHANNELS = 96  # of the parts around an encoder that is not trained


def run(arguments: argparse.Namespace) -> int:
    """List all methods, describe one, or take a network apart."""
    if arguments.summary:
        if arguments.name is None:
            raise MethodError("--summary needs a NAME: a network, a weights file or an encoder")
        _print_summary(arguments.name, arguments.stride, arguments.size)
    elif arguments.stride is not None:
        raise MethodError("--stride is of --summary; give both")
    elif arguments.name is None:
        _list()
    else:
        _describe(arguments.name)
    return 0


def _list() -> None:
    cards = {info.name: info.card for info in weights.list_weights()}
    methods = list_methods()
    name_width = max(len(method.name) for method in methods)
    kind_width = max(len(method.kind) for method in methods)
    for method in methods:
        facts = _facts(cards.get(method.name, {}))
        line = f"{method.name:{name_width}}  {method.kind:{kind_width}}  {method.description}"
        print(f"{line.rstrip()} ({facts})" if facts else line.rstrip())


def _describe(name: str) -> None:
    methods = {method.name: method for method in list_methods()}
    method = methods.get(name)
    if method is not None and method.kind != "network":
        print(f"{method.name}: {method.kind}; {method.description}")
        return
    if method is None and not Path(name).suffix:
        hint = (
            f" ({name} is an encoder: inpaint models {name} --summary)" if _is_encoder(name) else ""
        )
        raise MethodError(f"there is no method {name!r}{hint}; choose from: {', '.join(methods)}")
    path = weights.find_weights(name)
    card = weights.read_card(path)
    print(f"{path.stem}: {path}")
    for key, value in card.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        print(f"  {key}: {text}")
    print(f"  sha256: {weights.sha256(path)}")


def _is_encoder(name: str) -> bool:
    from inpaint.network import ENCODERS

    return name in ENCODERS


def _print_summary(name: str, stride: int | None, side: int) -> None:
    from inpaint.network.summary import summarise

    what, network = _find_network(name, stride)
    layers = summarise(network, side)
    header = ("layer", "kind", "output", "kernel", "stride", "sees", "parameters", "multiply-adds")
    rows = [
        (
            layer.name,
            layer.kind,
            " x ".join(map(str, layer.output)),
            _format_kernel(layer),
            _format_pair(layer.stride),
            "all" if math.isinf(layer.receptive_field) else str(math.ceil(layer.receptive_field)),
            f"{layer.parameters:,}",
            f"{layer.multiply_adds:,}",
        )
        for layer in layers
    ]
    parameters = sum(layer.parameters for layer in layers)
    multiply_adds = sum(layer.multiply_adds for layer in layers)
    total = ("total", "", "", "", "", "", f"{parameters:,}", f"{multiply_adds:,}")
    table = [header, *rows, total]
    widths = [max(map(len, column)) for column in zip(*table)]
    print(
        f"{what}, on {side} x {side} pixels (d: dilation; sees: side of the square, in pixels, "
        "that one step depends on, or all of the picture)"
    )
    for row in table:
        words, numbers = row[:3], row[3:]
        cells = [text.ljust(width) for text, width in zip(words, widths)]
        cells += [text.rjust(width) for text, width in zip(numbers, widths[3:])]
        print("  ".join(cells).rstrip())


def _find_network(name: str, stride: int | None) -> tuple[str, InpaintingNetwork]:
    """A shipped network, one in a file, or an untrained one around an encoder of that name; and
    which of these it is. Only the last can be cut at a `stride`, and is where one is given."""
    from inpaint.network import ENCODERS, InpaintingNetwork, NetworkConfig
    from inpaint.network.registry import nearest

    shipped = [info.name for info in weights.list_weights()]
    if stride is None and (name in shipped or Path(name).suffix):
        return f"{name}, trained", weights.load_network(name)
    if name in ENCODERS:
        options = {} if stride is None else {"max_stride": stride}
        config = NetworkConfig(name, options, max_channels=_SUMMARY_CHANNELS)
        try:
            network = InpaintingNetwork(config)
        except ValueError as error:  # no such stride
            raise MethodError(f"--stride {stride}: {error}") from error
        cut = network.encoder.strides[-1]
        return f"{name} up to stride {cut} in an untrained network", network
    if stride is not None:
        raise MethodError(
            f"--stride cuts an encoder, and {name!r} is none (encoders: {', '.join(ENCODERS)})"
        )
    names = list(dict.fromkeys([*shipped, *ENCODERS]))
    raise MethodError(
        f"{name!r} is no network{nearest(name, names)} (networks: {', '.join(names)}; or a "
        "weights file)"
    )


def _format_kernel(layer: Layer) -> str:
    text = _format_pair(layer.kernel)
    return f"{text} d{layer.dilation[0]}" if layer.dilation not in (None, (1, 1)) else text


def _format_pair(pair: tuple[int, int] | None) -> str:
    if pair is None:
        return ""
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]} x {pair[1]}"


def _facts(card: dict) -> str:
    """Parameters and licence, as far as a card says."""
    facts = []
    parameters = card.get("parameters")
    if isinstance(parameters, (int, float)):
        facts.append(f"{parameters / 1e6:.2f} M parameters")
    if card.get("licence"):
        facts.append(str(card["licence"]))
    return ", ".join(facts)
