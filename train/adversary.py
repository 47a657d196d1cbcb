"""The adversary: a discriminator that knows where the hole was, and how it bears on the network.

A place of the composited picture counts as false as far as it shows the hole (after LaMa:
Suvorov et al., 2022, arXiv:2109.07161), and as real elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaint.errors import TrainingError
from train.discriminators import FeatureDiscriminator, PatchDiscriminator
from train.optimisers import create_optimiser, ramp, set_learning_rate
from train.parallel import Workers
from train.preset import AdversaryConfig, OptimiserConfig

# What a discriminator looks at: a picture, or its features.
Judged = Tensor | list[Tensor]


class Adversary:
    """A discriminator with its optimiser and its schedule, in samples seen."""

    def __init__(
        self,
        config: AdversaryConfig,
        optimiser: OptimiserConfig,
        scales: Mapping[int, int],
        workers: Workers,
        autocast: Callable[[], AbstractContextManager],
    ):
        """`scales`: of the features it looks at, where its kind is "features"; `autocast`: the
        precision in which it judges."""
        self.config, self._clip, self._autocast = config, optimiser.clip, autocast
        if config.kind == "features":
            network = FeatureDiscriminator(scales, config.width)
        else:
            network = PatchDiscriminator(config.width)
        self.network = network.to(device=workers.device, memory_format=torch.channels_last)
        self._judge = workers.wrap(self.network)
        self._loss, self._fooling = LOSSES[config.loss]
        # Muon's momentum does not know `betas`, and a discriminator wants little of it.
        name = "adamw" if optimiser.name == "muon" else optimiser.name
        self.optimiser = create_optimiser(
            replace(optimiser, name=name, betas=config.betas),
            network.parameters(),
            config.learning_rate,
        )

    def strength(self, samples: int) -> float:
        """Share of the full weight with which it bears on the network."""
        return ramp(samples, self.config.start + self.config.warmup, self.config.ramp)

    def learn(
        self, real: Judged, fake: Judged, mask: Tensor, *, rate: float, penalised: bool
    ) -> dict[str, Tensor]:
        """One step of the discriminator; what to log of it.

        `fake`: detached from the network; `rate`: share of the learning rate; `penalised`: with
        the gradient penalty, of discriminators of pictures.
        """
        config = self.config
        set_learning_rate(self.optimiser, rate * config.learning_rate)
        with self._autocast():
            on_real, _ = self._judge(real)
            on_fake, _ = self._judge(fake)
        on_real, on_fake = _float(on_real), _float(on_fake)
        loss = self._loss(on_real, on_fake, mask, config.real_label)
        sign = torch.stack([logits.detach().sign().mean() for logits in on_real]).mean()
        terms = {"discriminator": loss, "real_logit_sign": sign}
        if penalised and config.r1 and config.kind == "patch":
            penalty = r1_penalty(self._judge, real)  # float32: second derivatives are small
            loss = loss + config.r1 * config.r1_every * penalty
            terms["r1"] = penalty
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self._clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self._clip)
        self.optimiser.step()
        return terms

    def terms(self, real: Judged, fake: Judged, mask: Tensor, samples: int) -> dict[str, Tensor]:
        """What the network minimises to be taken for real."""
        config, strength = self.config, self.strength(samples)
        if strength == 0:
            return {}
        self.network.requires_grad_(False)
        with self._autocast():
            on_fake, fake_features = self.network(fake)
        terms = {"adversarial": strength * config.weight * self._fooling(_float(on_fake), mask)}
        if config.feature_matching:
            with torch.no_grad(), self._autocast():
                _, real_features = self.network(real)
            distance = feature_matching(fake_features, real_features)
            terms["feature_matching"] = strength * config.feature_matching * distance
        self.network.requires_grad_(True)
        return terms

    def state_dict(self) -> dict[str, Any]:
        return {
            "discriminator": self.network.state_dict(),
            "discriminator_optimiser": self.optimiser.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """From a trainer's state; a leg that adds an adversary starts it fresh.

        TrainingError if the state is another kind of discriminator's.
        """
        if "discriminator" not in state:
            return
        try:
            self.network.load_state_dict(state["discriminator"])
        except RuntimeError as error:
            raise TrainingError(
                "the run's discriminator is another one: adversary.kind, adversary.width and "
                "losses.features must stay what they were, or begin a new run with run.start_from"
            ) from error
        if "discriminator_optimiser" in state:  # a parcel of train.carry has none
            self.optimiser.load_state_dict(state["discriminator_optimiser"])
            for group in self.optimiser.param_groups:
                if "betas" in group:  # as the preset has them now
                    group["betas"] = self.config.betas


def non_saturating_loss(
    real: list[Tensor], fake: list[Tensor], mask: Tensor, real_label: float = 1.0
) -> Tensor:
    """The discriminator's, of logit maps; places of the composited picture without hole are real.

    `real_label`: what real pictures should be taken for; 0.9 keeps the discriminator from being
    too sure (one-sided label smoothing: Salimans et al., 2016, arXiv:1606.03498, after Inception
    v3). False ones stay at 0: smoothed, they would draw the fill towards what it is already.
    """
    losses = []
    for on_real, on_fake in zip(real, fake):
        false = share_of_hole(mask, on_fake)
        of_fake = false * F.softplus(on_fake) + (1 - false) * F.softplus(-on_fake)
        of_real = real_label * F.softplus(-on_real) + (1 - real_label) * F.softplus(on_real)
        losses.append(of_fake.mean() + of_real.mean())
    return torch.stack(losses).mean()


def hinge_loss(
    real: list[Tensor], fake: list[Tensor], mask: Tensor, real_label: float = 1.0
) -> Tensor:
    """The discriminator's, of logit maps, at places on the hole only (Lim and Ye, 2017,
    arXiv:1705.02894).

    `real_label`: where the margin of real ones lies; they need not be surer than that.
    """
    losses = []
    for on_real, on_fake in zip(real, fake):
        false = share_of_hole(mask, on_fake)
        surplus = F.relu(1 + on_fake) + F.relu(real_label - on_real)
        losses.append((false * surplus).sum() / false.sum().clamp_min(1))
    return torch.stack(losses).mean()


def non_saturating_fooling(fake: list[Tensor], mask: Tensor) -> Tensor:
    """The network's: how far places on the hole are from being taken for real."""
    return _mean_on_hole([F.softplus(-logits) for logits in fake], mask)


