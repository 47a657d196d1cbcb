"""What stands in the hole before the network looks at it.

The fills take image N x 3 x H x W in [0, 1] and mask N x 1 x H x W (1 = hole) and
return the image with the hole's pixels replaced; what was under the hole has no influence.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from inpaint.network.encoders.base import IMAGENET_MEAN
from inpaint.network.registry import Registry


def mean_fill(image: Tensor, mask: Tensor) -> Tensor:
    """ImageNet's mean colour: zero for encoders that are normalised as ImageNet's networks are."""
    mean = torch.tensor(IMAGENET_MEAN, dtype=image.dtype, device=image.device)
    return torch.where(mask > 0.5, mean.view(1, 3, 1, 1), image)


def push_pull(image: Tensor, mask: Tensor, levels: int | None = None) -> Tensor:
    """A smooth fill from a pyramid of means of the known pixels.

    Push: halve the picture, averaging known pixels only, until one pixel is left. Pull: going
    back up, fill what is unknown from the coarser level, bilinearly (Gortler et al., The
    Lumigraph, 1996). An image without a known pixel becomes mid-grey. Runs in the image's dtype;
    under autocast cast it to float32 before.
    levels: how often it is halved; None: until one pixel is left, which more change no more.
    """
    if levels is None:
        levels = (max(image.shape[-2:]) - 1).bit_length()
    pyramid = [(image, mask)]
    for _ in range(levels):
        pyramid.append(push(*pyramid[-1]))
    image, mask = pyramid.pop()
    filled = torch.where(mask > 0.5, torch.full_like(image, 0.5), image)
    for image, mask in reversed(pyramid):
        filled = pull(image, mask, filled)
    return filled


def half_size(image: Tensor, mask: Tensor, fill: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The hole as `fill`, a network's forward, fills the picture at half size: the mean of what it
    makes of the picture and of its mirror image, for that errs less than either."""
    small, hole = push(image, mask)
    as_is, mirrored = fill(_with_mirror_image(small), _with_mirror_image(hole)).chunk(2)
    filled = (as_is + mirrored.flip(-1)) / 2
    return pull(image, mask, torch.where(hole > 0.5, filled, small))


def push(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Half the size, sides rounded up: means of the known pixels, and where there were none."""
    known = (mask <= 0.5).to(image.dtype)
    color = _halve(torch.where(mask > 0.5, torch.zeros_like(image), image))
    weight = _halve(known)
    return color / weight.clamp_min(1e-6), (weight <= 0).to(image.dtype)


def pull(image: Tensor, mask: Tensor, filled: Tensor) -> Tensor:
    """The image with its hole from `filled`, the same at half its size as `push` makes it."""
    height, width = image.shape[-2:]
    # By exactly two: a side that was rounded up would be squeezed, and everything shifted.
    smooth = F.interpolate(filled, scale_factor=2, mode="bilinear", align_corners=False)
    return torch.where(mask > 0.5, smooth[..., :height, :width], image)


def _with_mirror_image(x: Tensor) -> Tensor:
    return torch.cat((x, x.flip(-1)))


def _halve(x: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), 2)


PREFILLS = Registry("prefill")
PREFILLS.register("mean", lambda: mean_fill)
PREFILLS.register("push_pull", lambda: push_pull)
