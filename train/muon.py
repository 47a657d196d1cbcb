"""Muon: momentum whose matrices are made orthogonal before they become a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

_QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's: five rounds bring singular values near 1
_ROUNDS = 5
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
            moving = [parameter for parameter in group["params"] if parameter.grad is not None]
            self._step_others([p for p in moving if not is_matrix(p)], group)
            for parameter in filter(is_matrix, moving):
                self._step_matrix(parameter, group)
        return loss

    def _step_matrix(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state, gradient = self.state[parameter], parameter.grad
        if not state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        buffer = state["momentum_buffer"].lerp_(gradient, 1 - group["momentum"])
        ahead = gradient.lerp(buffer, group["momentum"])  # Nesterov's
        direction = orthogonalise(ahead.flatten(1))
        size = _RMS * max(direction.shape) ** 0.5
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.sub_(direction.view(parameter.shape), alpha=group["lr"] * size)

    def _step_others(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        states = [self.state[parameter] for parameter in parameters]
        for parameter, state in zip(parameters, states, strict=True):
            if not state:
                state["exp_avg"] = torch.zeros_like(parameter)
                state["exp_avg_sq"] = torch.zeros_like(parameter)
                state["step"] = torch.zeros(())
        adamw(
            parameters,
            [parameter.grad for parameter in parameters],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=1e-8,
            maximize=False,
        )


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