def hinge_fooling(fake: list[Tensor], mask: Tensor) -> Tensor:
    """The network's against `hinge_loss`: minus the mean logit on the hole."""
    return _mean_on_hole([-logits for logits in fake], mask)


# By name: the discriminator's loss, and the network's.
LOSSES = {
    "non_saturating": (non_saturating_loss, non_saturating_fooling),
    "hinge": (hinge_loss, hinge_fooling),
}


def feature_matching(fake: list[Tensor], real: list[Tensor]) -> Tensor:
    """Mean over the layers of the squared distance (Wang et al., 2018, arXiv:1711.11585)."""
    distances = [F.mse_loss(f, r.detach()) for f, r in zip(fake, real)]
    return torch.stack(distances).mean()


def r1_penalty(discriminator: nn.Module, real: Tensor) -> Tensor:
    """Squared gradient of the summed logits at real pictures (Mescheder et al., 2018)."""
    real = real.detach().requires_grad_(True)
    logits, _ = discriminator(real)
    total = sum(one.sum() for one in logits)
    (gradient,) = torch.autograd.grad(total, real, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


def share_of_hole(mask: Tensor, logits: Tensor) -> Tensor:
    """N x 1 x h x w in [0, 1]: how much of each logit's place is hole, thin ones included."""
    return F.adaptive_avg_pool2d(mask, logits.shape[-2:])


def _mean_on_hole(maps: list[Tensor], mask: Tensor) -> Tensor:
    """Mean over the maps of the mean over each map's places, weighted by their share of hole."""
    means = []
    for values in maps:
        share = share_of_hole(mask, values)
        means.append((share * values).sum() / share.sum().clamp_min(1))
    return torch.stack(means).mean()


def _float(maps: list[Tensor]) -> list[Tensor]:
    return [values.float() for values in maps]
