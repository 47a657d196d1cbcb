"""A frozen classifier's features: what the perceptual terms compare, and an adversary may see."""

from __future__ import annotations

from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn

from inpaint.errors import TrainingError
from inpaint.network.encoders.base import IMAGENET_MEAN, IMAGENET_STD
from inpaint.network.encoders.pretrained import load_pretrained
from inpaint.weights import weights_folder

# Layers of torchvision's `features` whose output is compared, all of them after a ReLU. Those of
# AlexNet and SqueezeNet are LPIPS's.
FEATURE_LAYERS = {
    "vgg16": (3, 8, 15),  # relu1_2, relu2_2, relu3_3
    "alexnet": (1, 4, 7, 9, 11),
    "squeezenet1_1": (1, 4, 7, 9, 10, 11, 12),
}


class FeatureNetwork(nn.Module):
    """Pictures N x 3 x H x W, RGB in [0, 1] -> features at several depths, fine to coarse.

    `file`: safetensors of torchvision's `features.*`; empty: shipped, or torchvision's download.
    TrainingError where there are none.
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
                "--set losses.features_file=FILE, or take what comes with photomend: "
                "--set losses.features=alexnet --set losses.features_file="
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

    def compare(self, picture: Tensor, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Features of both, the image's without gradients.

        Each layer is divided by the mean size of the image's features there, so that all layers,
        and all networks, weigh alike in a loss.
        """
        features = self(picture)
        with torch.no_grad():
            targets = self(image)
            sizes = [target.float().abs().mean().clamp_min(1e-6) for target in targets]
        return (
            [feature / size for feature, size in zip(features, sizes)],
            [target / size for target, size in zip(targets, sizes)],
        )

    def scales(self) -> dict[int, int]:
        """The last of the features at each resolution but the finest: its place and channels."""
        with torch.no_grad():
            features = self(self.mean.expand(1, 3, 64, 64))
        last = {feature.shape[-1]: place for place, feature in enumerate(features)}
        del last[max(last)]
        return {place: features[place].shape[1] for place in last.values()}


def _source(name: str, file: str) -> Path | bool:
    """A file that is given, one that comes with the package, or torchvision's download."""
    if file:
        return Path(file)
    shipped = weights_folder() / f"{name}_features.safetensors"
    return shipped if shipped.is_file() else True
