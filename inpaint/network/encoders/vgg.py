"""VGG (Simonyan and Zisserman, 2014, arXiv:1409.1556): nothing but 3x3 convolutions, in depth."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from inpaint.network.encoders.base import StagedEncoder

_CONFIGURATIONS = {"vgg11": "A", "vgg13": "B", "vgg16": "D", "vgg19": "E"}
VGGS = [name + suffix for name in _CONFIGURATIONS for suffix in ("", "_bn")]


class VGGEncoder(StagedEncoder):
    """torchvision's `architecture`, up to the pooling at `max_stride` (2 to 32).

    Features: each block's pooled output, at 1/2, 1/4, 1/8, 1/16, 1/32. Layers carry the names of
    the papers (conv3_1 is the first of the third block), so that those which two depths share
    have the same name: `run.start_from` trains VGG-16 from a trained VGG-11, as was published.
    """

    min_side = 32

    def __init__(
        self,
        architecture: str,
        *,
        pretrained: bool | str | Path | None = None,
        max_stride: int = 8,
    ):
        configuration = cfgs[_CONFIGURATIONS[architecture.removesuffix("_bn")]]
        network = nn.Module()  # without the classifier's 124 million weights
        network.features = make_layers(configuration, batch_norm=architecture.endswith("_bn"))
        for layer in network.features:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        super().__init__(
            network,
            architecture,
            _name_blocks(network.features),
            (64, 128, 256, 512, 512),
            pretrained=pretrained,
            max_stride=max_stride,
        )


def _name_blocks(layers: nn.Sequential) -> list[nn.Sequential]:
    """The five blocks, each with its pooling, their layers named as in the paper."""
    kinds = {nn.Conv2d: "conv", nn.BatchNorm2d: "norm", nn.ReLU: "relu"}
    blocks: list[nn.Sequential] = []
    block: OrderedDict[str, nn.Module] = OrderedDict()
    depth = 0
    for layer in layers:
        number = len(blocks) + 1
        if isinstance(layer, nn.MaxPool2d):
            block[f"pool{number}"] = layer
            blocks.append(nn.Sequential(block))
            block, depth = OrderedDict(), 0
            continue
        depth += isinstance(layer, nn.Conv2d)
        block[f"{kinds[type(layer)]}{number}_{depth}"] = layer
    return blocks
