"""Reconstruction losses: masked L1 and squared error, perceptual, LPIPS, style, total variation.

Pictures are N x 3 x H x W in [0, 1], masks N x 1 x H x W float with 1 = hole. Features and targets
are what `FeatureNetwork.compare` makes of two pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaint.metrics import create_lpips
from inpaint.network import composite
from train.preset import LossConfig

_LPIPS_NAMES = {"alexnet": "alex", "squeezenet1_1": "squeeze"}
_LEAST_SQUARE = 1e-5  # added to a mean square: holes that are right to 50 dB are right


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


def hole_log_mse(out: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Mean over the pictures of the logarithm of the mean square error in the hole.

    Minus the hole's PSNR but for a factor of 10 / ln 10 (PSNR loss: Chen et al., 2022,
    arXiv:2204.04676): a picture's own error sets its scale, so easy holes count as hard ones do.
    """
    square = ((out - image).square() * mask).sum((1, 2, 3)) / (3 * mask.sum((1, 2, 3))).clamp_min(1)
    return (square + _LEAST_SQUARE).log().mean()


def perceptual_distance(features: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """L1 between feature maps, summed over the layers."""
    return sum(
        (feature - target).abs().mean() for feature, target in zip(features, targets, strict=True)
    )


def style_distance(features: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """L1 between Gram matrices (Gatys et al., 2016), summed over the layers."""
    return sum(
        (_gram(feature) - _gram(target)).abs().mean()
        for feature, target in zip(features, targets, strict=True)
    )


class LpipsDistance(nn.Module):
    """LPIPS (Zhang et al., 2018, version 0.1) of features that are at hand, mean over the batch.

    `name`: alexnet or squeezenet1_1. Weights that were trained by it must be ranked by another
    network's LPIPS.
    """

    def __init__(self, name: str):
        super().__init__()
        for i, head in enumerate(create_lpips(_LPIPS_NAMES[name]).lins):
            self.register_buffer(f"head{i}", head.model[-1].weight.detach().clone())

    def forward(self, features: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
        distances = [
            ((_unit(feature) - _unit(target)).square() * head).sum(1).mean()
            for feature, target, head in zip(features, targets, self.buffers(), strict=True)
        ]
        return sum(distances)


class ReconstructionLoss(nn.Module):
    """The weighted terms of a LossConfig, by name; terms of weight 0 are left out.

    L1 and PSNR look at the network's raw output, the others at the composited picture, which is
    what a person will see.
    """

    def __init__(self, config: LossConfig):
        super().__init__()
        self.config = config
        self.lpips = LpipsDistance(config.features) if config.lpips else None

    def forward(
        self,
        out: Tensor,
        image: Tensor,
        mask: Tensor,
        *,
        features: Sequence[Tensor] = (),
        targets: Sequence[Tensor] = (),
        coarser: Sequence[Tensor] = (),
    ) -> dict[str, Tensor]:
        """`features`, `targets`: of the composited picture and of the image, where a term needs
        them; `coarser`: the network's auxiliary pictures, each N x 3 x h x w."""
        config = self.config
        terms = {}
        if not features and (config.perceptual or config.lpips or config.style):
            raise ValueError("the perceptual terms need features")
        if config.auxiliary:
            terms["auxiliary"] = config.auxiliary * auxiliary_l1(coarser, image, mask)
        if config.hole_l1:
            terms["hole_l1"] = config.hole_l1 * masked_l1(out, image, mask)
        if config.known_l1:
            terms["known_l1"] = config.known_l1 * masked_l1(out, image, 1 - mask)
        if config.psnr:
            terms["psnr"] = config.psnr * hole_log_mse(out, image, mask)
        if config.tv:
            terms["tv"] = config.tv * total_variation(composite(image, mask, out), mask)
        if config.perceptual:
            terms["perceptual"] = config.perceptual * perceptual_distance(features, targets)
        if config.lpips:
            terms["lpips"] = config.lpips * self.lpips(features, targets)
        if config.style:
            terms["style"] = config.style * style_distance(features, targets)
        return terms


def _unit(features: Tensor) -> Tensor:
    features = features.float()
    return features / (features.square().sum(1, keepdim=True) + 1e-10).sqrt()


def _gram(features: Tensor) -> Tensor:
    n, c, h, w = features.shape
    flat = features.float().reshape(n, c, h * w)
    return flat @ flat.transpose(1, 2) / (h * w)
