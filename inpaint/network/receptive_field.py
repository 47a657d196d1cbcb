"""Receptive fields, followed through a network's operations while it runs.

What a step of a map sees is a matter of kernels and strides alone, so it is noted beside each
tensor as operations pass by: how many input pixels one step covers, and how many lie between two
steps. It needs no list of layers and holds for branches, sums and concatenations too.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary


class _Axis(NamedTuple):
    reach: float  # input pixels that a step covers
    step: float  # input pixels between two steps


_Field = tuple[_Axis, _Axis]  # down, right
_PIXELS: _Field = (_Axis(1, 1), _Axis(1, 1))

_aten = torch.ops.aten
_POOLS = {_aten.max_pool2d_with_indices, _aten.max_pool2d, _aten.avg_pool2d}
_ADAPTIVE_MEANS = {_aten.adaptive_avg_pool2d, _aten._adaptive_avg_pool2d}
_RESIZES = {_aten.upsample_nearest2d: 0, _aten.upsample_bilinear2d: 1}  # further steps they blend
# Each step of what they return may have seen every step of what they take.
_GLOBAL = {
    _aten.bmm,
    _aten.mm,
    _aten.addmm,
    _aten.baddbmm,
    _aten._softmax,
    _aten._scaled_dot_product_flash_attention_for_cpu,
    _aten._scaled_dot_product_attention_math,
}


class ReceptiveFields(TorchDispatchMode):
    """While active, `of(tensor)` is the side of the square that a step of it depends on.

    `start(tensor)` makes a tensor the input: its steps are pixels, or a square of so many.
    math.inf where every step sees the whole input.
    """

    def __init__(self) -> None:
        super().__init__()
        self._fields: Any = WeakIdKeyDictionary()

    def start(self, tensor: Tensor, pixels: int = 1) -> None:
        axis = _Axis(pixels, pixels)
        self._fields[tensor] = (axis, axis)

    def of(self, tensor: Tensor) -> float:
        return max(axis.reach for axis in self._fields.get(tensor, _PIXELS))

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
        inputs = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        known = [self._fields[t] for t in inputs if t in self._fields]
        if known:
            # Where branches meet, the largest view counts, and the finest steps.
            field = tuple(
                _pass(
                    function.overloadpacket,
                    args,
                    output,
                    _Axis(
                        max(field[axis].reach for field in known),
                        min(field[axis].step for field in known),
                    ),
                    axis,
                )
                for axis in (0, 1)
            )
            for tensor in tree_leaves(output):
                if isinstance(tensor, Tensor):
                    self._fields[tensor] = field
        return output


def _pass(operation: Any, args: tuple, output: Any, field: _Axis, axis: int) -> _Axis:
    """What a step covers after one operation; `args` and `output` are the operation's."""
    reach, step = field
    if operation is _aten.convolution:
        kernel, stride, dilation = args[1].shape[2 + axis], args[3][axis], args[5][axis]
        return _Axis(reach + (kernel - 1) * dilation * step, step * stride)
    if operation in _POOLS:
        kernel = args[1][axis]
        stride = args[2][axis] if len(args) > 2 and args[2] else kernel
        return _Axis(reach + (kernel - 1) * step, step * stride)
    if operation in _ADAPTIVE_MEANS:
        before, after = args[0].shape[2 + axis], output.shape[2 + axis]
        kernel = math.inf if after == 1 else math.ceil(before / after)
        return _Axis(reach + (kernel - 1) * step, step * before / after)
    if operation is _aten.mean and len(args) > 1:
        over = {d % args[0].ndim for d in args[1]}
        return _Axis(math.inf if args[0].ndim == 4 and 2 + axis in over else reach, step)
    if operation in _RESIZES:
        scale = args[0].shape[2 + axis] / output.shape[2 + axis]
        return _Axis(reach + _RESIZES[operation] * step, step * scale)
    if operation is _aten.pixel_shuffle:
        return _Axis(reach, step / args[1])
    if operation is _aten.pixel_unshuffle:
        return _Axis(reach + (args[1] - 1) * step, step * args[1])
    if operation in _GLOBAL:
        return _Axis(math.inf, step)
    return field
