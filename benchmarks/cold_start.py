"""From `inpaint restore` typed to the file written, against `python -c "import torch"`.

    python benchmarks/cold_start.py [--repeats 7] [--runtimes auto openvino torch]

A 1-megapixel JPEG with a small hole, in a new process each time, all commands in turns. Prints the
medians and their ratios (bar for the default runtime: at most 1.0).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

_SIZE = 1200, 832
_TORCH = "import torch"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--method", default="default")
    parser.add_argument("--runtimes", nargs="+", default=["auto"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photo, mask, output = (Path(folder, name) for name in ("p.jpg", "mask.png", "out.jpg"))
        Image.fromarray(data.astronaut()).resize(_SIZE).save(photo, quality=90)
        hole = np.zeros(_SIZE[::-1], bool)
        hole[300:340, 500:560] = True
        Image.fromarray(hole).save(mask)
        restore = [sys.executable, "-m", "inpaint", "restore", photo, "--mask", mask]
        restore += ["--method", arguments.method, "--output", output, "--overwrite"]
        commands = {_TORCH: [sys.executable, "-c", _TORCH]}
        for runtime in arguments.runtimes:
            commands[f"inpaint restore --runtime {runtime}"] = [*restore, "--runtime", runtime]
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for repeat in range(arguments.repeats + 1):  # the first fills the disk's cache
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                if repeat:
                    taken[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    for name, median in medians.items():
        print(f"{name}: {median:.2f} s, {median / medians[_TORCH]:.2f} of {_TORCH}")


if __name__ == "__main__":
    main()
