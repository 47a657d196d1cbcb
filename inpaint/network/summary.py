"""What a network is made of and what it costs, counted by torch itself."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from inpaint.network.receptive_field import ReceptiveFields


@dataclass(frozen=True)
class Layer:
    """One layer as it ran: `output` is C x H x W; `kernel` and `stride` are None where a layer
    has none; `receptive_field` in pixels of the network's input, math.inf for all of them."""

    name: str
    kind: str
    output: tuple[int, ...]
    kernel: tuple[int, int] | None
    stride: tuple[int, int] | None
    dilation: tuple[int, int] | None
    receptive_field: float
    parameters: int
    multiply_adds: int


def summarise(network: nn.Module, side: int) -> list[Layer]:
    """The layers of an InpaintingNetwork in the order in which they end on a `side` x `side`
    picture, in eval mode.

    A layer is a module with a kernel, with parameters of its own, or that multiplies by itself;
    their parameters and multiply-adds add up to `count_parameters` and `count_gmac`.
    """
    network = _without_values(network)
    layers: list[Layer] = []
    fields = ReceptiveFields()
    counter = FlopCounterMode(display=False)
    names = {module: name for name, module in network.named_modules()}
    running = [_Running(0)]  # modules that have begun and not ended, outermost first

    def begin(module: nn.Module, inputs: tuple) -> None:
        running.append(_Running(counter.get_total_flops()))

    def end(module: nn.Module, inputs: tuple, output: object) -> None:
        flops = counter.get_total_flops() - running[-1].before
        own = flops - running.pop().of_parts
        running[-1].of_parts += flops
        parameters = sum(p.numel() for p in module.parameters(recurse=False))
        if not (own or parameters or hasattr(module, "kernel_size")):
            return
        layers.append(
            Layer(
                name=names[module],
                kind=type(module).__name__,
                output=tuple(output.shape[1:]),
                kernel=_pair(module, "kernel_size"),
                stride=_pair(module, "stride"),
                dilation=_pair(module, "dilation"),
                receptive_field=fields.of(output),
                parameters=parameters,
                multiply_adds=own // 2,
            )
        )

    network.encoder.register_forward_pre_hook(lambda _, inputs: fields.start(inputs[0]))
    if network.coarse is not None:  # it sees the picture at half size
        network.coarse.encoder.register_forward_pre_hook(lambda _, x: fields.start(x[0], 2))
    for module in network.modules():
        module.register_forward_pre_hook(begin)
        module.register_forward_hook(end)
    with counter, fields:
        _run(network, side)
    return layers


@dataclass
class _Running:
    before: int  # operations counted when it began
    of_parts: int = 0  # operations of modules inside it


def count_parameters(network: nn.Module) -> int:
    """Number of trainable and frozen parameters (buffers are not counted)."""
    return sum(p.numel() for p in network.parameters())


def count_gmac(network: nn.Module, side: int) -> float:
    """Multiply-adds of one `side` x `side` picture in eval mode, in billions.

    Convolutions and matrix products only, as torch's flop counter has them (two operations
    make one multiply-add).
    """
    with FlopCounterMode(display=False) as counter:
        _run(_without_values(network), side)
    return counter.get_total_flops() / 2e9


def estimate_bytes_per_pixel(network: nn.Module, side: int = 128) -> float:
    """Memory that a forward pass takes for each pixel of a picture, roughly, from above.

    The largest output of a layer with its input and a copy, and what skip connections could keep
    (the largest output at each resolution); all that twice, for a convolution's workspace.
    """
    network = _without_values(network)
    sizes: dict[torch.Size, int] = {}

    def note(module: nn.Module, inputs: tuple, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.ndim == 4:
            size = output.numel() * output.element_size()
            sizes[output.shape[2:]] = max(size, sizes.get(output.shape[2:], 0))

    for module in network.modules():
        module.register_forward_hook(note)
    _run(network, side)
    return 2 * (3 * max(sizes.values()) + sum(sizes.values())) / side**2


def _without_values(network: nn.Module) -> nn.Module:
    """A copy in eval mode through which shapes go, and nothing is computed."""
    return copy.deepcopy(network).to("meta").eval()


@torch.no_grad()
def _run(network: nn.Module, side: int) -> None:
    image = torch.empty(1, 3, side, side, device="meta")
    network(image, torch.empty(1, 1, side, side, device="meta"))


def _pair(module: nn.Module, name: str) -> tuple[int, int] | None:
    value = getattr(module, name, None)
    if value is None or not hasattr(module, "kernel_size"):
        return None
    return value if isinstance(value, tuple) else (value, value)
