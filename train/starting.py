"""What a network knows before its first step: the weights that a preset names."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from inpaint import weights
from inpaint.errors import TrainingError
from inpaint.network import InpaintingNetwork
from train.trainer import Trainer


def start_from(trainer: Trainer, name: str) -> tuple[int, int]:
    """Copy weights `name` into the network; how many of its tensors, of how many.

    The layers that match in name and shape; if the network is the same but wider, the others too,
    and it begins with the same pictures.
    """
    start = weights.load_network(name)
    state, own = start.state_dict(), trainer.network.state_dict()
    found = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}
    if len(found) < len(own):
        found = _widened(start, trainer.network) or found
    trainer.network.load_state_dict(found, strict=False)
    trainer.ema.module.load_state_dict(found, strict=False)
    return len(found), len(own)


def take_coarse(trainer: Trainer, name: str) -> None:
    """Copy weights `name` into the coarse network. TrainingError if that is another network."""
    state = weights.load_network(name).state_dict()
    for network in (trainer.network, trainer.ema.module):
        own = network.coarse.state_dict() if network.coarse is not None else {}
        fits = all(k in state and v.shape == state[k].shape for k, v in own.items())
        if not own or not fits:
            raise TrainingError(
                f"run.coarse_from: {name} holds another network than network.coarse; leave "
                "network.coarse out, and it is taken from there"
            )
        network.coarse.load_state_dict({key: state[key] for key in own})


@torch.no_grad()
def _widened(start: InpaintingNetwork, network: InpaintingNetwork) -> dict[str, Tensor] | None:
    """The tensors of `start` in the corners of those of `network`, which may have more; None if
    they have no place there, or it would paint something else.

    What the old channels would take from the new ones is zero, so nothing changes for them; what
    the new ones make of their input stays as drawn (Net2Net, Chen et al., 2016, arXiv:1511.05641).
    """
    wide = copy.deepcopy(network).cpu().eval()
    own, found = wide.state_dict(), {}
    for key, value in start.state_dict().items():
        place = own.get(key)
        if key.startswith("coarse."):  # is not trained: as it was, or not at all
            if place is not None and place.shape == value.shape:
                found[key] = value
            continue
        fits = place is not None and place.dim() == value.dim()
        if not fits or any(a > b for a, b in zip(value.shape, place.shape)):
            return None
        if value.dim() > 1:  # a convolution's: outputs, inputs, height, width
            place[: len(value)] = 0
        place[tuple(slice(0, length) for length in value.shape)] = value
        found[key] = place
    # Where channels stand side by side, as in Inception's blocks, the new ones are not the last.
    side = network.padded_side(64)
    seen = torch.rand(1, 4, side, side)
    wanted, painted = start.decoded(seen)[0], wide.decoded(seen)[0]
    same = torch.allclose(painted, wanted, rtol=0, atol=1e-4 * wanted.abs().max().item())
    return found if same else None
