"""Training photos: found in folders and tars, checked, and served as crops.

Two stores with one contract, ``batch(step) -> uint8 N x 3 x size x size on the device``:
`PhotosInMemory` keeps every decoded photo in the device's memory and cuts there;
`PhotosOnDisk` decodes in worker processes. Both draw from (seed, step) alone, so a resumed
run sees the very samples that it would have seen. `part` is the slice of each step's batch
that this process serves, when several share the work.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, Sampler

from inpaint.errors import TrainingError
from train.preset import DataConfig

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif"}
SMALLEST_SIDE = 64  # smaller pictures are thumbnails, and would be enlarged beyond use


@dataclass(frozen=True)
class PhotoFile:
    """Where a photo's bytes lie: a file of its own, or a member of a tar."""

    path: Path
    name: str
    offset: int = 0
    length: int = -1  # to the end of the file

    def read(self) -> bytes:
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            return file.read(self.length)


@dataclass(frozen=True)
class DataCheck:
    """What was found before the first step."""

    photos: list[PhotoFile]
    sizes: list[tuple[int, int]]  # width, height
    skipped: list[tuple[str, str]]  # name, reason

    def __str__(self) -> str:
        sides = sorted(min(size) for size in self.sizes)
        lines = [
            f"{len(self.photos)} photos, shorter side {sides[0]} to {sides[-1]}, "
            f"median {sides[len(sides) // 2]} pixels; {len(self.skipped)} skipped"
        ]
        lines += [f"  skipped {name}: {reason}" for name, reason in self.skipped[:20]]
        if len(self.skipped) > 20:
            lines.append(f"  ... and {len(self.skipped) - 20} more")
        return "\n".join(lines)


def check_photos(sources: Sequence[str | Path]) -> DataCheck:
    """Find the photos in folders (with subfolders) and tars, reading only their headers.

    TrainingError if a source does not exist or no photo is usable.
    """
    photos, sizes, skipped = [], [], []
    found = [photo for source in sources for photo in _find(Path(source))]
    with ThreadPoolExecutor() as pool:
        for photo, (size, reason) in zip(found, pool.map(_inspect, found)):
            if reason:
                skipped.append((photo.name, reason))
            else:
                photos.append(photo)
                sizes.append(size)
    if not photos:
        where = ", ".join(map(str, sources))
        why = f" ({skipped[0][0]}: {skipped[0][1]})" if skipped else ""
        raise TrainingError(
            f"no usable photo in {where}{why}; give folders or .tar files of photos"
        )
    return DataCheck(photos, sizes, skipped)


