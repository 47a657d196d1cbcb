"""How believable the shipped weights' fills are: one table, and a grid of pictures.

    python benchmarks/quality.py --bench FOLDER --photos FOLDER [--limit N] [--output docs]

`--bench`: a peer's published outputs: images/NAME.jpg, masks/NAME.png (255 = known, 0 = hole, the
reverse of ours) and a folder of outputs NAME.png for each peer. `--photos`: photos that nothing was
trained on or chosen by; they get the masks of `inpaint evaluate --masks everyday`. Prints Markdown
and writes it to quality.md; quality.png shows freely licensed cases (quality_grid.py).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import quality_grid
from PIL import Image
from tqdm import tqdm

from inpaint import metrics, weights
from inpaint.environment import describe_environment
from inpaint.errors import InpaintError
from inpaint.evaluation import Evaluator, Report, Row, measure_fill
from inpaint.inpainter import Inpainter
from inpaint.mask_shapes import everyday
from inpaint.pairing import find_photos
from inpaint.report import BUCKETS

NETWORKS, OPENCV = ("default", "faithful"), ("telea", "navier-stokes")
SEED = 20240  # of `inpaint evaluate`
BENCH_HOLE = 0.595  # the mean share that the bench's masks leave open when read the right way
BENCH_BUCKETS = {"below 50 %": (0, 0.5), "50-70 %": (0.5, 0.7), "above 70 %": (0.7, 1.01)}
SHAPES = ("stroke", "thin", "box", "blob")  # of everyday masks
FIGURES = {"lpips": ".4f", "psnr_hole": ".2f", "psnr": ".2f", "ssim": ".4f", "l1": ".4f"}
HEADINGS = ("LPIPS", "hole-PSNR", "PSNR", "SSIM", "L1")


# --- measuring ---------------------------------------------------------------------------------


def everyday_mask(index: int, photo: Path, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
    """The mask that `inpaint evaluate` draws for photo number `index`, and its shape's name."""
    return everyday(*shape, np.random.default_rng([SEED, index]))


def bench_mask(index: int, photo: Path, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
    """bool H x W, True = hole, of a bench photo's mask, in which white is known."""
    with Image.open(photo.parents[1] / "masks" / f"{photo.stem}.png") as file:
        return np.asarray(file.convert("L")) < 128, "bench"


def measure(photos: Sequence[Path], evaluator: Evaluator) -> list[Row]:
    """A row for each photo and method. InpaintError names the photo that cannot be measured."""
    rows = [r for numbered in tqdm(list(enumerate(photos))) for r in evaluator(numbered)]
    if failed := [row for row in rows if row.error]:
        raise InpaintError(f"{failed[0].photo}: {failed[0].error}")
    return rows


def measure_peer(photos: Sequence[Path], name: str, distance: metrics.Lpips) -> list[Row]:
    """Rows of a peer's published outputs, known pixels taken from the photos."""
    rows = []
    for index, photo in enumerate(photos):
        image = _read(photo)
        hole, _ = bench_mask(index, photo, image.shape[:2])
        filled = _read(photo.parents[1] / name / f"{photo.stem}.png")
        filled = np.where(hole[..., None], filled, image)
        figures = measure_fill(image, filled, hole, distance)
        rows.append(Row(name, str(photo), "bench", hole_ratio=float(hole.mean()), **figures))
    return rows


def measure_bench(folder: Path, evaluator: Evaluator) -> tuple[list[Row], list[str]]:
    """Rows of the methods and of the peers, whose names come second.

    InpaintError if the masks do not leave as much open as they should.
    """
    photos = find_photos(folder / "images")
    holes = [bench_mask(i, photo, (0, 0))[0].mean() for i, photo in enumerate(photos)]
    if abs(np.mean(holes) - BENCH_HOLE) > 0.001:
        raise InpaintError(
            f"{folder / 'masks'}: holes cover {np.mean(holes):.1%} on average, not "
            f"{BENCH_HOLE:.1%}: are the masks reversed?"
        )
    peers = sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name not in _BENCH_FOLDERS)
    rows = measure(photos, evaluator)
    for peer in peers:
        rows += measure_peer(photos, peer, metrics.Lpips())
    return rows, peers


