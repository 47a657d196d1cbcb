"""A patch discriminator that knows where the hole was, and its losses.

After LaMa (Suvorov et al., 2022, arXiv:2109.07161): the pix2pixHD discriminator on the
composited picture; a patch counts as false only where it covers the hole.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PatchDiscriminator(nn.Module):
    """N x 3 x H x W in [0, 1] -> logits N x 1 x h x w (positive = real) and inner features.

    `width` channels in the first layer, doubled twice at stride 2, and once at stride 1.
    """

    def __init__(self, width: int = 64):
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width]
        layers = [nn.Sequential(nn.Conv2d(3, width, 4, 2, 2), nn.LeakyReLU(0.2))]
        for inputs, outputs in pairwise(widths):
            stride = 1 if outputs == widths[-1] else 2
            layers.append(
                nn.Sequential(
                    nn.Conv2d(inputs, outputs, 4, stride, 2, bias=False),
                    nn.BatchNorm2d(outputs),
                    nn.LeakyReLU(0.2),
                )
            )
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(widths[-1], 1, 4, 1, 2)

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = 2 * picture - 1
        features = []
        for layer in self.layers:
            x = layer(x)
            features.append(x)
        return self.head(x), features


def discriminator_loss(real: Tensor, fake: Tensor, mask: Tensor, real_label: float = 1.0) -> Tensor:
    """Non-saturating loss; patches of the composited picture that show no hole are real.

    `real_label`: what real pictures should be taken for; 0.9 keeps the discriminator from being
    too sure (one-sided label smoothing: Salimans et al., 2016, arXiv:1606.03498, after Inception
    v3). False ones stay at 0: smoothed, they would draw the fill towards what it is already.
    """
    false = _at_patches(mask, fake)
    on_fake = false * F.softplus(fake) + (1 - false) * F.softplus(-fake)
    on_real = real_label * F.softplus(-real) + (1 - real_label) * F.softplus(real)
    return on_real.mean() + on_fake.mean()


def generator_loss(fake: Tensor, mask: Tensor) -> Tensor:
    """Mean over the patches on the hole of how far they are from being taken for real."""
    false = _at_patches(mask, fake)
    return (false * F.softplus(-fake)).sum() / false.sum().clamp_min(1)


def feature_matching(fake: list[Tensor], real: list[Tensor]) -> Tensor:
    """Mean over the layers of the squared distance (Wang et al., 2018, arXiv:1711.11585)."""
    distances = [F.mse_loss(f, r.detach()) for f, r in zip(fake, real)]
    return torch.stack(distances).mean()


def r1_penalty(discriminator: nn.Module, real: Tensor) -> Tensor:
    """Squared gradient of the summed logits at real pictures (Mescheder et al., 2018)."""
    real = real.detach().requires_grad_(True)
    logits, _ = discriminator(real)
    (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


def _at_patches(mask: Tensor, logits: Tensor) -> Tensor:
    return F.interpolate(mask, logits.shape[-2:], mode="nearest").to(logits.dtype)
