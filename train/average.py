"""python -m train.average: one network from several legs of one training.

    python -m train.average runs/b/weights.safetensors runs/a/weights.safetensors --output runs/mean

Runs that began with the same weights usually lie in one basin, and the mean of their weights is
often better than either on photos that none has seen (model soups: Wortsman et al., 2022,
arXiv:2203.05482), at no cost in time. Whether it is, benchmarks/choose.py tells. The first may have
a deeper bottleneck than others: its further blocks are the mean over those that have them. A coarse
network, which is not trained along, stays the first's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from inpaint import weights
from inpaint.errors import InpaintError, TrainingError
from inpaint.network import InpaintingNetwork
from train.ship import forget_measured


def average(names: Sequence[str | Path], output: str | Path) -> Path:
    """The mean of weights of one network, at least two, as OUTPUT/weights.safetensors.

    names: shipped names or .safetensors files, of which one may come twice, to count twice; the
    first's card is kept. TrainingError if one is another network, or the output is one of them.
    """
    if len(names) < 2:
        raise TrainingError("a mean needs at least two weights")
    paths = [weights.find_weights(name) for name in names]
    target = Path(output) / "weights.safetensors"
    if any(path.resolve() == target.resolve() for path in paths):
        raise TrainingError(f"--output {output}: {target} is one of the weights to average")
    network, *others = (weights.load_network(path) for path in paths)
    for path, other in zip(paths[1:], others):
        _check_same(network, other, path, paths[0])
    states = [n.state_dict() for n in (network, *others)]
    network.load_state_dict({key: _mean(key, states) for key in states[0]})
    card = forget_measured(weights.read_card(paths[0]))
    card["mean_of"] = [
        {"name": "/".join(path.parts[-2:]), "sha256": weights.sha256(path)} for path in paths
    ]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"cannot create {target.parent}: {error.strerror}") from error
    return weights.save_network(target, network, card)


def _check_same(
    first: InpaintingNetwork, other: InpaintingNetwork, path: Path, first_path: Path
) -> None:
    """TrainingError if the networks differ by more than blocks at the first's bottleneck's end."""
    for part in ("encoder", "lateral", "decoder", "prefill", "noise"):
        if repr(getattr(first, part)) != repr(getattr(other, part)):
            raise TrainingError(f"{path} has another {part} than {first_path}: they have no mean")
    if (first.coarse is None) != (other.coarse is None):
        raise TrainingError(f"only one of {path} and {first_path} has a coarse network")
    blocks, further = (
        [repr(block) for block in network.bottleneck.children()] for network in (first, other)
    )
    if further[: len(blocks)] == blocks and len(further) > len(blocks):
        raise TrainingError(f"{path} has the deeper bottleneck: name it before {first_path}")
    if blocks[: len(further)] != further:
        raise TrainingError(f"{path} has another bottleneck than {first_path}: they have no mean")


def _mean(key: str, states: Sequence[Mapping[str, Tensor]]) -> Tensor:
    values = [state[key] for state in states if key in state]
    if key.startswith("coarse.") or not values[0].is_floating_point():  # a counter
        return values[0]
    return sum(values) / len(values)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train.average",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("weights", nargs="+", help="names of shipped weights, or files")
    parser.add_argument("--output", required=True, help="folder for weights.safetensors")
    arguments = parser.parse_args(argv)
    try:
        print(average(arguments.weights, arguments.output))
    except InpaintError as error:
        print(f"train.average: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
