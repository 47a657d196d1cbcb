"""InpaintingNetwork as one graph for pictures of all sizes, to be exported."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaint.network.inpainting_network import InpaintingNetwork, pad
from inpaint.network.prefill import half_size, push_pull

_LEVELS = 13
LARGEST_SIDE = 1 << _LEVELS


class NetworkGraph(nn.Module):
    """What `network` does in eval mode, without a step that depends on the picture's size.

    Sides of up to LARGEST_SIDE pixels; `forward` as the network's.
    """

    def __init__(self, network: InpaintingNetwork):
        super().__init__()
        self.network = network.eval()
        # In a list, so that its tensors have one name only, that in the weights file.
        self._coarse = [NetworkGraph(network.coarse)] if network.coarse is not None else []
        side = network.padded_side(1)
        example = next(network.parameters()).new_zeros(1, 4, side, side)
        with torch.no_grad():
            self._resizes = network.decoded(example)[0].shape[-2:] != example.shape[-2:]

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        network = self.network
        height, width = image.shape[-2:]
        prefilled = self._prefilled(image, mask)
        x = torch.cat((prefilled, mask), dim=1)
        x = pad(x, network.padded_side(height), network.padded_side(width))
        out = network.decoded(x)[0]
        if self._resizes:
            out = F.interpolate(out, x.shape[-2:], mode="bilinear", align_corners=False)
        # Slices would have to be proved to fit.
        rows, columns = (torch.arange(side, device=out.device) for side in (height, width))
        out = out.index_select(-2, rows).index_select(-1, columns)
        return (prefilled + out if network.adds_to_prefill else out).clamp(0, 1)

    def _prefilled(self, image: Tensor, mask: Tensor) -> Tensor:
        if self._coarse:
            return half_size(image, mask, self._coarse[0])
        if self.network.adds_to_prefill:
            return push_pull(image, mask, _LEVELS)
        return self.network.prefill(image, mask)
