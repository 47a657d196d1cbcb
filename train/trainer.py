"""Trainer: the network, its adversary and their optimisers, and one step of all of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from inpaint.network import InpaintingNetwork, composite
from train.adversary import (
    PatchDiscriminator,
    discriminator_loss,
    feature_matching,
    generator_loss,
    r1_penalty,
)
from train.losses import ReconstructionLoss
from train.optimisers import create_optimiser, ramp, schedule, set_learning_rate
from train.parallel import Workers
from train.preset import Preset


class Trainer:
    """Holds everything that changes while training. `samples` counts the pictures seen."""

    def __init__(self, preset: Preset, workers: Workers):
        self.preset, self.workers = preset, workers
        run, device = preset.run, workers.device
        self.samples = 0
        self.step_count = 0
        torch.manual_seed(run.seed)
        self.network = _to_device(preset.build_network(), device)
        self.loss = _to_device(ReconstructionLoss(preset.losses), device)
        half_life = min(run.ema_half_life, run.samples / 20)  # short runs forget faster
        decay = 0.5 ** (run.batch / half_life)
        self.ema = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True
        )
        rate = preset.optimiser.learning_rate
        self.optimiser = create_optimiser(preset.optimiser, self.network.parameters(), rate)
        self._forward = workers.wrap(_AllPictures(self.network))
        self.discriminator: PatchDiscriminator | None = None
        if preset.adversary.enabled:
            self.discriminator = _to_device(PatchDiscriminator(preset.adversary.width), device)
            rate = preset.adversary.learning_rate
            self.discriminator_optimiser = create_optimiser(
                preset.optimiser, self.discriminator.parameters(), rate
            )
            self._judge = workers.wrap(self.discriminator)
        on_gpu = device.type == "cuda"
        self._bf16 = run.precision == "bf16" or (run.precision == "auto" and on_gpu)
        if run.compile and on_gpu:
            self._forward = torch.compile(self._forward)
            self.loss = torch.compile(self.loss)
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def step(self, pictures: Tensor, mask: Tensor) -> None:
        """One step on uint8 N x 3 x H x W and bool N x 1 x H x W, both on the device."""
        # Layers that draw at random draw the same after a resume.
        torch.manual_seed(self.preset.run.seed * 1_000_003 + self.step_count)
        image = pictures.to(memory_format=torch.channels_last).float() / 255
        mask = mask.float()
        self._set_rates()
        self.network.train()
        with self._autocast():
            out, *coarser = self._forward(image, mask)
        picture = composite(image, mask, out.float())
        if self.discriminator is not None and self.samples >= self.preset.adversary.start:
            self._step_discriminator(image, picture.detach(), mask)
        self._step_network(out, coarser, picture, image, mask)
        self.ema.update_parameters(self.network)
        self.step_count += 1
        self.samples += self.preset.run.batch

    def read_means(self) -> dict[str, float]:
        """Mean of each term since the last call. The only place that waits for the device."""
        means = {name: (total / self._counts[name]).item() for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means

    def state_dict(self) -> dict[str, Any]:
        state = {
            "samples": self.samples,
            "step_count": self.step_count,
            "network": self.network.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "sums": self._sums,
            "counts": self._counts,
        }
        if self.discriminator is not None:
            state["discriminator"] = self.discriminator.state_dict()
            state["discriminator_optimiser"] = self.discriminator_optimiser.state_dict()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.samples, self.step_count = state["samples"], state["step_count"]
        self.network.load_state_dict(state["network"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        device = self.workers.device
        self._sums = {name: value.to(device) for name, value in state["sums"].items()}
        self._counts = dict(state["counts"])
        # A leg that adds an adversary starts it fresh.
        if self.discriminator is not None and "discriminator" in state:
            self.discriminator.load_state_dict(state["discriminator"])
            if "discriminator_optimiser" in state:  # a parcel of train.carry has none
                self.discriminator_optimiser.load_state_dict(state["discriminator_optimiser"])

    @property
    def averaged(self) -> InpaintingNetwork:
        """The network with averaged weights, which is what ships."""
        return self.ema.module

    def _step_network(
        self, out: Tensor, coarser: list[Tensor], picture: Tensor, image: Tensor, mask: Tensor
    ) -> None:
        with self._autocast():
            terms = self.loss(out.float(), image, mask, coarser)
            terms.update(self._adversarial_terms(picture, image, mask))
        total = sum(terms.values())
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        self._clip(self.network)
        self.optimiser.step()
        self._add(terms | {"total": total})

    def _adversarial_terms(self, picture: Tensor, image: Tensor, mask: Tensor) -> dict[str, Tensor]:
        config = self.preset.adversary
        strength = ramp(self.samples, config.start + config.warmup, config.ramp)
        if self.discriminator is None or strength == 0:
            return {}
        self.discriminator.requires_grad_(False)
        fake, fake_features = self.discriminator(picture)
        terms = {"adversarial": strength * config.weight * generator_loss(fake, mask)}
        if config.feature_matching:
            with torch.no_grad():
                _, real_features = self.discriminator(image)
            distance = feature_matching(fake_features, real_features)
            terms["feature_matching"] = strength * config.feature_matching * distance
        self.discriminator.requires_grad_(True)
        return terms

    def _step_discriminator(self, image: Tensor, picture: Tensor, mask: Tensor) -> None:
        config = self.preset.adversary
        with self._autocast():
            real, _ = self._judge(image)
            fake, _ = self._judge(picture)
            loss = discriminator_loss(real.float(), fake.float(), mask, config.real_label)
        terms = {"discriminator": loss, "real_logit_sign": real.detach().sign().mean()}
        if config.r1 and self.step_count % config.r1_every == 0:
            penalty = r1_penalty(self._judge, image)  # float32: second derivatives are small
            loss = loss + config.r1 * config.r1_every * penalty
            terms["r1"] = penalty
        self.discriminator_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._clip(self.discriminator)
        self.discriminator_optimiser.step()
        self._add(terms)

    def _set_rates(self) -> None:
        share = schedule(self.preset.optimiser, self.samples, self.preset.run.samples)
        set_learning_rate(self.optimiser, share * self.preset.optimiser.learning_rate)
        if self.discriminator is not None:
            rate = share * self.preset.adversary.learning_rate
            set_learning_rate(self.discriminator_optimiser, rate)

    def _clip(self, network: nn.Module) -> None:
        if self.preset.optimiser.clip:
            nn.utils.clip_grad_norm_(network.parameters(), self.preset.optimiser.clip)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.workers.device.type, torch.bfloat16, enabled=self._bf16)

    def _add(self, terms: dict[str, Tensor]) -> None:
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0) + value.detach().float()
            self._counts[name] = self._counts.get(name, 0) + 1


class _AllPictures(nn.Module):
    """The network with its auxiliary outputs, as the call that is wrapped and compiled."""

    def __init__(self, network: InpaintingNetwork):
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, mask: Tensor) -> list[Tensor]:
        return self.network.pictures(image, mask)


def _to_device(network: nn.Module, device: torch.device) -> Any:
    return network.to(device=device, memory_format=torch.channels_last)
