"""`inpaint masks`."""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
from PIL import Image

from inpaint.errors import MaskError
from inpaint.mask_shapes import random_mask
from inpaint.whole_file import write_whole


def run(arguments: argparse.Namespace) -> int:
    """Write random masks KIND-0000.png, ... and print their paths."""
    width, height = arguments.size
    folder = arguments.output
    digits = max(4, len(str(arguments.count - 1)))
    paths = [folder / f"{arguments.kind}-{i:0{digits}}.png" for i in range(arguments.count)]
    if not arguments.overwrite:
        for path in paths:
            if path.exists():
                raise MaskError(f"{path} exists already (--overwrite replaces it)")
    for index, path in enumerate(paths):
        mask = random_mask(
            arguments.kind, height, width, np.random.default_rng([arguments.seed, index])
        )
        folder.mkdir(parents=True, exist_ok=True)
        print(write_whole(path, partial(Image.fromarray(mask).save, format="PNG")))
    return 0