_BENCH_FOLDERS = ("images", "masks")


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))


# --- what the figures say ----------------------------------------------------------------------


def wins(rows: Iterable[Row], method: str, other: str, figure: str) -> str:
    """In how many photos `method` is better than `other`: "12 of 16"."""
    found = {(row.method, row.photo): getattr(row, figure) for row in rows}
    sign = -1 if figure in ("lpips", "l1") else 1
    pairs = [
        sign * (value - found[other, photo])
        for (name, photo), value in found.items()
        if name == method
    ]
    return f"{sum(pair > 0 for pair in pairs)} of {len(pairs)}"


def best_of_opencv(rows: Sequence[Row]) -> str:
    """The classical method of the lower LPIPS."""
    means = Report(tuple(rows)).means()
    return min((name for name in OPENCV if name in means), key=lambda name: means[name]["lpips"])


def overall(rows: Sequence[Row], against: str) -> str:
    """A line a method: means, and photos in which it is better than `against`."""
    lines = [["method", *HEADINGS, f"LPIPS below {against}'s", f"PSNR above {against}'s"]]
    for method, means in Report(tuple(rows)).means().items():
        beaten = ["-", "-"]
        if method != against:
            beaten = [wins(rows, method, against, figure) for figure in ("lpips", "psnr")]
        lines.append([method, *(format(means[f], spec) for f, spec in FIGURES.items()), *beaten])
    return _markdown(lines)


def grouped(
    rows: Sequence[Row], heading: str, groups: Iterable[str], group: Callable[[Row], str | None]
) -> str:
    """A line for each of the `groups` that has rows: the methods' LPIPS, then their hole-PSNR."""
    names = list(dict.fromkeys(row.method for row in rows))
    lines = [[heading, "photos", *(f"LPIPS {n}" for n in names), *(f"PSNR {n}" for n in names)]]
    for key in groups:
        means = Report(tuple(row for row in rows if group(row) == key)).means()
        if means:
            cells = [format(means[n][f], FIGURES[f]) for f in ("lpips", "psnr_hole") for n in names]
            lines.append([key, str(means[names[0]]["photos"]), *cells])
    return _markdown(lines)


def bench_bucket(row: Row) -> str | None:
    fits = (k for k, (low, high) in BENCH_BUCKETS.items() if low <= row.hole_ratio < high)
    return next(fits, None)


@dataclass(frozen=True)
class Bar:
    """A bound that a figure must keep, and the goal beyond it."""

    name: str
    figure: float
    bound: float
    lower_is_better: bool = False
    goal: float | None = None

    def __str__(self) -> str:
        met = self._keeps(self.bound)
        goal = "" if self.goal is None else f"; goal {self.goal:.4g}"
        if self.goal is not None:
            goal += ": met" if self._keeps(self.goal) else ": not met"
        word = "at most" if self.lower_is_better else "at least"
        verdict = "met" if met else "NOT met"
        return f"* {self.name}: {self.figure:.4g}, {word} {self.bound:.4g}: {verdict}{goal}"

    def _keeps(self, bound: float) -> bool:
        return self.figure <= bound if self.lower_is_better else self.figure >= bound


