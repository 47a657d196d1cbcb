"""python -m train.prune: a smaller network from a trained one, fine-tuned by the trainer.

    python -m train.prune --weights default --keep 0.5 --data PHOTOS --output runs/half

Channels that belong together (by residual sums, skips, depthwise pairs) go together, the least
important first, until the share --keep of the multiply-adds is left: a smaller dense network, with
no zeros in it. A coarse network is counted, and stays as it is. RUN/pruned.safetensors is what that
leaves; RUN/weights.safetensors what training it further by its own recipe makes of it (--samples;
0: nothing).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from inpaint import weights
from inpaint.errors import InpaintError, TrainingError
from inpaint.network import InpaintingNetwork, count_gmac
from inpaint.network.summary import summarise
from inpaint.network.widths import read_widths
from train.loop import Training
from train.parallel import Workers, join_workers, leave_workers
from train.preset import Preset, preset_of_weights
from train.run import RunFolder
from train.ship import forget_measured

IMPORTANCES = ("taylor", "magnitude")
_SIDE = 128  # of the pictures that dependencies are traced and multiply-adds counted with
_STEPS = 60  # from nothing to almost everything; it ends where enough is gone
# Of a layer's channels at most so much of what every layer would lose if all lost alike: a layer of
# few channels is quickly taken for unimportant, and is not.
_MOST = 1.2
_MULTIPLE = 8  # of channels that are left: what a CPU takes at once
_BATCHES = 4  # that gradients are summed over, before each step


def prune(
    network: InpaintingNetwork,
    keep: float,
    importance: str = "magnitude",
    backward: Callable[[], None] | None = None,
) -> InpaintingNetwork:
    """A network with at most the share `keep` of the multiply-adds, in eval mode; `network` is
    used up.

    importance: "magnitude" (the norm of a group's weights; Li et al., 2017, arXiv:1608.08710) or
    "taylor" (by how much the loss would change to first order; Molchanov et al., 2019,
    arXiv:1906.10771), for which `backward` adds a loss's gradients to the network's parameters.
    TrainingError if that much cannot be removed, or the network cannot be followed.
    """
    pruning = _import_library()
    if not 0 < keep < 1:
        raise TrainingError(f"--keep is a share between 0 and 1, not {keep:g}")
    if importance not in IMPORTANCES:
        raise TrainingError(f"no importance {importance!r} (there are: {', '.join(IMPORTANCES)})")
    network.eval()
    before, config = count_gmac(network, _SIDE), network.config
    untouched = _untouched_gmac(network)
    if untouched >= keep * before:
        raise TrainingError(
            f"no less than {untouched / before:.2f} of the multiply-adds can be kept: so much is "
            "the coarse network's"
        )
    keep_of_rest = (keep * before - untouched) / (before - untouched)
    original = read_widths(InpaintingNetwork(replace(config, widths={})))
    measures = {
        "magnitude": pruning.importance.GroupMagnitudeImportance,
        "taylor": pruning.importance.GroupTaylorImportance,
    }
    image, mask = torch.rand(1, 3, _SIDE, _SIDE), torch.zeros(1, 1, _SIDE, _SIDE)
    device = next(network.parameters()).device
    try:
        pruner = pruning.pruner.BasePruner(
            network,
            (image.to(device), mask.to(device)),
            importance=measures[importance](),
            global_pruning=True,
            pruning_ratio=1.0,
            max_pruning_ratio=min(_MOST * (1 - keep_of_rest**0.5), 0.9),
            iterative_steps=_STEPS,
            ignored_layers=[*network.decoder.heads, *_untouched(network)],
            round_to=_MULTIPLE,
        )
        for _ in range(_STEPS):
            if importance == "taylor":
                network.zero_grad(set_to_none=True)
                backward()
                network.eval()
            pruner.step()
            if count_gmac(network, _SIDE) <= keep * before:
                break
    # What the library makes of a network that it cannot follow.
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        raise TrainingError(f"{config.encoder}: cannot be pruned ({error})") from error
    if count_gmac(network, _SIDE) > keep * before:
        share = count_gmac(network, _SIDE) / before
        raise TrainingError(f"no less than {share:.2f} of the multiply-adds can be kept")
    left = read_widths(network)
    widths = {name: left[name] for name in left if left[name] != original[name]}
    smaller = InpaintingNetwork(replace(config, widths=widths))
    smaller.load_state_dict(network.state_dict())
    return smaller.to(device).eval()


def _untouched(network: InpaintingNetwork) -> list[torch.nn.Module]:
    """The layers of a coarse network, which is not trained and so not pruned."""
    return [] if network.coarse is None else [*network.coarse.modules()]


def _untouched_gmac(network: InpaintingNetwork) -> float:
    layers = summarise(network, _SIDE)
    return sum(part.multiply_adds for part in layers if part.name.startswith("coarse.")) / 1e9


def prune_weights(
    name: str,
    keep: float,
    importance: str,
    preset: Preset,
    run: RunFolder,
    workers: Workers,
    sources: Sequence[str | Path],
) -> Path:
    """Prune a weights file into RUN/pruned.safetensors, with its card."""
    if preset.run.coarse_from:
        raise TrainingError("run.coarse_from: pruning keeps the coarse network of the weights")
    network, backward = weights.load_network(name, str(workers.device)), None
    if importance == "taylor":
        # Not compiled: its layers are about to shrink.
        run_config = replace(preset.run, start_from=str(weights.find_weights(name)), compile=False)
        start = replace(preset, run=run_config)
        training = Training(start, run, workers, sources)
        network = training.trainer.network
        backward = _backward(training)
    smaller = prune(network, keep, importance, backward)
    card = forget_measured(weights.read_card(name))
    share = f"{keep:.0%} of {Path(name).stem}'s multiply-adds, by {importance}"
    card["description"] = f"{card.get('description', '')} (pruned: {share})".strip()
    return weights.save_network(run.path / "pruned.safetensors", smaller, card)


def fine_tune(
    path: Path, preset: Preset, run: RunFolder, workers: Workers, sources: Sequence[str | Path]
) -> bool:
    """Train a weights file further into RUN/weights.safetensors; False if it was stopped."""
    preset = replace(
        preset,
        network=weights.load_network(path).config,
        run=replace(preset.run, start_from=str(path)),
    )
    run.save_preset(preset)
    return Training(preset, run, workers, sources).fit()


def _backward(training: Training) -> Callable[[], None]:
    """Sums the gradients of the reconstruction loss over a few batches, always the next ones."""
    trainer, step = training.trainer, 0

    def backward() -> None:
        nonlocal step
        trainer.network.eval()  # as it will be used
        for _ in range(_BATCHES):
            image = training.photos.batch(step).float() / 255
            mask = training.masks.batch(step).float()
            sum(trainer.reconstruction_terms(image, mask).values()).backward()
            step += 1

    return backward


def _import_library() -> Any:
    try:
        import torch_pruning
    except ImportError as error:
        raise TrainingError("pruning needs one more package: pip install torch-pruning") from error
    return torch_pruning


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train.prune", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--weights", default="default", metavar="NAME|FILE")
    parser.add_argument("--keep", type=float, required=True, help="share of the multiply-adds")
    parser.add_argument("--importance", choices=IMPORTANCES, default="taylor")
    parser.add_argument("--data", nargs="+", required=True, metavar="PATH", help="photos")
    parser.add_argument("--output", default="runs/pruned", metavar="RUN")
    parser.add_argument("--samples", type=int, default=20_000, help="to train it further on")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    parser.add_argument("--device", default="auto")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Exit codes: 0 done, 3 stopped before with a checkpoint (go on by `python -m train --resume
    RUN`), 2 an error."""
    arguments = parser().parse_args(argv)
    try:
        preset = preset_of_weights(arguments.weights, arguments.overrides)
        run = RunFolder(arguments.output)
        workers = join_workers(arguments.device)
        try:
            return _prune_and_train(arguments, preset, run, workers)
        finally:
            leave_workers()
    except InpaintError as error:
        print(f"train.prune: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _prune_and_train(
    arguments: argparse.Namespace, preset: Preset, run: RunFolder, workers: Workers
) -> int:
    before = count_gmac(weights.load_network(arguments.weights), 512)
    run.create(preset)
    name, keep, importance = arguments.weights, arguments.keep, arguments.importance
    path = prune_weights(name, keep, importance, preset, run, workers, arguments.data)
    network = weights.load_network(path)
    print(f"{before:.2f} GMAC at 512 x 512 become {count_gmac(network, 512):.2f}: {path}")
    if not arguments.samples:
        return 0
    preset = replace(preset, run=replace(preset.run, samples=arguments.samples))
    done = fine_tune(path, preset, run, workers, arguments.data)
    print(run.path / "weights.safetensors")
    return 0 if done else 3


if __name__ == "__main__":
    sys.exit(main())
