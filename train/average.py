"""python -m train.average: one network from several stretches of one training.

    python -m train.average runs/b/weights.safetensors runs/a/weights.safetensors --output runs/mean

Runs that began with the same weights lie in one basin, and the mean of their weights is often
better than either on photos that none has seen (model soups: Wortsman et al., 2022,
arXiv:2203.05482), at no cost in time. Whether it is, benchmarks/choose.py tells. What only some of
them have, such as the blocks that a deeper bottleneck begins with, is the mean over these. A coarse
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


def average(names: Sequence[str | Path], output: str | Path) -> Path:
    """The mean of weights of one network, at least two, as OUTPUT/weights.safetensors.

    names: shipped names or .safetensors files; the first's card is kept, and it has all tensors
    that any has. TrainingError if one has others or other shapes.
    """
    if len(names) < 2:
        raise TrainingError("a mean needs at least two weights")
    network = weights.load_network(names[0])
    states = [network.state_dict(), *(weights.load_network(n).state_dict() for n in names[1:])]
    for name, state in zip(names[1:], states[1:]):
        _check_same(states[0], state, str(name), str(names[0]))
    network.load_state_dict({key: _mean(key, states) for key in states[0]})
    paths = [weights.find_weights(name) for name in names]
    parts = [{"name": "/".join(p.parts[-2:]), "sha256": weights.sha256(p)} for p in paths]
    target = Path(output) / "weights.safetensors"
    target.parent.mkdir(parents=True, exist_ok=True)
    card = weights.read_card(names[0]) | {"mean_of": parts}
    return weights.save_network(target, network, card)


def _check_same(
    first: Mapping[str, Tensor], other: Mapping[str, Tensor], name: str, first_name: str
) -> None:
    for key, value in other.items():
        if key not in first:
            raise TrainingError(
                f"{name} has {key}, which {first_name} has not: name the deeper network first"
            )
        if value.shape != first[key].shape:
            shapes = f"{(*value.shape,)} in {name}, {(*first[key].shape,)} in {first_name}"
            raise TrainingError(f"{key} is {shapes}: only weights of one network have a mean")


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
