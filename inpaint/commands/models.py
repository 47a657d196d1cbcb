"""`inpaint models`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from inpaint import weights
from inpaint.errors import MethodError
from inpaint.methods import list_methods


def run(arguments: argparse.Namespace) -> int:
    """List all methods, or describe one."""
    if arguments.name is None:
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
        raise MethodError(f"there is no method {name!r}; choose from: {', '.join(methods)}")
    path = weights.find_weights(name)
    card = weights.read_card(path)
    print(f"{path.stem}: {path}")
    for key, value in card.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        print(f"  {key}: {text}")
    print(f"  sha256: {weights.sha256(path)}")


def _facts(card: dict) -> str:
    """Parameters and licence, as far as a card says."""
    facts = []
    parameters = card.get("parameters")
    if isinstance(parameters, (int, float)):
        facts.append(f"{parameters / 1e6:.2f} M parameters")
    if card.get("licence"):
        facts.append(str(card["licence"]))
    return ", ".join(facts)
