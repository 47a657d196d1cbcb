"""InpaintingNetwork: encoder, bottleneck and decoder around a prefilled hole."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaint.network.bottlenecks import BOTTLENECKS
from inpaint.network.convolutions import ConvNormReLU
from inpaint.network.decoders import DECODERS
from inpaint.network.encoders import ENCODERS
from inpaint.network.noise import HoleNoise
from inpaint.network.prefill import PREFILLS, half_size
from inpaint.network.widths import feature_channels, narrow


@dataclass(frozen=True)
class NetworkConfig:
    """What rebuilds a network: names of its parts and their options, as plain JSON values."""

    encoder: str = "light"
    encoder_options: dict[str, Any] = field(default_factory=dict)
    max_channels: int | None = None  # wider features are brought down to it by 1x1 convolutions
    bottleneck: str = "dilated"
    bottleneck_options: dict[str, Any] = field(default_factory=dict)
    decoder: str = "residual"
    decoder_options: dict[str, Any] = field(default_factory=dict)
    prefill: str = "push_pull"  # or "mean"
    noise: float = 0.0  # standard deviation of what is added to the hole that the encoder sees
    widths: dict[str, Any] = field(default_factory=dict)  # of pruned layers, see widths.py
    # A network, as such a dictionary, that fills the picture at half size: see `prefilled`.
    coarse: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        values = asdict(self)
        for key in ("noise", "widths", "coarse"):  # older versions do not know them
            if not values[key]:
                del values[key]
        return values


class InpaintingNetwork(nn.Module):
    """Fills the holes of pictures of any size.

    ValueError names a part or an option that does not exist.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        self.encoder = ENCODERS.create(config.encoder, **config.encoder_options)
        self.lateral = nn.ModuleList(
            _narrow(count, config.max_channels) for count in self.encoder.channels
        )
        limit = config.max_channels or max(self.encoder.channels)
        channels = [min(count, limit) for count in self.encoder.channels]
        self.bottleneck = BOTTLENECKS.create(
            config.bottleneck, channels[-1], **config.bottleneck_options
        )
        self.decoder = DECODERS.create(
            config.decoder, channels, self.encoder.strides, **config.decoder_options
        )
        self.prefill = PREFILLS.create(config.prefill)
        self.noise = HoleNoise(config.noise) if config.noise else nn.Identity()
        self.coarse = _create_coarse(config.coarse) if config.coarse else None
        self.adds_to_prefill = config.prefill == "push_pull"
        if self.adds_to_prefill:  # start from a fill that is already fair, and learn the rest
            for head in self.decoder.heads:
                nn.init.zeros_(head.weight)
                nn.init.zeros_(head.bias)
        if config.widths:
            narrow(self, config.widths)
            self.encoder.channels = feature_channels(self.encoder)
            self.decoder.fit([*map(_given, self.lateral, self.encoder.channels)])

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """The picture that the network sees behind the holes.

        image: N x 3 x H x W, float, RGB in [0, 1]; mask: N x 1 x H x W, 1 = hole; H, W >= 1.
        Returns N x 3 x H x W, the network's whole output: `composite` takes the hole from it.
        In [0, 1] in eval mode; unbounded while training, where a clamp would stop gradients.
        """
        return self.pictures(image, mask)[0]

    def pictures(self, image: Tensor, mask: Tensor) -> list[Tensor]:
        """What `forward` returns, then the pictures of the decoder's auxiliary outputs, each as
        small as the features it is made of."""
        height, width = image.shape[-2:]
        prefilled = self.prefilled(image, mask)
        x = torch.cat((prefilled, mask.to(prefilled.dtype)), dim=1)
        rows, columns = self.padded_side(height), self.padded_side(width)
        if (rows, columns) != (height, width):
            x = pad(x, rows, columns)
        out, *coarser = self.decoded(x)
        if out.shape[-2:] != x.shape[-2:]:  # of an encoder that does not pad
            out = F.interpolate(out, x.shape[-2:], mode="bilinear", align_corners=False)
        out = out[..., :height, :width]
        if self.adds_to_prefill:
            out = prefilled + out
            coarser = [c + F.adaptive_avg_pool2d(x[:, :3], c.shape[-2:]) for c in coarser]
        pictures = [out, *(_crop(c, height / x.shape[-2], width / x.shape[-1]) for c in coarser)]
        return pictures if self.training else [p.clamp(0, 1) for p in pictures]

    def prefilled(self, image: Tensor, mask: Tensor) -> Tensor:
        """What stands in the hole before the network looks at it: the prefill's smooth fill, or
        that of a coarse network, which sees half as far in detail and twice as far in all."""
        if self.coarse is None:
            return self.prefill(image, mask)
        return half_size(image, mask, self.coarse)

    def train(self, mode: bool = True) -> InpaintingNetwork:
        """A coarse network is not trained along: it stays in eval mode."""
        super().train(mode)
        if self.coarse is not None:
            self.coarse.eval()
        return self

    def decoded(self, x: Tensor) -> list[Tensor]:
        """What the decoder makes of N x 4 x H x W, prefilled and padded, finest first."""
        x = self.noise(x)
        features = [lateral(f) for lateral, f in zip(self.lateral, self.encoder(x))]
        features[-1] = self.bottleneck(features[-1])
        return self.decoder(features)

    def padded_side(self, side: int) -> int:
        """The next multiple of the stride that the encoder accepts."""
        stride = self.encoder.strides[-1]
        # Not -(-side // stride): ONNX rounds towards zero.
        return (torch.sym_max(side, self.encoder.min_side) + stride - 1) // stride * stride


def pad(x: Tensor, height: int, width: int) -> Tensor:
    """N x C x H x W, continued at the bottom and on the right by its mirror image, and where that
    ends by its first row and column."""
    for dim, size in ((-2, height), (-1, width)):
        index = torch.arange(size, device=x.device)
        last = x.shape[dim] - 1
        x = x.index_select(dim, torch.where(index <= last, index, 2 * last - index).clamp_min(0))
    return x


def _create_coarse(config: dict[str, Any]) -> InpaintingNetwork:
    if config.get("coarse"):
        raise ValueError("a coarse network has no coarse network of its own")
    return InpaintingNetwork(NetworkConfig(**config)).eval().requires_grad_(False)


def _narrow(channels: int, limit: int | None) -> nn.Module:
    if limit is None or channels <= limit:
        return nn.Identity()
    return ConvNormReLU(channels, limit, 1)


def _given(lateral: nn.Module, channels: int) -> int:
    return lateral[0].out_channels if isinstance(lateral, ConvNormReLU) else channels


def _crop(picture: Tensor, down: float, right: float) -> Tensor:
    height, width = picture.shape[-2:]
    return picture[..., : math.ceil(height * down), : math.ceil(width * right)]


def composite(image: Tensor, mask: Tensor, out: Tensor) -> Tensor:
    """`out` where mask is 1, `image` elsewhere. Shapes as in `InpaintingNetwork.forward`."""
    return torch.where(mask > 0.5, out, image)
