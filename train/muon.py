"""Muon: momentum whose matrices are made orthogonal before they become a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

_QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's: five rounds bring singular values near 1
_ROUNDS = 5
_EPSILON = 1e-8
_RMS = 0.4  # of a step over the rate; Liu et al. take 0.2, and see 0.2 to 0.4 in Adam's steps


class Muon(torch.optim.Optimizer):
    """Steps of the same strength in all directions of a weight matrix (Jordan et al., 2024,
    kellerjordan.github.io/posts/muon), made as large as Adam's, so that its learning rates serve
    (Liu et al., 2025, arXiv:2502.16982).

    Kernels of convolutions are matrices of outputs x (inputs x height x width); torch.optim.Muon
    takes none. What is no one matrix is stepped as by AdamW, with `betas`: vectors, such as biases,
    and kernels of depthwise convolutions, whose channels know nothing of each other.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float = 1e-3,
        *,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
    ):
        defaults = {"lr": lr, "momentum": momentum, "betas": betas, "weight_decay": weight_decay}
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                direct = self._direct_matrix if is_matrix(parameter) else self._direct_other
                direction = direct(parameter.grad, self.state[parameter], group)
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(direction, alpha=group["lr"])
        return loss

    def _direct_matrix(self, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]):
        if not state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        buffer = state["momentum_buffer"].lerp_(gradient, 1 - group["momentum"])
        ahead = gradient.lerp(buffer, group["momentum"])  # Nesterov's
        direction = orthogonalise(ahead.flatten(1))
        return _RMS * max(direction.shape) ** 0.5 * direction.view(gradient.shape)

    def _direct_other(self, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]):
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(gradient)
            state["exp_avg_sq"] = torch.zeros_like(gradient)
        state["step"] += 1
        first, second = group["betas"]
        mean = state["exp_avg"].lerp_(gradient, 1 - first)
        square = state["exp_avg_sq"].lerp_(gradient.square(), 1 - second)
        steps = state["step"].item()
        root = (square / (1 - second**steps)).sqrt_()
        return mean / (1 - first**steps) / root.add_(_EPSILON)


def is_matrix(parameter: Tensor) -> bool:
    """Whether all its outputs look at the same inputs."""
    return parameter.dim() == 2 or (parameter.dim() == 4 and parameter.shape[1] > 1)


def orthogonalise(matrix: Tensor) -> Tensor:
    """U V^T, nearly, of a matrix U S V^T: its directions, none much stronger than another.

    By Newton and Schulz's iteration in bf16: singular values above a hundredth of the Frobenius
    norm come out between 0.6 and 1.2, far smaller ones stay small.
    """
    a, b, c = _QUINTIC
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(_ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).to(matrix.dtype)
