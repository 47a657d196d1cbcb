"""What a network costs: parameters and multiply-adds, counted by torch itself."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(network: nn.Module) -> int:
    """Number of trainable and frozen parameters (buffers are not counted)."""
    return sum(p.numel() for p in network.parameters())


def count_gmac(network: nn.Module, side: int) -> float:
    """Multiply-adds of one `side` x `side` picture in eval mode, in billions.

    Convolutions and matrix products only, as torch's flop counter has them (two operations
    make one multiply-add). The network's mode is restored afterwards.
    """
    device = next(network.parameters()).device
    image = torch.zeros(1, 3, side, side, device=device)
    mask = torch.zeros(1, 1, side, side, device=device)
    mask[..., : side // 2] = 1
    training = network.training
    network.eval()
    try:
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            network(image, mask)
    finally:
        network.train(training)
    return counter.get_total_flops() / 2e9


def estimate_bytes_per_pixel(network: nn.Module, side: int = 128) -> float:
    """Memory that a forward pass takes for each pixel of a picture, roughly, from above.

    The largest output of a layer with its input and a copy, and what skip connections could keep
    (the largest output at each resolution); all that twice, for a convolution's workspace.
    """
    device = next(network.parameters()).device
    sizes: dict[torch.Size, int] = {}

    def note(module: nn.Module, inputs: tuple, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.ndim == 4:
            size = output.numel() * output.element_size()
            sizes[output.shape[2:]] = max(size, sizes.get(output.shape[2:], 0))

    hooks = [module.register_forward_hook(note) for module in network.modules()]
    try:
        with torch.inference_mode():
            network(
                torch.zeros(1, 3, side, side, device=device),
                torch.ones(1, 1, side, side, device=device),
            )
    finally:
        for hook in hooks:
            hook.remove()
    return 2 * (3 * max(sizes.values()) + sum(sizes.values())) / side**2
