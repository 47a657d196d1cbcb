"""Muon: momentum whose matrices are made orthogonal before they become a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

_QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's: five rounds bring singular values near 1
_ROUNDS = 5
_EPSILON = 1e-8
_RMS = 0.4  # of a step over the rate: Adam's is between 0.2 and 0.4


class Muon(torch.optim.Optimizer):
    """Steps of the same strength in all directions of a weight matrix (Jordan et al., 2024,
    kellerjordan.github.io/posts/muon), made as large as Adam's, so that its learning rates serve
    (Liu et al., 2025, arXiv:2502.16982).

    Kernels of convolutions are matrices of outputs x (inputs x height x width); torch.optim.Muon
    takes none. Vectors, such as biases, are stepped as by AdamW, with `betas`.
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
                direct = self._direct_matrix if parameter.dim() > 1 else self._direct_vector
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

    def _direct_vector(self, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]):
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


def orthogonalise(matrix: Tensor) -> Tensor:
    """U V^T, nearly, of a matrix U S V^T: its directions, none much stronger than another.

    By Newton and Schulz's iteration in bf16: singular values come out between 0.7 and 1.2.
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