def bars(bench: Sequence[Row], photos: Sequence[Row]) -> list[Bar]:
    """The project's bars, of the weights that are there."""
    found = []
    on_bench, on_photos = (Report(tuple(rows)).means() for rows in (bench, photos))
    if "default" in on_bench:
        lpips = on_bench["default"]["lpips"]
        found.append(Bar("bench, `default`, LPIPS", lpips, 0.30, True, goal=0.2243))
    if "faithful" in on_bench:
        found.append(Bar("bench, `faithful`, PSNR", on_bench["faithful"]["psnr"], 19.43))
    if photos:
        opencv = [on_photos[name] for name in OPENCV]
        lpips = min(means["lpips"] for means in opencv)
        psnr = max(means["psnr_hole"] for means in opencv)
        if "default" in on_photos:
            own = on_photos["default"]
            share = own["lpips"] / lpips
            found.append(Bar("photos, `default`, share of OpenCV's LPIPS", share, 0.65, True, 0.5))
            gain = own["psnr_hole"] - psnr
            found.append(Bar("photos, `default`, dB in the hole above OpenCV", gain, 0.5))
        if "faithful" in on_photos:
            gain = on_photos["faithful"]["psnr_hole"] - psnr
            found.append(Bar("photos, `faithful`, dB in the hole above OpenCV", gain, 2.0))
    return found


# --- the page ----------------------------------------------------------------------------------


def page(bench: Sequence[Row], peers: Sequence[str], photos: Sequence[Row], versions: str) -> str:
    """quality.md, of what was measured: either may be empty."""
    parts = [_INTRODUCTION.format(versions=versions)]
    if bench:
        count = len({row.photo for row in bench})
        against = peers[0] if peers else best_of_opencv(bench)
        parts += [f"## {count} photos with very large holes", overall(bench, against)]
        parts += [grouped(bench, "hole", BENCH_BUCKETS, bench_bucket)]
    if photos:
        count = len({row.photo for row in photos})
        parts += [f"## {count} photos with everyday masks", overall(photos, best_of_opencv(photos))]
        parts += [grouped(photos, "hole", BUCKETS, lambda row: row.bucket)]
        parts += [grouped(photos, "shape of the mask", SHAPES, lambda row: row.mask)]
    parts += ["## Bars", "\n".join(map(str, bars(bench, photos)))]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """# Quality

Written by `python benchmarks/quality.py --bench FOLDER --photos FOLDER`: {versions}.

The large holes are those of MI-GAN's published examples (16 photos of Places2 at 256 x 256, holes
of 36 to 91 %), with the outputs that its authors published. The everyday masks (strokes, thin
lines, boxes and blobs over 2 to 60 %) lie on photos of 256 x 256 that no network here was trained
on or chosen by. LPIPS (AlexNet) is lower where people see less difference; no shipped network was
trained on AlexNet's features. PSNR is in dB; "below" and "above" count photos, one by one.
`default` may invent texture, `faithful` was trained for the smallest error and stays smooth: so
the one leads in LPIPS, the other in PSNR.

![Cases, by OpenCV, faithful and default](quality.png)"""


def _markdown(lines: list[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(lines[0]) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (lines[0], rule, *lines[1:]))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--methods", nargs="+", help="default: what ships, and OpenCV's")
    parser.add_argument("--limit", type=int, help="only so many of --photos, for a first look")
    parser.add_argument("--output", type=Path, default=Path("docs"))
    arguments = parser.parse_args(argv)
    try:
        shipped = {info.name for info in weights.list_weights()}
        for name in NETWORKS:
            if name not in shipped:
                print(f"quality: there are no weights {name!r}; left out", file=sys.stderr)
        methods = arguments.methods or [*(n for n in NETWORKS if n in shipped), *OPENCV]
        inpainters = {name: Inpainter(name) for name in methods}
        bench, peers, photos = [], [], []
        if arguments.bench:
            evaluator = Evaluator(inpainters, bench_mask, "cpu")
            bench, peers = measure_bench(arguments.bench, evaluator)
        if arguments.photos:
            paths = find_photos(arguments.photos)[: arguments.limit]
            photos = measure(paths, Evaluator(inpainters, everyday_mask, "cpu"))
        versions = describe_environment("cpu", inpainters)["versions"]
        said = ", ".join(f"{n} {versions[n]}" for n in ("python", "torch", "lpips"))
        text = page(bench, peers, photos, said)
        print(text)
        (arguments.output / "quality.md").write_text(text, encoding="utf-8")
        quality_grid.draw(arguments.output / "quality.png", methods)
    except (InpaintError, OSError) as error:
        print(f"quality: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
