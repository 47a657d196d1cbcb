"""Training masks: a bank drawn once, kept on the device, turned and mirrored at every step."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from inpaint.errors import TrainingError
from inpaint.mask import read_mask
from inpaint.mask_shapes import random_masks

_CHUNK = 64  # masks drawn by one task of the process pool
_WORTH_PROCESSES = 2048  # below, starting processes costs more than drawing


class MaskBank:
    """`batch(step)` draws from (seed, step) alone: N x 1 x size x size bool, True = hole."""

    def __init__(
        self,
        masks: np.ndarray,
        *,
        batch: int,
        seed: int,
        device: torch.device,
        part: slice = slice(None),
    ):
        """`masks`: bool N x size x size; `part`: this process's slice of each batch."""
        self._part = part
        self._masks = torch.from_numpy(masks).to(device)
        self._batch, self._seed, self._device = batch, seed, device

    def __len__(self) -> int:
        return len(self._masks)

    def batch(self, step: int) -> Tensor:
        rng = np.random.default_rng([self._seed, 3, step])
        index = torch.from_numpy(rng.integers(0, len(self._masks), self._batch))[self._part]
        masks = torch.rot90(self._masks[index.to(self._device)], int(rng.integers(4)), (1, 2))
        flip = torch.from_numpy(rng.random(self._batch) < 0.5)[self._part].to(self._device)
        return torch.where(flip[:, None, None], masks.flip(2), masks)[:, None]


def draw_masks(shares: dict[str, float], size: int, count: int, seed: int) -> np.ndarray:
    """bool count x size x size: kinds of inpaint.mask_shapes by their shares.

    Every mask has its own seed: the result does not depend on the number of processes.
    """
    kinds = list(shares)
    p = np.array(list(shares.values()), float)
    chosen = np.random.default_rng([seed, 4]).choice(len(kinds), count, p=p / p.sum())
    tasks = [(kinds[kind], [seed, 5, i]) for i, kind in enumerate(chosen)]
    chunks = [tasks[i : i + _CHUNK] for i in range(0, count, _CHUNK)]
    draw = partial(random_masks, height=size, width=size)
    processes = os.cpu_count() or 1
    if count < _WORTH_PROCESSES or processes == 1:
        return np.concatenate([draw(chunk) for chunk in chunks])
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return np.concatenate(list(pool.map(draw, chunks)))


def read_masks(folder: str | Path, size: int) -> np.ndarray:
    """Masks of one's own: every picture in `folder`, white = hole, resized to size x size.

    TrainingError if there is none or one masks nothing, MaskError if one is not a picture.
    """
    paths = [p for p in sorted(Path(folder).glob("*")) if p.is_file() and p.name[0] != "."]
    masks = [_square(read_mask(path), size) for path in paths]
    if not masks:
        raise TrainingError(f"{folder}: no masks there; give a folder of pictures, white = hole")
    for path, mask in zip(paths, masks):
        if not mask.any():
            raise TrainingError(f"mask {path}: nothing in it is white, so nothing would be filled")
    return np.stack(masks)


def _square(mask: np.ndarray, size: int) -> np.ndarray:
    scaled = Image.fromarray(mask).convert("L").resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(scaled) > 127
