"""Discriminators: of pictures, and of a frozen classifier's features.

Both return a list of logit maps (N x 1 x h x w, positive = real) and a list of inner features.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchDiscriminator(nn.Module):
    """Of pictures N x 3 x H x W in [0, 1]: one map of logits, of patches of 70 pixels.

    pix2pixHD's, as in LaMa (Suvorov et al., 2022, arXiv:2109.07161): `width` channels in the first
    layer, doubled twice at stride 2, and once at stride 1.
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

    def forward(self, picture: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        x = 2 * picture - 1
        features = []
        for layer in self.layers:
            x = layer(x)
            features.append(x)
        return [self.head(x)], features


class FeatureDiscriminator(nn.Module):
    """Of a classifier's features: one map of logits at each of several scales.

    The classifier has learnt from a million photos what pictures are made of, so few photos
    suffice to learn which of its features betray a fill (Sauer et al., 2021, arXiv:2111.01007;
    Kumari et al., 2022, arXiv:2112.09130); and where a perceptual loss looks at the same features,
    it costs next to nothing. Spectral normalisation takes the place of a gradient penalty.
    """

    def __init__(self, scales: Mapping[int, int], width: int = 64):
        """`scales`: places in the list of features, and how many channels each has."""
        super().__init__()
        self.places = list(scales)
        self.heads = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(channels, width, 1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(width, 1, 1)),
            )
            for channels in scales.values()
        )

    def forward(self, features: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        seen = [features[place] for place in self.places]
        return [head(feature) for head, feature in zip(self.heads, seen)], seen
