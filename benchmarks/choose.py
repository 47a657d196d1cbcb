"""Which of several weights to go on with, measured on the photos that training sets apart.

    python benchmarks/choose.py WEIGHTS... --data PHOTOS [--size 256]

The photos are those that `python -m train --data PHOTOS` validates on (128 of them); the
masks are everyday ones, and CoModGAN's, which cover most of a picture. The networks fill in one
go, without what the Inpainter does: in thick holes, or with mirror images. What ships is measured
once more, on photos that nothing was chosen by: benchmarks/quality.py.
"""

from __future__ import annotations

import argparse
import sys

import torch

from inpaint import weights
from inpaint.errors import InpaintError
from inpaint.metrics import LPIPS_MIN_SIDE
from train.photos import check_photos, split
from train.preset import DataConfig
from train.validation import Validator

MASKS = ("everyday", "comodgan")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", nargs="+", help="names of shipped weights, or files")
    parser.add_argument("--data", nargs="+", required=True, help="as of python -m train")
    parser.add_argument("--size", type=int, default=256, help="side of the crops, pixels")
    arguments = parser.parse_args()
    try:
        if arguments.size < LPIPS_MIN_SIDE:
            raise InpaintError(f"--size is at least {LPIPS_MIN_SIDE}: LPIPS needs that")
        for name in arguments.weights:  # before the work, which takes minutes
            weights.find_weights(name)
        _, photos = split(check_photos(arguments.data).photos, DataConfig().validation)
        if not photos:
            raise InpaintError("--data: fewer than five photos, so training sets none apart")
        device = torch.device("cpu")
        validators = {kind: Validator(photos, arguments.size, device, kind) for kind in MASKS}
        heads = [f"{kind} LPIPS | hole-PSNR" for kind in MASKS]
        print(f"| weights | {' | '.join(heads)} |\n|---{'|---:' * 2 * len(MASKS)}|")
        for name in arguments.weights:
            network = weights.load_network(name)
            figures = [validator.measure(network) for validator in validators.values()]
            cells = [f"{f['lpips']:.4f} | {f['psnr_hole']:.2f}" for f in figures]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
    except InpaintError as error:
        print(f"choose: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
