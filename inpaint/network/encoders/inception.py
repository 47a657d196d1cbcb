"""GoogLeNet (Szegedy et al., 2014, arXiv:1409.4842), whose blocks look with several kernels at
once, and Inception v3 (2015, arXiv:1512.00567), which factorises them."""

from __future__ import annotations

from pathlib import Path

import torchvision

from inpaint.network.encoders.base import StagedEncoder


class _InceptionEncoder(StagedEncoder):
    # Their published weights come from TensorFlow, which had pixels in [-1, 1].
    input_mean = (0.5, 0.5, 0.5)
    input_std = (0.5, 0.5, 0.5)


class GoogLeNetEncoder(_InceptionEncoder):
    """torchvision's GoogLeNet, up to the blocks at `max_stride` (2 to 32).

    It differs from the paper as torchvision's does: 3x3 kernels stand for 5x5, and batch
    normalisation follows each convolution, in place of local response normalisation.

    Features: conv1 (1/2), conv3 (1/4), inception 3b (1/8), 4e (1/16), 5b (1/32). Auxiliary
    outputs, which the paper hangs onto inner blocks, are the decoder's here.
    """

    min_side = 32

    def __init__(self, *, pretrained: bool | str | Path | None = None, max_stride: int = 8):
        network = torchvision.models.googlenet(
            weights=None, num_classes=1, aux_logits=False, init_weights=False
        )
        stages = [
            [network.conv1],
            [network.maxpool1, network.conv2, network.conv3],
            [network.maxpool2, network.inception3a, network.inception3b],
            [
                network.maxpool3,
                network.inception4a,
                network.inception4b,
                network.inception4c,
                network.inception4d,
                network.inception4e,
            ],
            [network.maxpool4, network.inception5a, network.inception5b],
        ]
        super().__init__(
            network,
            "googlenet",
            stages,
            (64, 192, 480, 832, 1024),
            pretrained=pretrained,
            max_stride=max_stride,
        )


class InceptionV3Encoder(_InceptionEncoder):
    """torchvision's Inception v3, up to the blocks at `max_stride` (2 to 32).

    Features: Conv2d_2b (1/2), Conv2d_4a (1/4), Mixed_5d (1/8), 6e (1/16), 7c (1/32). Most of its
    first layers do not pad, so all maps are a few steps smaller than side / stride.
    """

    min_side = 75

    def __init__(self, *, pretrained: bool | str | Path | None = None, max_stride: int = 8):
        network = torchvision.models.inception_v3(
            weights=None, num_classes=1, aux_logits=False, init_weights=False
        )
        stages = [
            [network.Conv2d_1a_3x3, network.Conv2d_2a_3x3, network.Conv2d_2b_3x3],
            [network.maxpool1, network.Conv2d_3b_1x1, network.Conv2d_4a_3x3],
            [network.maxpool2, network.Mixed_5b, network.Mixed_5c, network.Mixed_5d],
            [
                network.Mixed_6a,
                network.Mixed_6b,
                network.Mixed_6c,
                network.Mixed_6d,
                network.Mixed_6e,
            ],
            [network.Mixed_7a, network.Mixed_7b, network.Mixed_7c],
        ]
        super().__init__(
            network,
            "inception_v3",
            stages,
            (64, 192, 288, 768, 2048),
            pretrained=pretrained,
            max_stride=max_stride,
        )
