"""How believable the shipped weights' fills are: one table, and a grid of pictures.

    python benchmarks/quality.py --bench FOLDER --photos FOLDER [--limit N] [--output docs]

`--bench`: peers' published outputs: images/NAME.jpg, masks/NAME.png (255 = known, 0 = hole, the
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
from typing import Any

import numpy as np
import quality_grid
from PIL import Image
from tqdm import tqdm

from inpaint import metrics, weights
from inpaint.environment import describe_environment
from inpaint.errors import InpaintError, MaskError, PhotoError, error_line
from inpaint.evaluation import Evaluator, Report, Row, measure_fill
from inpaint.inpainter import Inpainter
from inpaint.mask_shapes import everyday
from inpaint.pairing import find_photos
from inpaint.report import BUCKETS, OTHER_BUCKET
from inpaint.whole_file import write_whole

NETWORKS, OPENCV = ("default", "faithful"), ("telea", "navier-stokes")
SEED = 20240  # of `inpaint evaluate`
BENCH_HOLE = 0.595  # the mean share that the bench's masks leave open when read the right way
BENCH_BUCKETS = {"below 50 %": (0, 0.5), "50-70 %": (0.5, 0.7), "above 70 %": (0.7, 1.01)}
SHAPES = ("stroke", "thin", "box", "blob")  # of everyday masks
FIGURES = {
    "lpips": ("LPIPS", ".4f"),
    "psnr_hole": ("hole-PSNR", ".3f"),
    "psnr": ("PSNR", ".3f"),
    "ssim": ("SSIM", ".4f"),
    "l1": ("L1", ".4f"),
}
LOWER_IS_BETTER = ("lpips", "l1")

Means = dict[str, dict[str, Any]]  # method -> figure -> mean, as Report.means has it


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
    rows = []
    for numbered in tqdm(list(enumerate(photos)), unit="photo", disable=None):
        rows += evaluator(numbered)
        if failed := [row for row in rows if row.error]:
            raise InpaintError(f"{failed[0].photo}: {failed[0].error}")
        if rows[-1].lpips is None:
            raise PhotoError(f"{rows[-1].photo}: smaller than LPIPS can measure (32 pixels)")
    return rows


def find_bench(folder: Path) -> tuple[list[Path], list[str]]:
    """The bench's photos, and its peers' names.

    MaskError if the masks do not leave as much open as they should.
    """
    photos = find_photos(folder / "images")
    share = np.mean([bench_mask(i, photo, (0, 0))[0].mean() for i, photo in enumerate(photos)])
    if abs(share - BENCH_HOLE) > 0.001:
        raise MaskError(
            f"{folder / 'masks'}: holes cover {share:.1%} on average, not {BENCH_HOLE:.1%}: "
            "are the masks reversed?"
        )
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    return photos, [n for n in names if n not in ("images", "masks") and not n.startswith(".")]


def measure_peer(photos: Sequence[Path], name: str, distance: metrics.Lpips) -> list[Row]:
    """Rows of a peer's published outputs, known pixels taken from the photos."""
    rows = []
    for index, photo in enumerate(photos):
        image, path = _read(photo), photo.parents[1] / name / f"{photo.stem}.png"
        hole, mask = bench_mask(index, photo, image.shape[:2])
        filled = _read(path)
        if not image.shape[:2] == hole.shape == filled.shape[:2]:
            raise PhotoError(f"{path}: not of the size of its photo and mask")
        filled = np.where(hole[..., None], filled, image)
        figures = measure_fill(image, filled, hole, distance)
        rows.append(Row(name, str(photo), mask, hole_ratio=float(hole.mean()), **figures))
    return rows


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))


# --- what the figures say ----------------------------------------------------------------------


def wins(rows: Iterable[Row], method: str, others: Sequence[str], figure: str) -> str:
    """In how many photos `method` is better than all `others`, ties not counted: "12 of 16"."""
    sign = -1 if figure in LOWER_IS_BETTER else 1
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row.photo, {})[row.method] = sign * getattr(row, figure)
    won = sum(all(of[method] > of[other] for other in others) for of in found.values())
    return f"{won} of {len(found)}"


