"""Forward passes on the CPU against ResNet-50's, side by side."""

from __future__ import annotations

import statistics
import sys
import time

import torch
import torchvision

from inpaint.network import InpaintingNetwork

SIDE = 512  # pixels of the picture that is timed
_REPEATS = 5
_STEADY = 1.3  # longest over shortest time of the yardstick, on a machine that is left alone


def time_forward_passes(networks: dict[str, InpaintingNetwork]) -> dict[str, float]:
    """Seconds of each network's forward pass over the median of ResNet-50's, on the CPU.

    One 512 x 512 picture, float32; the networks take turns, the medians are compared. Says so on
    stderr if the machine was too busy for that.
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
    own = seconds.pop("")
    if max(own) > _STEADY * min(own):
        print(
            f"warning: ResNet-50 took from {min(own):.3f} to {max(own):.3f} s; the machine is "
            "busy, and the times are rough",
            file=sys.stderr,
        )
    unit = statistics.median(own)
    return {name: statistics.median(values) / unit for name, values in seconds.items()}
