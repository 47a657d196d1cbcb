"""Layers of fewer channels than their part would make them: what pruning leaves.

`widths` is a dictionary of plain JSON values: by the layer's name [channels in, channels out] of a
convolution, [channels] of a batch normalisation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

Widths = dict[str, list[int]]


def read_widths(network: nn.Module) -> Widths:
    """Of all convolutions and batch normalisations."""
    widths = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            widths[name] = [module.in_channels, module.out_channels]
        elif isinstance(module, nn.BatchNorm2d):
            widths[name] = [module.num_features]
    return widths


def narrow(network: nn.Module, widths: Mapping[str, Sequence[int]]) -> None:
    """Replace layers by narrower, untrained ones. ValueError for what is none, or not narrower."""
    present = read_widths(network)
    for name, wanted in widths.items():
        if name not in present:
            raise ValueError(f"no convolution or batch normalisation {name!r} to narrow")
        now = present[name]
        fits = isinstance(wanted, Sequence) and len(wanted) == len(now)
        if not fits or not all(type(w) is int and 1 <= w <= n for w, n in zip(wanted, now)):
            raise ValueError(f"{name!r} has {now} channels, and cannot have {wanted!r}")
        parent, _, child = name.rpartition(".")
        layer = _narrower(network.get_submodule(name), *wanted)
        setattr(network.get_submodule(parent), child, layer)


def _narrower(layer: nn.Module, inputs: int, outputs: int | None = None) -> nn.Module:
    if outputs is None:
        norm = nn.BatchNorm2d(inputs, layer.eps, layer.momentum)
        return norm.to(layer.weight.device)
    # A depthwise convolution has a group a channel, and keeps that.
    groups = inputs if layer.groups == layer.in_channels else layer.groups
    return nn.Conv2d(
        inputs,
        outputs,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        layer.dilation,
        groups,
        layer.bias is not None,
        layer.padding_mode,
        device=layer.weight.device,
    )


def feature_channels(encoder: nn.Module) -> tuple[int, ...]:
    """What an encoder's features really have."""
    side = -(-encoder.min_side // encoder.strides[-1]) * encoder.strides[-1]
    training = encoder.training
    with torch.no_grad():
        example = next(encoder.parameters()).new_zeros(1, 4, side, side)
        features = encoder.eval()(example)
    encoder.train(training)
    return tuple(feature.shape[1] for feature in features)