def best(means: Means, figure: str) -> float:
    """The better mean of OpenCV's methods."""
    choose = min if figure in LOWER_IS_BETTER else max
    return choose(means[name][figure] for name in OPENCV)


@dataclass(frozen=True)
class Rivals:
    """Whom a table counts wins against, all of `methods` at once, and by which figures."""

    name: str
    methods: tuple[str, ...]
    figures: tuple[str, ...]

    def cells(self, rows: Sequence[Row], method: str) -> list[str]:
        if method in self.methods:
            return ["-"] * len(self.figures)
        return [wins(rows, method, self.methods, figure) for figure in self.figures]


def table(
    rows: Sequence[Row],
    rivals: Sequence[Rivals],
    heading: str = "",
    groups: Iterable[str] = (),
    group: Callable[[Row], str | None] | None = None,
) -> str:
    """Means by method; with `group`, a part for each of the `groups` that has photos.

    Where OpenCV's two methods are among those measured, also LPIPS as a share of the better mean,
    and by how many dB the hole-PSNR is above it.
    """
    parts = {key: [row for row in rows if group(row) == key] for key in groups} if group else {}
    compared = set(OPENCV) <= {row.method for row in rows}
    lines = [[*([heading, "photos"] if group else []), "method", *(h for h, _ in FIGURES.values())]]
    if compared:
        lines[0] += ["LPIPS / OpenCV's best", "hole-PSNR − OpenCV's best"]
    for rival in rivals:
        lines[0] += [f"{FIGURES[f][0]} better than {rival.name}" for f in rival.figures]
    for key, part in (parts or {"": rows}).items():
        means = Report(tuple(part)).means()
        for method, own in means.items():
            cells = [key, str(own["photos"])] if group else []
            cells += [method, *(_show(own[f], spec) for f, (_, spec) in FIGURES.items())]
            if compared:
                cells.append(f"{own['lpips'] / best(means, 'lpips'):.3f}")
                above = own["psnr_hole"] is not None
                gain = own["psnr_hole"] - best(means, "psnr_hole") if above else None
                cells.append(_show(gain, "+.2f"))
            lines.append(cells + [c for rival in rivals for c in rival.cells(part, method)])
    rule = ["---", "---:", "---"] if group else ["---"]
    rule += ["---:"] * (len(lines[0]) - len(rule))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (lines[0], rule, *lines[1:]))


def _show(value: float | None, spec: str) -> str:
    return "inf" if value is None else format(value, spec)  # no finite PSNR: all photos equal


def bench_bucket(row: Row) -> str:
    return next(k for k, (low, high) in BENCH_BUCKETS.items() if low <= row.hole_ratio < high)


