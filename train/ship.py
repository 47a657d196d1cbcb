"""python -m train.ship: put a run's weights among the shipped ones, with their card.

    python -m train.ship runs/default default --figures report.json --description "..."

The card NAME.md is written from the same metadata as the file's header; with --card-only
it is written again from a file that ships already, into which --figures go first.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from inpaint import weights
from inpaint.errors import InpaintError, TrainingError
from inpaint.network import InpaintingNetwork, count_gmac, count_parameters
from inpaint.onnx_graph import write_graph
from inpaint.whole_file import write_whole

LICENCE = "MIT; trained on photos of mixed terms, some for research only"
_FIGURES = ("psnr", "psnr_hole", "ssim", "lpips", "l1")


def ship(
    run: str | Path,
    name: str,
    *,
    description: str = "",
    data: str = "",
    figures: str | Path | None = None,
    dtype: str = "float16",
) -> Path:
    """Copy RUN/weights.safetensors to the shipped folder as `name`; write its graph and card.

    `figures`: a report.json of `inpaint evaluate` in which this run's weights took part; its
    means go into the card. TrainingError or WeightsError if something is missing.
    """
    source = Path(run) / "weights.safetensors"
    card = weights.read_card(source)
    network = _without_auxiliary(weights.load_network(source))
    card["licence"] = LICENCE
    card["parameters"] = count_parameters(network)
    card["gmac_512"] = round(count_gmac(network, 512), 2)
    if description:
        card["description"] = description
    if data:
        card["data"] = data
    if figures is not None:
        card["figures"] = _read_figures(Path(figures), source, name)
    target = weights.weights_folder() / f"{name}{weights.SUFFIX}"
    weights.save_network(target, network, card, dtype=dtype)
    write_graph(target)
    write_card(target)
    return target


def forget_measured(card: dict[str, Any]) -> dict[str, Any]:
    """The card of a network that is made from this one's weights: without what is no longer so."""
    outdated = ("figures", "parameters", "gmac_512", "mean_of")
    return {key: value for key, value in card.items() if key not in outdated}


def refresh_card(name: str, figures: str | Path | None) -> Path:
    """The card of weights that ship already, written again; with a report its figures first."""
    path = weights.find_weights(name)
    if figures is not None:
        found = _read_figures(Path(figures), path, path.stem)
        weights.replace_card(path, weights.read_card(path) | {"figures": found})
    return write_card(path)


def _without_auxiliary(network: InpaintingNetwork) -> InpaintingNetwork:
    """Auxiliary outputs have done their work in training; nobody looks at them afterwards."""
    options = dict(network.config.decoder_options)
    if not options.pop("auxiliary", 0):
        return network
    lighter = InpaintingNetwork(replace(network.config, decoder_options=options))
    lighter.load_state_dict({key: network.state_dict()[key] for key in lighter.state_dict()})
    return lighter.eval()


def write_card(path: Path) -> Path:
    """NAME.md beside a weights file, from the file's own header."""
    card = weights.read_card(path)
    preset = card.get("preset", {})
    lines = [
        f"# {path.stem}",
        "",
        f"{card.get('description', '')}",
        "",
        "Written by `python -m train.ship` from the header of the weights file.",
        "",
        "| | |",
        "|---|---|",
        f"| parameters | {card.get('parameters', 0):,} |",
        f"| multiply-adds at 512x512 | {card.get('gmac_512', 0)} G |",
        f"| file | {path.stat().st_size / 1e6:.1f} MB, SHA-256 `{weights.sha256(path)}` |",
        f"| trained on | {card.get('data', '')} |",
        f"| samples seen | {card.get('samples', 0):,} |",
        f"| crops | {preset.get('data', {}).get('size', '?')} pixels |",
        f"| licence | {card.get('licence', '')} |",
    ]
    if parts := card.get("mean_of"):  # of train.average
        counts = Counter(part["name"] for part in parts)
        lines.append(f"| mean of | {', '.join(f'{n} x {name}' for name, n in counts.items())} |")
    if figures := card.get("figures"):
        lines += _figures_table(figures)
    losses = {k: v for k, v in preset.get("losses", {}).items() if v}
    lines += ["", "## Recipe", "", "```json"]
    lines += [_readable({"network": card["network"], "losses": losses}), "```", ""]
    return write_whole(path.with_suffix(".md"), "\n".join(lines).encode())


def _readable(recipe: dict[str, Any]) -> str:
    """JSON with lists of numbers, such as widths, on one line each."""
    text = json.dumps(recipe, indent=2)
    return re.sub(r"\[[\d\s,]+\]", lambda found: json.dumps(json.loads(found[0])), text)


def _read_figures(report_path: Path, weights_path: Path, name: str) -> dict[str, Any]:
    """The report's means by method, this run's weights under the `name` they will have."""
    try:
        report = json.loads(report_path.read_text(encoding="utf-8"))
        hashes = report["environment"]["weights_sha256"]
        settings = {key: report["settings"][key] for key in ("masks", "seed", "photos")}
        means = {
            method: {figure: values[figure] for figure in _FIGURES}
            for method, values in report["means"].items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{report_path}: not a report of inpaint evaluate ({error})") from error
    own = [method for method, value in hashes.items() if value == weights.sha256(weights_path)]
    if not own:
        raise TrainingError(f"{report_path}: these weights, {weights_path}, are not in the report")
    settings["masks"] = Path(settings["masks"]).name
    # Beside methods that everybody has; files of this machine tell nobody anything.
    others = {method: means[method] for method in means if not Path(method).suffix}
    return {"settings": settings, "means": {name: means[own[0]], **others}}


def _figures_table(figures: dict[str, Any]) -> list[str]:
    settings = figures["settings"]
    masks = f"masks {settings['masks']}, seed {settings['seed']}"
    lines = ["", "## Measured", "", f"Means over {settings['photos']} photos, {masks}.", ""]
    lines += ["| method | " + " | ".join(_FIGURES) + " |", "|---" * (len(_FIGURES) + 1) + "|"]
    for method, means in figures["means"].items():
        values = ("-" if means[f] is None else f"{means[f]:.4f}" for f in _FIGURES)
        lines.append(f"| {method} | " + " | ".join(values) + " |")
    return lines


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m train.ship", description=__doc__)
    parser.add_argument("run", help="run folder (with --card-only: the weights' name)")
    parser.add_argument("name", nargs="?", default="default")
    parser.add_argument("--description", default="")
    parser.add_argument("--data", default="", help="what it was trained on, for the card")
    parser.add_argument("--figures", help="report.json of inpaint evaluate for these weights")
    parser.add_argument("--dtype", default="float16", choices=("float16", "int8"))
    parser.add_argument("--card-only", action="store_true")
    arguments = parser.parse_args(argv)
    try:
        if arguments.card_only:
            path = refresh_card(arguments.run, arguments.figures)
        else:
            path = ship(
                arguments.run,
                arguments.name,
                description=arguments.description,
                data=arguments.data,
                figures=arguments.figures,
                dtype=arguments.dtype,
            )
    except InpaintError as error:
        print(f"train.ship: {error}", file=sys.stderr)
        return 2
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
