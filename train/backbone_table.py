"""docs/backbones.md and its grid of pictures, from the results of train.compare."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image, ImageDraw

from inpaint import Inpainter
from inpaint._opencv import cv2
from inpaint.cases import Case, cases
from inpaint.evaluation import evaluate
from inpaint.network import InpaintingNetwork
from inpaint.weights import load_network
from inpaint.whole_file import write_whole

_CLASSICAL = ("telea", "navier-stokes")
SIDE = 512  # pixels of the picture that is timed
_REPEATS = 5
_TILE, _GAP, _LABEL = 168, 4, 150  # pixels of the grid


@dataclass(frozen=True)
class Result:
    """What one backbone came to; `packed_bytes` is its weights file's size in int8."""

    name: str
    preset: str
    samples: int
    size: int
    minutes: float
    device: str
    parameters: int
    gmac_256: float
    gmac_512: float
    packed_bytes: int
    photos: int
    figures: dict[str, float]


def write_table(
    results: Sequence[Result],
    output: Path,
    photos: Sequence[Path],
    folder: Path,
    command: str,
) -> list[Path]:
    """Write backbones.md and backbones.webp into `folder`; `output` holds the trained runs.

    Times are measured here, side by side with ResNet-50, all in one process.
    """
    methods = {result.name: output / result.name / "weights.safetensors" for result in results}
    networks = {name: load_network(path) for name, path in methods.items()}
    times = time_forward_passes(networks)
    baselines = _measure_baselines(output, photos[: results[0].photos])
    text = _page(results, times, baselines, command)
    folder.mkdir(parents=True, exist_ok=True)
    grid = draw_grid({"Navier-Stokes": "navier-stokes", **methods})
    picture = folder / "backbones.webp"
    return [
        write_whole(folder / "backbones.md", text.encode()),
        write_whole(picture, lambda file: grid.save(file, "WEBP", quality=85, method=6)),
    ]


@torch.inference_mode()
def time_forward_passes(networks: dict[str, InpaintingNetwork]) -> dict[str, float]:
    """Seconds of each network's forward pass over the median of ResNet-50's, on the CPU.

    One 512 x 512 picture, float32; the networks take turns, the medians are compared.
    """
    yardstick = torchvision.models.resnet50(weights=None).eval()
    image = torch.rand(1, 3, SIDE, SIDE)
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., SIDE // 4 : SIDE // 2, SIDE // 4 : SIDE // 2] = 1
    calls = {"": lambda: yardstick(image)}
    calls |= {name: lambda n=n: n(image, mask) for name, n in networks.items()}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for repeat in range(_REPEATS + 1):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            if repeat:  # the first one warms up
                seconds[name].append(time.perf_counter() - began)
    unit = statistics.median(seconds.pop(""))
    return {name: statistics.median(values) / unit for name, values in seconds.items()}


def _measure_baselines(output: Path, photos: Sequence[Path]) -> dict[str, dict[str, float]]:
    """The classical methods' figures on the same photos and masks, measured once."""
    path = output / "classical.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    means = evaluate(photos, "everyday", list(_CLASSICAL)).means()
    write_whole(path, json.dumps(means, indent=1).encode())
    return means


def _page(
    results: Sequence[Result],
    times: dict[str, float],
    baselines: dict[str, dict[str, float]],
    command: str,
) -> str:
    first = results[0]
    lines = [
        "# The backbones, under one protocol",
        "",
        f"Every network was trained by its family's preset on the same photos, masks, steps and "
        f"seed: {first.samples:,} crops of {first.size} pixels, on a {first.device.upper()}; that "
        "is a small budget, which orders them by how quickly they learn more than by what they "
        "could become. Figures: means over "
        f"{first.photos} photos that none was trained on, everyday masks. Time: a forward pass at "
        f"{SIDE}x{SIDE} on the CPU, as a ratio to ResNet-50's in the same run (medians). "
        "`+imagenet`: started from ImageNet weights.",
        "",
        "| backbone | preset | parameters | GMAC at 256 | at 512 | time / ResNet-50 "
        "| int8 file, MB | PSNR | hole-PSNR | SSIM | LPIPS |",
        "|---|---|" + "---:|" * 9,
    ]
    for name, means in baselines.items():
        lines.append(f"| *{name}* | | | | | | | {_figures(means)} |")
    for r in results:
        cells = [
            r.name,
            f"`{r.preset}`",
            f"{r.parameters / 1e6:.2f} M",
            f"{r.gmac_256:.2f}",
            f"{r.gmac_512:.1f}",
            f"{times[r.name]:.2f}",
            f"{r.packed_bytes / 1e6:.2f}",
            _figures(r.figures),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "The same five damaged photos, by all of them:",
        "",
        "![The same five damaged photos, restored by every backbone](backbones.webp)",
        "",
        "Written by:",
        "",
        f"    {command}",
        "",
    ]
    return "\n".join(lines)


def _figures(means: dict[str, float]) -> str:
    return " | ".join(
        f"{means[name]:.{digits}f}"
        for name, digits in (("psnr", 2), ("psnr_hole", 2), ("ssim", 4), ("lpips", 4))
    )


def draw_grid(methods: dict[str, str | Path]) -> Image.Image:
    """A row a method: the places that it mended in the five cases; damaged ones on top."""
    shown = cases()
    rows = [("damaged", [_tile(case, case.damaged) for case in shown])]
    for name, method in methods.items():
        inpainter = Inpainter(method)
        tiles = [_tile(case, inpainter.restore_array(case.damaged, case.mask)) for case in shown]
        rows.append((name, tiles))
    step = _TILE + _GAP
    sheet = Image.new("RGB", (_LABEL + step * len(shown), step * len(rows)), "white")
    draw = ImageDraw.Draw(sheet)
    for i, (name, tiles) in enumerate(rows):
        draw.text((4, i * step + _TILE // 2), name, fill="black", font_size=14, anchor="lm")
        for j, tile in enumerate(tiles):
            sheet.paste(tile, (_LABEL + j * step, i * step))
    return sheet


def _tile(case: Case, picture: np.ndarray) -> Image.Image:
    """The square around the largest damage, so that one sees what was done."""
    height, width = case.mask.shape
    count, _, boxes, _ = cv2.connectedComponentsWithStats(case.mask.astype(np.uint8))
    left, top, wide, high, _ = max(boxes[1:count], key=lambda box: box[4])
    side = min(max(wide, high) + 48, height, width, 260)
    x = min(max(left + (wide - side) // 2, 0), width - side)
    y = min(max(top + (high - side) // 2, 0), height - side)
    crop = Image.fromarray(picture[y : y + side, x : x + side])
    return crop.resize((_TILE, _TILE), Image.Resampling.LANCZOS)
