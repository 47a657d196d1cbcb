"""AlexNet (Krizhevsky et al., 2012): large kernels, ReLU, response normalisation, pooling."""

from __future__ import annotations

from pathlib import Path

import torchvision
from torch import nn

from inpaint.network.encoders.base import StagedEncoder


class AlexNetEncoder(StagedEncoder):
    """torchvision's AlexNet (the one of arXiv:1404.5997, on one GPU), up to `max_stride` (4 to 16).

    Features: conv1 (1/4), conv2 (1/8), conv5 (1/16); all maps are a step or two smaller than
    side / stride, as published.
    `lrn`: local response normalisation after conv1 and conv2, as published in 2012. torchvision's
    ImageNet weights were trained without it: switch it off to see their own features.
    """

    min_side = 32

    def __init__(
        self,
        *,
        pretrained: bool | str | Path | None = None,
        max_stride: int = 16,
        lrn: bool = True,
    ):
        network = torchvision.models.alexnet(weights=None, num_classes=1)
        layers = network.features
        stages = [[*layers[:2]], [*layers[2:5]], [*layers[5:12]]]
        if lrn:
            for stage in stages[:2]:
                # torch divides alpha by the size of the neighbourhood, the paper does not.
                stage.append(nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2.0))
        super().__init__(
            network,
            "alexnet",
            stages,
            (64, 192, 256),
            pretrained=pretrained,
            max_stride=max_stride,
            first_stride=4,
        )