def split(photos: Sequence[PhotoFile], validation: int) -> tuple[list[PhotoFile], list[PhotoFile]]:
    """Training and validation photos; which, depends on their number alone: of the same photos a
    run that goes on from another, with another seed even, is judged by those that neither has seen.

    At most a fifth is set apart, so that a small folder still trains.
    """
    order = np.random.default_rng([0, 1]).permutation(len(photos))
    count = min(validation, len(photos) // 5)
    return [photos[i] for i in order[count:]], [photos[i] for i in order[:count]]


def decode(photo: PhotoFile, side: int) -> np.ndarray:
    """uint8 H x W x 3, upright, the shorter side resized to `side` pixels.

    OSError or ValueError where the file is damaged.
    """
    with Image.open(io.BytesIO(photo.read())) as file:
        file.draft("RGB", (side, side))  # a JPEG decodes faster at a smaller scale
        picture = ImageOps.exif_transpose(file).convert("RGB")
    scale = side / min(picture.size)
    if scale != 1:
        width, height = (max(side, round(length * scale)) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(picture)


class PhotosInMemory:
    """Every photo decoded once, into one uint8 tensor on `device`."""

    def __init__(
        self,
        photos: Sequence[PhotoFile],
        config: DataConfig,
        *,
        batch: int,
        seed: int,
        device: torch.device,
        part: slice = slice(None),
    ):
        self._config, self._batch, self._seed, self._device = config, batch, seed, device
        self._part = part
        with ThreadPoolExecutor() as pool:
            decoded = list(
                pool.map(lambda photo: _decode_or_none(photo, config.photo_side), photos)
            )
        pictures = [picture for picture in decoded if picture is not None]
        self.damaged = [p.name for p, picture in zip(photos, decoded) if picture is None]
        if not pictures:
            raise TrainingError(f"none of {len(photos)} photos can be decoded")
        sizes = torch.tensor([picture.shape[:2] for picture in pictures])
        areas = sizes.prod(1)
        self._heights, self._widths = sizes.unbind(1)
        self._starts = areas.cumsum(0) - areas
        self._pixels = torch.empty((int(areas.sum()), 3), dtype=torch.uint8, device=device)
        for start, picture in zip(self._starts.tolist(), pictures):
            flat = torch.from_numpy(picture.reshape(-1, 3).copy())
            self._pixels[start : start + len(flat)] = flat.to(device)

    def batch(self, step: int) -> Tensor:
        """The step's crops. Where to cut is drawn on the CPU, so every device sees the same."""
        config = self._config
        rng = np.random.default_rng([self._seed, 2, step])
        side = _window_side(config, rng)
        index = torch.from_numpy(rng.integers(0, len(self._starts), self._batch))[self._part]
        down, right, chance = torch.from_numpy(rng.random((3, self._batch)))[:, self._part]
        top = (down * (self._heights[index] - side + 1)).long()
        left = (right * (self._widths[index] - side + 1)).long()
        width = self._widths[index]
        first = (self._starts[index] + top * width + left).to(self._device, non_blocking=True)
        width = width.to(self._device, non_blocking=True)
        step_down = torch.arange(side, device=self._device)
        rows = first[:, None] + step_down * width[:, None]
        crops = self._pixels[rows[:, :, None] + step_down]  # N x side x side x 3
        flip = (chance < 0.5) & config.flip
        crops = torch.where(flip.to(self._device)[:, None, None, None], crops.flip(2), crops)
        return _resize(crops.permute(0, 3, 1, 2), config.size)


class PhotosOnDisk:
    """Photos decoded by worker processes as they are needed."""

    damaged: tuple[str, ...] = ()  # found while training; another photo takes the place

    def __init__(
        self,
        photos: Sequence[PhotoFile],
        config: DataConfig,
        *,
        batch: int,
        seed: int,
        device: torch.device,
        part: slice = slice(None),
    ):
        self._crops = _Crops(list(photos), config, range(batch)[part], seed)
        self._workers, self._device = config.workers, device
        self._next_step = -1
        self._batches: Iterator[Tensor] = iter(())

    def batch(self, step: int) -> Tensor:
        """The step's crops; quick when steps are asked for in order."""
        if step != self._next_step:
            loader = DataLoader(
                self._crops,
                batch_size=None,
                sampler=_StepsFrom(step),
                num_workers=self._workers,
                pin_memory=self._device.type == "cuda",
                multiprocessing_context="spawn" if self._workers else None,
            )
            self._batches = iter(loader)
        self._next_step = step + 1
        return next(self._batches).to(self._device, non_blocking=True)


class _Crops(Dataset):
    """Map-style: item `step` is this process's `places` in that step's batch."""

    def __init__(self, photos: list[PhotoFile], config: DataConfig, places: range, seed: int):
        self.photos, self.config, self.places, self.seed = photos, config, places, seed

    def __getitem__(self, step: int) -> Tensor:
        return torch.stack([self._crop(step, place) for place in self.places])

    def _crop(self, step: int, place: int) -> Tensor:
        rng = np.random.default_rng([self.seed, 2, step, place])
        side = _window_side(self.config, rng)
        for _ in range(100):
            photo = self.photos[rng.integers(len(self.photos))]
            picture = _decode_or_none(photo, self.config.photo_side)
            if picture is not None:
                break
        else:
            raise TrainingError("100 photos in a row cannot be decoded: is the disk still there?")
        top, left = (int(rng.integers(0, length - side + 1)) for length in picture.shape[:2])
        crop = picture[top : top + side, left : left + side]
        if rng.random() < 0.5 and self.config.flip:
            crop = crop[:, ::-1]
        tensor = torch.from_numpy(crop.copy()).permute(2, 0, 1)
        return _resize(tensor[None], self.config.size)[0]


class _StepsFrom(Sampler):
    """first, first + 1, first + 2, ... without end."""

    def __init__(self, first: int):
        self.first = first

    def __iter__(self) -> Iterator[int]:
        step = self.first
        while True:
            yield step
            step += 1


def decoded_gigabytes(sizes: Sequence[tuple[int, int]], side: int) -> float:
    """Memory that photos of these sizes take once their shorter side is `side`."""
    pixels = sum(side * side * max(size) / min(size) for size in sizes)
    return 3 * pixels / 1e9


def _window_side(config: DataConfig, rng: np.random.Generator) -> int:
    return max(8, round(config.size * rng.uniform(*config.window)))


def _resize(crops: Tensor, size: int) -> Tensor:
    """uint8 in and out; averages when shrinking, so that no aliasing is learnt."""
    if crops.shape[-1] == size:
        return crops.contiguous()
    resized = F.interpolate(
        crops.float(), (size, size), mode="bilinear", antialias=True, align_corners=False
    )
    return resized.round_().clamp_(0, 255).to(torch.uint8)


def _decode_or_none(photo: PhotoFile, side: int) -> np.ndarray | None:
    try:
        return decode(photo, side)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _find(source: Path) -> Iterator[PhotoFile]:
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.suffix == ".tar":
                yield from _members(path)
            elif path.suffix.lower() in SUFFIXES:
                yield PhotoFile(path, str(path.relative_to(source)))
    elif source.suffix == ".tar" and source.is_file():
        yield from _members(source)
    else:
        raise TrainingError(f"{source}: not a folder and not a .tar file")


def _members(path: Path) -> Iterator[PhotoFile]:
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES:
                    yield PhotoFile(path, member.name, member.offset_data, member.size)
    except tarfile.TarError as error:
        raise TrainingError(f"{path}: not a plain tar file ({error})") from error


def _inspect(photo: PhotoFile) -> tuple[tuple[int, int], str]:
    """Size and, if the photo is not usable, the reason."""
    try:
        with Image.open(io.BytesIO(photo.read())) as file:
            size = file.size
    except UnidentifiedImageError:  # its words are about an object in memory
        return (0, 0), "not a readable picture"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return (0, 0), f"not a readable picture ({error})"
    if min(size) < SMALLEST_SIDE:
        return size, f"{size[0]} x {size[1]} is smaller than {SMALLEST_SIDE} pixels"
    return size, ""
