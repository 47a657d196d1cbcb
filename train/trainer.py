"""Trainer: the network, its adversary and their optimisers, and one step of all of them."""

from __future__ import annotations

import functools
import math
import os
import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from inpaint.network import InpaintingNetwork, composite
from train.adversary import Adversary
from train.features import FeatureNetwork
from train.losses import ReconstructionLoss
from train.optimisers import create_optimiser, schedule, set_learning_rate
from train.parallel import Workers
from train.preset import Preset
from train.views import View, draw_view


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
        self._compare: Callable[[Tensor, Tensor], tuple[list[Tensor], list[Tensor]]] | None = None
        scales: dict[int, int] = {}
        if preset.looks_at_features:
            features = FeatureNetwork(preset.losses.features, preset.losses.features_file)
            scales = features.scales()
            self._compare = _to_device(features, device).compare
        half_life = min(run.ema_half_life, run.samples / 20)  # short runs forget faster
        decay = 0.5 ** (run.batch / half_life)
        self.ema = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True
        )
        rate = preset.optimiser.learning_rate
        self.optimiser = create_optimiser(preset.optimiser, self.network.parameters(), rate)
        self._forward = workers.wrap(_AllPictures(self.network))
        on_gpu = device.type == "cuda"
        self._bf16 = run.precision == "bf16" or (run.precision == "auto" and on_gpu)
        self.adversary: Adversary | None = None
        if preset.adversary.enabled:
            self.adversary = Adversary(
                preset.adversary, preset.optimiser, scales, workers, self._autocast
            )
        if run.compile and (on_gpu or (self._bf16 and _has_compiler())):
            # Of AVX-512 torch 2.14 makes code whose gradients in bf16 are not numbers; that of AVX2
            # is right.
            avx512 = not on_gpu and torch.backends.cpu.get_cpu_capability() == "AVX512"
            options = {"cpp.simdlen": 256} if avx512 else {}
            # Sizes are few: a varied view has two.
            compiled = functools.partial(torch.compile, dynamic=False, options=options)
            self._forward, self.loss = compiled(self._forward), compiled(self.loss)
            self._compare = self._compare and compiled(self._compare)
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def step(self, pictures: Tensor, mask: Tensor) -> None:
        """One step on uint8 N x 3 x H x W and bool N x 1 x H x W, both on the device."""
        # Layers that draw at random draw the same after a resume.
        torch.manual_seed(self.preset.run.seed * 1_000_003 + self.step_count)
        image = pictures.to(memory_format=torch.channels_last).float() / 255
        mask = mask.float()
        share = schedule(self.preset.optimiser, self.samples, self.preset.run.samples)
        set_learning_rate(self.optimiser, share * self.preset.optimiser.learning_rate)
        view = draw_view(self.preset.losses.views, self.preset.data.size)
        self.network.train()
        seen = self._reconstruct(image, mask, view)
        terms = seen.terms
        if self.adversary is not None and self.samples >= self.preset.adversary.start:
            terms |= self._adversarial_terms(seen, image, mask, view, share)
        total = sum(terms.values())
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        if self.preset.optimiser.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.preset.optimiser.clip)
        self.optimiser.step()
        self.ema.update_parameters(self.network)
        self._add(terms | {"total": total})
        self.step_count += 1
        self.samples += self.preset.run.batch

    def reconstruction_terms(self, image: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """The weighted terms that a step minimises, but for the adversary's.

        image: float N x 3 x H x W in [0, 1]; mask: float N x 1 x H x W, 1 = hole.
        """
        return self._reconstruct(image, mask, View()).terms

    def is_finite(self) -> bool:
        """Whether all averaged weights are numbers; they cannot become so again. Waits for the
        device."""
        return all(bool(weight.isfinite().all()) for weight in self.averaged.parameters())

    def read_means(self) -> dict[str, float]:
        """Mean of each term since the last call. Waits for the device."""
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
        return state if self.adversary is None else state | self.adversary.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.samples, self.step_count = state["samples"], state["step_count"]
        self.network.load_state_dict(state["network"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        device = self.workers.device
        self._sums = {name: value.to(device) for name, value in state["sums"].items()}
        self._counts = dict(state["counts"])
        if self.adversary is not None:
            self.adversary.load_state_dict(state)

    @property
    def averaged(self) -> InpaintingNetwork:
        """The network with averaged weights, which is what ships."""
        return self.ema.module

    def _reconstruct(self, image: Tensor, mask: Tensor, view: View) -> _Reconstruction:
        with self._autocast():
            out, *coarser = self._forward(image, mask)
            picture = composite(image, mask, out).float()
            features, targets = self._features(picture, image, view)
            terms = self.loss(
                out.float(), image, mask, features=features, targets=targets, coarser=coarser
            )
        return _Reconstruction(picture, features, targets, terms)

    def _features(
        self, picture: Tensor, image: Tensor, view: View
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Of the share of the batch that the perceptual terms look at."""
        if self._compare is None:
            return [], []
        share = math.ceil(len(image) * self.preset.losses.features_share)
        return self._compare(view(picture[:share]), view(image[:share]))

    def _adversarial_terms(
        self,
        seen: _Reconstruction,
        image: Tensor,
        mask: Tensor,
        view: View,
        rate: float,
    ) -> dict[str, Tensor]:
        """Let the adversary learn, then ask it."""
        adversary, config = self.adversary, self.preset.adversary
        if config.kind == "features":
            real, fake = seen.targets, seen.features
            mask = view(mask[: len(real[0])])
            detached = [feature.detach() for feature in fake]
        else:
            real, fake = image, seen.picture
            detached = fake.detach()
        penalised = self.step_count % config.r1_every == 0
        self._add(adversary.learn(real, detached, mask, rate=rate, penalised=penalised))
        return adversary.terms(real, fake, mask, self.samples)

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


class _Reconstruction(NamedTuple):
    """What the network made of a batch, and how far that is from it."""

    picture: Tensor  # composited
    features: list[Tensor]
    targets: list[Tensor]
    terms: dict[str, Tensor]


def _has_compiler() -> bool:
    """Whether torch.compile can make code for a CPU here."""
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return shutil.which(os.environ.get("CXX", "g++")) is not None and headers.is_file()


def _to_device(network: nn.Module, device: torch.device) -> Any:
    return network.to(device=device, memory_format=torch.channels_last)
