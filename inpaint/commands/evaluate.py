"""`inpaint evaluate`."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from inpaint.errors import InpaintError, error_line
from inpaint.evaluation import evaluate
from inpaint.journal import Journal
from inpaint.pairing import find_photos

_JOURNAL = "unfinished.jsonl"


def run(arguments: argparse.Namespace) -> int:
    """Measure, print the tables, and write the report; 1 if photos failed."""
    photos = find_photos(arguments.photos)[: arguments.limit]
    journal = None
    if arguments.output is not None:
        # Before the work, which may take hours.
        report_file = arguments.output / "report.json"
        if report_file.exists() and not arguments.overwrite:
            raise InpaintError(f"{report_file} exists already (--overwrite replaces it)")
        unfinished = arguments.output / _JOURNAL
        if unfinished.exists() and not (arguments.resume or arguments.overwrite):
            raise InpaintError(
                f"{unfinished}: an evaluation was stopped here (--resume goes on with it, "
                "--overwrite begins anew)"
            )
        arguments.output.mkdir(parents=True, exist_ok=True)
        journal = Journal(unfinished, arguments.resume)
    elif arguments.resume:
        raise InpaintError("--resume needs the --output FOLDER that was written into")
    # Without a terminal on stderr there is nothing to draw a bar on.
    with tqdm(unit="fill", disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = evaluate(
            [photo.absolute() for photo in photos] if arguments.cluster else photos,
            arguments.masks,
            arguments.methods or ["default", "telea"],
            device=arguments.device,
            seed=arguments.seed,
            texture=arguments.texture,
            cluster=arguments.cluster,
            journal=journal,
            progress=progress,
        )
    written = []
    if arguments.output is not None:  # first: what reads the tables may stop listening
        written = report.write(arguments.output)
        journal.remove()
    print(report.table())
    by_hole_ratio = report.table(by_hole_ratio=True)
    print(f"\n{by_hole_ratio}")
    if written:
        print("", *written, sep="\n")
    for row in report.failures:
        line = error_line(InpaintError(row.error))
        name = "" if row.photo in line else f"{row.photo}: "
        print(f"inpaint: {row.method}: {name}{line}", file=sys.stderr)
    return 1 if report.failures else 0
