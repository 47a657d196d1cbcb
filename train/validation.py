"""Validation on fixed crops and masks: figures to choose by, and a picture to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from inpaint.errors import TrainingError
from inpaint.mask_shapes import random_masks
from inpaint.metrics import LPIPS_MIN_SIDE, Lpips
from inpaint.network import InpaintingNetwork, composite
from train.photos import PhotoFile, decode

_BATCH = 8
_SHOWN = 6


class Validator:
    """The centre crops of `photos` at `size` with masks of a kind, the same ones every time.

    TrainingError if no photo can be decoded; single damaged ones are left out.
    """

    def __init__(
        self,
        photos: Sequence[PhotoFile],
        size: int,
        device: torch.device,
        masks: str = "everyday",
    ):
        self.device = device
        crops = list(_centre_crops(photos, size))
        if not crops:
            raise TrainingError(f"none of {len(photos)} photos to validate on can be decoded")
        drawn = random_masks([(masks, [7, i]) for i in range(len(crops))], size, size)
        self.images = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)
        self.masks = torch.from_numpy(drawn)[:, None]
        self._lpips = Lpips(device=str(device)) if size >= LPIPS_MIN_SIDE else None

    @torch.inference_mode()
    def measure(self, network: InpaintingNetwork) -> dict[str, float]:
        """Means over the photos: hole_l1 (in [0, 1]), psnr_hole (dB) and lpips."""
        figures: dict[str, list[Tensor]] = {"hole_l1": [], "psnr_hole": [], "lpips": []}
        for image, mask, picture in self._restored(network, len(self.images)):
            share = mask.sum((1, 2, 3)) * 3
            error = (picture - image).abs()
            figures["hole_l1"].append(error.sum((1, 2, 3)) / share)
            mse = error.square().sum((1, 2, 3)) / share
            figures["psnr_hole"].append(-10 * mse.clamp_min(1e-10).log10())
            if self._lpips is not None:
                figures["lpips"].append(self._lpips.batch(picture, image))
        return {name: torch.cat(values).mean().item() for name, values in figures.items() if values}

    @torch.inference_mode()
    def picture(self, network: InpaintingNetwork) -> Image.Image:
        """A row for each of the first photos: damaged, restored, original."""
        rows = []
        for image, mask, picture in self._restored(network, min(_SHOWN, len(self.images))):
            damaged = torch.where(mask > 0.5, torch.ones_like(image), image)
            rows.append(torch.cat((damaged, picture, image), dim=3))
        grid = torch.cat(list(torch.cat(rows)), dim=1).permute(1, 2, 0)
        return Image.fromarray((grid * 255).round().byte().cpu().numpy())

    def _restored(self, network: InpaintingNetwork, count: int):
        network.eval()
        for first in range(0, count, _BATCH):
            places = slice(first, min(first + _BATCH, count))
            image = self.images[places].to(self.device).float() / 255
            mask = self.masks[places].to(self.device).float()
            yield image, mask, composite(image, mask, network(image, mask))


def _centre_crops(photos: Sequence[PhotoFile], size: int) -> Iterator[np.ndarray]:
    for photo in photos:
        try:
            picture = decode(photo, size)
        except (OSError, ValueError):  # damaged: left out here as in training
            continue
        top, left = ((length - size) // 2 for length in picture.shape[:2])
        yield picture[top : top + size, left : left + size]
