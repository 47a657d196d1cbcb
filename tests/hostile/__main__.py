"""Malformed picture and weights files, made from valid ones: `python tests/hostile FOLDER`.

Always the same files. Each is FOLDER/kind/name; FOLDER/expected.json says of those of which it is
known whether they must be "refused" or must be "read" (damaged metadata is no reason to refuse a
photo). None of them is large: what is large is what they claim to be.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import damage
import disguises
import jpegs
import metadata
import other_pictures
import tiffs
from valid import HostileFile, make_valid

import weights


def make_files() -> Iterator[HostileFile]:
    valid = dict(make_valid())
    for module in (damage, jpegs, metadata, tiffs, other_pictures, disguises):
        yield from module.make(valid)
    yield from weights.make()


def write_files(folder: Path) -> int:
    """All files, and expected.json; how many files there are."""
    expected, names = {}, set()
    for file in make_files():
        name = f"{file.kind}/{file.name}"
        assert name not in names, f"{name} is made twice"
        names.add(name)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        if file.expected is not None:
            expected[name] = file.expected
    (folder / "expected.json").write_text(json.dumps(expected, indent=0), "utf-8")
    return len(names)


if __name__ == "__main__":
    print(write_files(Path(sys.argv[1])), "files")
