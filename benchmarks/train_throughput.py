"""Does making samples slow training down?

    python benchmarks/train_throughput.py --data PHOTOS [--preset default] [--set KEY=VALUE ...]

Prints samples/s, and the time of a step (crops, masks and all) over that of the same step fed
one fixed batch; the device is synchronised around every step. Median of --steps after a
warm-up, alternating, so that a busy machine slows both alike.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable

import torch

from train.loop import Training
from train.parallel import join_workers
from train.preset import load_preset
from train.run import RunFolder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()

    preset = load_preset(arguments.preset, [*arguments.overrides, "data.validation=0"])
    workers = join_workers(arguments.device)
    with tempfile.TemporaryDirectory() as folder:
        training = Training(preset, RunFolder(folder), workers, arguments.data)
    trainer, photos, masks = training.trainer, training.photos, training.masks
    fixed = photos.batch(0), masks.batch(0)

    def timed(step: Callable[[], None]) -> float:
        synchronise(workers.device)
        began = time.perf_counter()
        step()
        synchronise(workers.device)
        return time.perf_counter() - began

    def fed_fixed() -> None:
        trainer.step(*fixed)

    def fed_anew() -> None:
        trainer.step(photos.batch(trainer.step_count), masks.batch(trainer.step_count))

    for _ in range(5):
        timed(fed_anew)
    pairs = [(timed(fed_fixed), timed(fed_anew)) for _ in range(arguments.steps)]
    alone, whole = (statistics.median(times) for times in zip(*pairs))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"device {workers.device}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"fixed batch {alone:.3f} s a step; whole step {whole:.3f} s")
    print(f"{preset.run.batch / whole:.1f} samples/s; ratio {ratio:.3f}")
    if workers.device.type != "cuda":
        print("bar (at most 1.05 on a GPU): unmeasured, there is no GPU here")


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
