"""Reconstruction losses: masked L1, perceptual, style, total variation.

Pictures are N x 3 x H x W in [0, 1], masks N x 1 x H x W float with 1 = hole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from inpaint.errors import TrainingError
from inpaint.network import composite
from inpaint.network.encoders.base import IMAGENET_MEAN, IMAGENET_STD
from inpaint.network.encoders.pretrained import load_pretrained
from inpaint.weights import weights_folder
from train.preset import LossConfig

# Layers of torchvision's `features` whose output is compared, all of them after a ReLU.
FEATURE_LAYERS = {
    "vgg16": (3, 8, 15),  # relu1_2, relu2_2, relu3_3
    "alexnet": (1, 4, 7, 9, 11),
    "squeezenet1_1": (1, 4, 7, 10, 12),
}


class FeatureNetwork(nn.Module):
    """A frozen classifier's features at several depths, each divided by its own mean size.

    So all layers, and all networks, weigh alike in a loss. Runs on ImageNet-normalised input.
    """

    def __init__(self, name: str, file: str = ""):
        super().__init__()
        network = torchvision.models.get_model(name, weights=None)
        self.taps = FEATURE_LAYERS[name]
        layers = network.features[: self.taps[-1] + 1]
        try:
            load_pretrained(network, name, _source(name, file), [layers])
        except ValueError as error:
            raise TrainingError(
                f"losses.features = {name!r}: {error}. Give its weights with "
                "--set losses.features_file=FILE, or train with --set losses.features=alexnet, "
                "which comes with photomend"
            ) from error
        self.layers = layers
        for layer in self.layers:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False  # a tapped output must not be overwritten
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
        self.requires_grad_(False).eval()

    def forward(self, x: Tensor) -> list[Tensor]:
        x = (x - self.mean) / self.std
        features = []
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i in self.taps:
                features.append(x)
        return features


def masked_l1(out: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error over the pixels of the batch where `mask` is 1 (0 if there are none)."""
    error = (out - image).abs().mean(1, keepdim=True)
    return (error * mask).sum() / mask.sum().clamp_min(1)


def auxiliary_l1(coarser: Sequence[Tensor], image: Tensor, mask: Tensor) -> Tensor:
    """Sum of the masked L1 of small pictures against the image shrunk to their size."""
    return sum(
        masked_l1(
            picture.float(), *(F.adaptive_avg_pool2d(x, picture.shape[-2:]) for x in (image, mask))
        )
        for picture in coarser
    )


def total_variation(picture: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference between neighbours of which at least one is in the hole."""
    terms = []
    for dim in (2, 3):
        size = picture.shape[dim] - 1
        first, second = picture.narrow(dim, 0, size), picture.narrow(dim, 1, size)
        either = torch.maximum(mask.narrow(dim, 0, size), mask.narrow(dim, 1, size))
        terms.append(masked_l1(first, second, either))
    return sum(terms)


def perceptual_distance(features: list[Tensor], targets: list[Tensor]) -> Tensor:
    """L1 between feature maps, each layer relative to its target's mean size."""
    return sum(
        (feature - target).abs().mean() / _size(target)
        for feature, target in zip(features, targets)
    )


def style_distance(features: list[Tensor], targets: list[Tensor]) -> Tensor:
    """L1 between Gram matrices (Gatys et al., 2016), features scaled as in the perceptual term."""
    return sum(
        (_gram(feature / _size(target)) - _gram(target / _size(target))).abs().mean()
        for feature, target in zip(features, targets)
    )


class ReconstructionLoss(nn.Module):
    """The weighted terms of a LossConfig, by name; terms of weight 0 are left out.

    L1 looks at the network's raw output, the others at the composited picture, which is what
    a person will see.
    """

    def __init__(self, config: LossConfig):
        super().__init__()
        self.config = config
        looks = config.perceptual > 0 or config.style > 0
        self.features = FeatureNetwork(config.features, config.features_file) if looks else None

    def forward(
        self, out: Tensor, image: Tensor, mask: Tensor, coarser: Sequence[Tensor] = ()
    ) -> dict[str, Tensor]:
        """`coarser`: the network's auxiliary pictures, each N x 3 x h x w."""
        config = self.config
        terms = {}
        if config.auxiliary:
            terms["auxiliary"] = config.auxiliary * auxiliary_l1(coarser, image, mask)
        if config.hole_l1:
            terms["hole_l1"] = config.hole_l1 * masked_l1(out, image, mask)
        if config.known_l1:
            terms["known_l1"] = config.known_l1 * masked_l1(out, image, 1 - mask)
        picture = composite(image, mask, out)
        if config.tv:
            terms["tv"] = config.tv * total_variation(picture, mask)
        if self.features is not None:
            share = math.ceil(len(image) * config.features_share)
            features = self.features(picture[:share])
            with torch.no_grad():
                targets = self.features(image[:share])
            if config.perceptual:
                terms["perceptual"] = config.perceptual * perceptual_distance(features, targets)
            if config.style:
                terms["style"] = config.style * style_distance(features, targets)
        return terms


def _size(target: Tensor) -> Tensor:
    return target.detach().float().abs().mean().clamp_min(1e-6)


def _gram(features: Tensor) -> Tensor:
    n, c, h, w = features.shape
    flat = features.float().reshape(n, c, h * w)
    return flat @ flat.transpose(1, 2) / (h * w)


def _source(name: str, file: str) -> Path | bool:
    """A file that is given, one that comes with the package, or torchvision's download."""
    if file:
        return Path(file)
    shipped = weights_folder() / f"{name}_features.safetensors"
    return shipped if shipped.is_file() else True
