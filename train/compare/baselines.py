"""What the backbones are compared with: classical methods, and what all of them start from."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inpaint.evaluation import evaluate
from inpaint.network import InpaintingNetwork, NetworkConfig
from inpaint.weights import read_card, save_network
from inpaint.whole_file import write_whole
from train.compare.result import FIGURES

UNTRAINED = "prefill alone (untrained)"
_CLASSICAL = ("telea", "navier-stokes")
_FILE = "classical.json"


def measure_baselines(
    output: Path, photos: Sequence[Path], trained: Path
) -> dict[str, dict[str, float]]:
    """Figures of the classical methods and of the untrained start on the same photos and masks.

    Measured once for the same photos and crops; `trained` is a weights file of the comparison.
    """
    path = output / _FILE
    card = read_card(trained)
    size = card["preset"]["data"]["size"]
    key = {"photos": [photo.name for photo in photos], "size": size, "texture": False}
    kept = _read_baselines(path, key)
    if kept is not None:
        return kept
    with tempfile.TemporaryDirectory() as folder:
        untrained = _save_untrained(Path(folder) / "untrained.safetensors", card)
        means = evaluate(photos, "everyday", [*_CLASSICAL, untrained], texture=False).means()
    means[UNTRAINED] = means.pop(str(untrained))
    write_whole(path, json.dumps({**key, "means": means}, indent=1).encode())
    return means


def _read_baselines(path: Path, key: dict[str, Any]) -> dict[str, dict[str, float]] | None:
    """What was measured before; None if nothing was, it is of another `key` or not readable."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        means = {name: kept["means"][name] for name in (*_CLASSICAL, UNTRAINED)}
        for values in means.values():
            [float(values[figure]) for figure in FIGURES]
        return means if all(kept[name] == value for name, value in key.items()) else None
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _save_untrained(path: Path, card: dict[str, Any]) -> Path:
    """The smallest network there is: its zero heads add nothing to the prefill, as in all others.

    With the `card` of a trained one, so that it is given the same windows of a photo.
    """
    options = {"encoder": "light", "encoder_options": {"width": 8}}
    return save_network(path, InpaintingNetwork(NetworkConfig(**options)), card)