# --- the project's bars ------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """A bound that a figure of `method` must keep, and the goal beyond it.

    sign: "<=", ">=" or ">", of the figure to the bound. needs_opencv: it is compared with theirs.
    """

    where: str
    method: str
    what: str
    compute: Callable[[Means, str], float]
    sign: str
    bound: float
    goal: float | None = None
    needs_opencv: bool = False

    def judge(self, means: Means) -> str:
        """The bar as a line: its figure and whether that is met, or who was not measured."""
        line = f"* {self.where}, `{self.method}`, {self.what} {self.sign} {self.bound:g}: "
        needed = (self.method, *(OPENCV if self.needs_opencv else ()))
        if missing := [name for name in needed if name not in means]:
            return f"{line}not measured ({', '.join(missing)} left out)"
        figure = self.compute(means, self.method)
        line += f"{figure:.4f}, {'met' if self._keeps(figure, self.bound) else 'NOT met'}"
        if self.goal is None:
            return line
        return f"{line}; goal {self.goal:g}: {'' if self._keeps(figure, self.goal) else 'not '}met"

    def _keeps(self, figure: float, bound: float) -> bool:
        return {"<=": figure <= bound, ">=": figure >= bound, ">": figure > bound}[self.sign]


def _lpips_share(means: Means, method: str) -> float:
    return means[method]["lpips"] / best(means, "lpips")


def _gain(means: Means, method: str) -> float:
    return means[method]["psnr_hole"] - best(means, "psnr_hole")


_SHARE, _ABOVE = "LPIPS / OpenCV's best", "hole-PSNR − OpenCV's best, dB,"
BARS = (
    Bar("bench", "default", "LPIPS", lambda means, name: means[name]["lpips"], "<=", 0.30, 0.2243),
    Bar("bench", "faithful", "PSNR", lambda means, name: means[name]["psnr"], ">", 19.43),
    Bar("photos", "default", _SHARE, _lpips_share, "<=", 0.65, 0.5, needs_opencv=True),
    Bar("photos", "default", _ABOVE, _gain, ">=", 0.5, needs_opencv=True),
    Bar("photos", "faithful", _ABOVE, _gain, ">=", 2.0, needs_opencv=True),
)


def bars(bench: Sequence[Row], photos: Sequence[Row]) -> list[str]:
    """A line for each bar whose set of photos was measured."""
    found = {"bench": bench, "photos": photos}
    means = {where: Report(tuple(rows)).means() for where, rows in found.items() if rows}
    return [bar.judge(means[bar.where]) for bar in BARS if bar.where in means]


# --- the page ----------------------------------------------------------------------------------


def page(
    bench: Sequence[Row], peers: Sequence[str], photos: Sequence[Row], notes: Sequence[str]
) -> str:
    """quality.md, of what was measured: either may be empty. notes: lines on how it was."""
    parts = ["# Quality", *notes, _INTRODUCTION]
    if bench:
        holes = [row.hole_ratio for row in bench]
        rivals = [Rivals(peer, (peer,), ("lpips", "psnr")) for peer in peers]
        rivals += _opencv(bench, "psnr")
        parts += [
            "## Photos with very large holes",
            _BENCH.format(count=_count(bench), low=min(holes), high=max(holes)),
            table(bench, rivals),
            "By the share of the photo that the hole takes:",
            table(bench, rivals, "hole", BENCH_BUCKETS, bench_bucket),
        ]
    if photos:
        rivals = _opencv(photos, "psnr_hole")
        parts += [
            "## Photos with everyday masks",
            _PHOTOS.format(count=_count(photos), seed=SEED),
            table(photos, rivals),
            "By the share of the photo that the hole takes:",
            table(photos, rivals, "hole", (*BUCKETS, OTHER_BUCKET), lambda row: row.bucket),
            "By the shape that the mask is made of:",
            table(photos, rivals, "mask", SHAPES, lambda row: row.mask),
        ]
    parts += ["## Bars", "What the project asks of its weights.", "\n".join(bars(bench, photos))]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """\
LPIPS (AlexNet, whole photo) is lower where people see less difference; the cards in `weights/` say
whose features a network was trained with. PSNR is in dB, over the whole photo or its hole; L1 has
white at 1. All are means over photos. Known pixels are the photo's own in every row. `telea` and
`navier-stokes` are OpenCV's, as `inpaint` runs them. "OpenCV's best" is the better mean of the two
for a ratio or a difference. Wins are counted photo by photo: against OpenCV, that the better of the
two is beaten on a photo.

![The photo with its mask in red, then its fills by OpenCV and by the networks](quality.png)

