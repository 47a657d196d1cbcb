"""docs/backbones.md, from the results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from inpaint.errors import TrainingError
from inpaint.weights import load_network
from inpaint.whole_file import write_whole
from train.compare.baselines import UNTRAINED, measure_baselines
from train.compare.grid import draw_grid
from train.compare.result import Result, figure_cells, require_one_protocol
from train.compare.timing import SIDE, time_forward_passes

_CLOSE = 0.15  # dB; trained rows that lie so near each other are told apart by noise


def write_table(
    results: Sequence[Result],
    output: Path,
    photos: Sequence[Path],
    folder: Path,
    command: str,
) -> list[Path]:
    """Write backbones.md and backbones.webp into `folder`; `output` holds the trained runs.

    Times are measured here, side by side with ResNet-50, all in one process. TrainingError if
    `results` are of different protocols, or there are fewer `photos` than they were measured on.
    """
    first = results[0]
    require_one_protocol(results, output)
    if len(photos) < first.photos:
        raise TrainingError(
            f"--validation has {len(photos)} photos, {output} was measured on {first.photos}; "
            "give the folder that it was measured on"
        )
    methods = {result.name: output / result.name / "weights.safetensors" for result in results}
    networks = {name: load_network(path) for name, path in methods.items()}
    times = time_forward_passes(networks)
    baselines = measure_baselines(output, photos[: first.photos], methods[first.name])
    text = _page(results, times, baselines, command)
    folder.mkdir(parents=True, exist_ok=True)
    grid = draw_grid({"Navier-Stokes": "navier-stokes", **methods})
    picture = folder / "backbones.webp"
    return [
        write_whole(folder / "backbones.md", text.encode()),
        write_whole(picture, lambda file: grid.save(file, "WEBP", quality=85, method=6)),
    ]


@torch.inference_mode()
def _page(
    results: Sequence[Result],
    times: dict[str, float],
    baselines: dict[str, dict[str, float]],
    command: str,
) -> str:
    first = results[0]
    devices = " and a ".join(sorted({r.device.upper() for r in results}))
    lines = [
        "# The backbones, under one protocol",
        "",
        f"Every network was trained by its family's preset on the same photos, masks, steps and "
        f"seed: {first.samples:,} crops of {first.size} pixels, on a {devices}. Figures: means "
        f"over {first.photos} photos that none was trained on, everyday masks. Time: a forward "
        f"pass at {SIDE}x{SIDE} on the CPU with {_count(torch.get_num_threads(), 'thread')}, as a "
        "ratio to ResNet-50's in the same run (medians). `+imagenet`: started from ImageNet "
        "weights.",
        "",
        _reading(results, baselines[UNTRAINED]),
        "",
        "| backbone | preset | parameters | GMAC at 256 | at 512 | time / ResNet-50 "
        "| int8 file, MB | PSNR | hole-PSNR | SSIM | LPIPS |",
        "|---|---|" + "---:|" * 9,
    ]
    for name, means in baselines.items():
        lines.append(f"| *{name}* | | | | | | | {figure_cells(means)} |")
    lines += ["| " + " | ".join(r.cells(times[r.name])) + " |" for r in results]
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


def _reading(results: Sequence[Result], start: dict[str, float]) -> str:
    """What the figures show: above all, whether they tell the backbones apart."""
    psnr = [r.figures["psnr"] for r in results]
    behind = sum(value < start["psnr"] for value in psnr)
    better = sum(r.figures["lpips"] < start["lpips"] for r in results)
    text = f"All start from one picture, the push-pull prefill (*{UNTRAINED}*)"
    spread = max(psnr) - min(psnr)
    if spread > _CLOSE:
        return f"{text}; a small budget shows how quickly they leave it, more than where they end."
    return (
        f"{text}, and at this small budget they are still near it: the trained rows lie within "
        f"{spread:.2f} dB of each other. What so short a training teaches is to give up "
        f"some PSNR ({behind} of {len(results)} lie below the prefill) for a better LPIPS "
        f"({better} of {len(results)}). The figures therefore say little about which backbone is "
        "the best one; differences of 0.05 dB mean nothing."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
