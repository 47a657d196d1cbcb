"""Decoders: features, coarse to fine, back to a picture.

A decoder is constructed with the features' channels and strides (fine to coarse). It takes the
features, the coarsest replaced by the bottleneck's output, and returns pictures from fine to
coarse, unbounded: one that covers the input, then those of its auxiliary outputs. A picture's
size follows from the features' real sizes: the network fits it to the input. ``decoder.heads``
are the last convolutions, in the order of the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from inpaint.network.blocks import ResidualBlock
from inpaint.network.convolutions import CONVOLUTIONS
from inpaint.network.registry import Registry


class ResidualDecoder(nn.Module):
    """Nearest upsampling and a convolution up to each skip, which is added.

    Upsampling goes to the skip's real size, so encoders with irregular maps fit too. The
    head writes all pixels of a finest step at once (pixel shuffle): no layer runs at full
    resolution. `blocks` is the number of residual blocks after each addition; `convolution`
    their kind, see `CONVOLUTIONS`. `auxiliary`: at how many of the coarser skips a picture is
    written too, to be compared with the shrunk original while training (GoogLeNet's auxiliary
    outputs, arXiv:1409.4842).
    """

    def __init__(
        self,
        channels: Sequence[int],
        strides: Sequence[int],
        *,
        blocks: int = 0,
        convolution: str = "3x3",
        auxiliary: int = 0,
    ):
        super().__init__()
        if not 0 <= auxiliary < len(channels):
            raise ValueError(f"auxiliary must be 0 to {len(channels) - 1}, not {auxiliary}")
        self.convolution = convolution
        self.up = nn.ModuleList()
        self.refine = nn.ModuleList()
        for coarse, fine in zip(reversed(channels), reversed(channels[:-1])):
            self.up.append(CONVOLUTIONS.create(convolution, coarse, fine))
            refine = (ResidualBlock(fine, convolution=convolution) for _ in range(blocks))
            self.refine.append(nn.Sequential(*refine))
        self.head = nn.Conv2d(channels[0], 3 * strides[0] ** 2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(strides[0])
        self.auxiliary = nn.ModuleList(
            nn.Conv2d(count, 3, 3, padding=1) for count in channels[1 : 1 + auxiliary]
        )

    @property
    def heads(self) -> list[nn.Conv2d]:
        return [self.head, *self.auxiliary]

    def fit(self, channels: Sequence[int]) -> None:
        """Make blocks that pruning has not seen as narrow as the features, fine to coarse, that it
        has left."""
        for refine, count in zip(self.refine, reversed(channels[:-1])):
            for place, block in enumerate(refine):
                if block.norm.num_features != count:
                    refine[place] = ResidualBlock(count, convolution=self.convolution)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        x = features[-1]
        maps = [x]
        for up, refine, skip in zip(self.up, self.refine, reversed(features[:-1])):
            x = up(F.interpolate(x, skip.shape[-2:], mode="nearest"))
            x = refine(x + skip)
            maps.append(x)
        fine, *coarser = reversed(maps)
        pictures = [self.shuffle(self.head(fine))]
        return pictures + [head(x) for head, x in zip(self.auxiliary, coarser)]


DECODERS = Registry("decoder")
DECODERS.register("residual", ResidualDecoder)