The pictures are freely licensed cases, none of the photos measured below."""

_BENCH = """\
MI-GAN's published examples: {count} photos of Places2 at 256 x 256 with free-form holes of
{low:.0%} to {high:.0%}, and the outputs that peers published for them. So few photos tell two
methods apart only where the wins agree with the means."""

_PHOTOS = """\
{count} photos, which should be ones that no network was trained on or chosen by, with the masks
that `inpaint evaluate --masks everyday` draws (seed {seed}): strokes, thin lines, boxes and
blobs."""


def _opencv(rows: Sequence[Row], psnr: str) -> list[Rivals]:
    measured = set(OPENCV) <= {row.method for row in rows}
    return [Rivals("OpenCV's best", OPENCV, ("lpips", psnr))] if measured else []


def _count(rows: Sequence[Row]) -> int:
    return len({row.photo for row in rows})


def describe(arguments: argparse.Namespace, inpainters: dict[str, Inpainter]) -> list[str]:
    """The command, without this machine's paths, and the environment that figures depend on."""
    command = "python benchmarks/quality.py"
    command += " --bench FOLDER" * bool(arguments.bench)
    command += " --photos FOLDER" * bool(arguments.photos)
    if arguments.methods:
        command += " --methods " + " ".join(Path(method).name for method in arguments.methods)
    command += f" --limit {arguments.limit}" if arguments.limit else ""
    found = describe_environment("cpu", inpainters)
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    hashes = [f"{name} `{sha[:12]}`" for name, sha in found["weights_sha256"].items()]
    text = f"Environment: {found['cpu']}; {versions}."
    return [
        f"Written by `{command}`.",
        text + f" Weights' SHA-256: {', '.join(hashes)}." * bool(hashes),
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", type=Path, metavar="FOLDER", help="peers' published outputs")
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="get everyday masks")
    parser.add_argument("--methods", nargs="+", help="names or files (default: ours and OpenCV's)")
    parser.add_argument("--limit", type=int, help="only so many of --photos, for a first look")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="default: docs; with --limit, nothing is written",
    )
    arguments = parser.parse_args(argv)
    if not (arguments.bench or arguments.photos):
        parser.error("nothing to measure: give --bench, --photos or both")
    if arguments.limit is not None and arguments.limit < 1:
        parser.error("--limit is a number of photos, at least 1")
    try:
        run(arguments)
    except (InpaintError, OSError) as error:
        print(f"quality: {error_line(error)}", file=sys.stderr)
        return 2
    return 0


def run(arguments: argparse.Namespace) -> None:
    # A first look must not replace what is published.
    output = arguments.output or (None if arguments.limit else Path("docs"))
    # Before the work, which takes minutes.
    if output is not None and not output.is_dir():
        raise InpaintError(f"{output}: no such folder to write into")
    asked = arguments.methods or [*NETWORKS, *OPENCV]
    shipped = {info.name for info in weights.list_weights()}
    absent = [name for name in asked if name in NETWORKS and name not in shipped]
    left_out = [f"There are no weights `{name}` yet: left out." for name in absent]
    print(*left_out, sep="\n", end="\n" * bool(left_out), file=sys.stderr)
    methods = [name for name in asked if name not in absent]
    bench_photos, peers = find_bench(arguments.bench) if arguments.bench else ([], [])
    paths = find_photos(arguments.photos)[: arguments.limit] if arguments.photos else []
    # Files are called by their names: the page has no paths of this machine.
    names = [Path(method).stem for method in methods] + peers
    if len(set(names)) < len(names):
        raise InpaintError(f"two of the methods and peers have one name: {', '.join(names)}")
    inpainters = {name: Inpainter(method, "cpu") for name, method in zip(names, methods)}
    bench, photos = [], []
    if bench_photos:
        distance = metrics.Lpips()
        published = [row for peer in peers for row in measure_peer(bench_photos, peer, distance)]
        bench = measure(bench_photos, Evaluator(inpainters, bench_mask, "cpu")) + published
    if paths:
        photos = measure(paths, Evaluator(inpainters, everyday_mask, "cpu"))
    text = page(bench, peers, photos, [*describe(arguments, inpainters), *left_out])
    print(text, end="")
    if output is not None:
        quality_grid.draw(output / "quality.png", inpainters)
        write_whole(output / "quality.md", text.encode())


if __name__ == "__main__":
    sys.exit(main())
