"""What becomes of hostile files, each in a line of JSON: `python trial.py FOLDER < names`.

A line {"file": name} when it starts, and one when it is done, with the "outcome" ("read",
"refused" or "broken"), the "message", "seconds" of processor time, and what C libraries wrote to
the terminal ("noise"). A file that takes more than 10 seconds, or crashes, ends the process. Memory
is limited to 4 GB more than the program takes.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import numpy as np

from inpaint import Inpainter, InpaintError, Photo, read_mask
from inpaint.formats import FORMATS, LOSSLESS

SECONDS = 10
MEMORY = 4 << 30
LONGEST_LINE = 1000


class Constant:
    name = "constant"
    max_side = None

    def fill(self, image, hole):
        return np.full_like(image, 0.4)


def try_picture(path: Path, folder: Path) -> str:
    """Read, edit, write and read again; as a mask too. InpaintError if it is refused."""
    mask_error = None
    try:
        assert read_mask(path).dtype == bool
    except InpaintError as error:
        mask_error = error
    photo = Photo.read(path)
    too_dark = "nothing is painted" in str(mask_error)
    if mask_error is not None and photo.original.dtype == np.uint8 and not too_dark:
        assert not photo.notices, f"a photo, but no mask: {mask_error}"
    if photo.original.size == 3:
        return "read"  # a single pixel: nothing is left once it is a hole
    hole = np.zeros((photo.height, photo.width), bool)
    hole[photo.height // 2 :, photo.width // 2 :][:9, :9] = True
    restored = Inpainter(Constant()).restore(photo, hole)
    own = photo.format if photo.format in FORMATS.values() else "PNG"
    target = folder / f"restored.{own.lower()}"
    encoded = restored.write(target, format=own)
    again = Photo.read(target)
    assert again.original.shape == photo.original.shape, "another size comes back"
    if encoded.format in LOSSLESS:
        same = (again.original == photo.original).all(axis=2) | hole
        assert same.all(), f"{(~same).sum()} pixels outside the hole changed"
    return "read"


def try_weights(path: Path, folder: Path) -> str:
    """By all ways to read them. InpaintError if they are refused by all, or do not restore."""
    from inpaint import weights

    errors = []
    for load in (weights.load_network, weights.read_card, Inpainter):
        try:
            loaded = load(path)
        except InpaintError as error:
            errors.append(error)
            check_line(error)
    if isinstance(loaded if not errors else None, Inpainter):
        picture, hole = np.zeros((24, 24, 3), np.uint8), np.zeros((24, 24), bool)
        hole[8:12, 8:12] = True
        assert loaded.restore_array(picture, hole).shape == picture.shape
        return "read"
    raise errors[-1]


def check_line(error: InpaintError) -> str:
    line = str(error)
    assert line.isprintable(), f"more than one plain line: {line[:300]!r}"
    assert 20 < len(line) <= LONGEST_LINE, f"a line of {len(line)} letters: {line[:300]}"
    return line


def limit_resources() -> None:
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    # No handlers: the process ends, even inside C code.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)


def main(folder: Path) -> None:
    warnings.simplefilter("error")
    names = sys.stdin.read().splitlines()
    if any(name.startswith("weights/") for name in names):
        import inpaint.methods.network  # noqa: F401 (what it takes is no file's doing)
    out = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile() as noise, tempfile.TemporaryDirectory() as made:
        os.dup2(noise.fileno(), 1)
        os.dup2(noise.fileno(), 2)
        limit_resources()
        for name in names:
            print(json.dumps({"file": name}), file=out, flush=True)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            signal.alarm(6 * SECONDS)
            start, line = time.process_time(), ""
            try:
                judge = try_weights if name.startswith("weights/") else try_picture
                outcome = judge(folder / name, Path(made))
            except InpaintError as error:
                outcome = "refused"
                try:
                    line = check_line(error)
                    assert Path(name).name in line, f"which file? {line}"
                except AssertionError as wrong:
                    outcome, line = "broken", str(wrong)
            except BaseException:
                outcome, line = "broken", traceback.format_exc()
            seconds = time.process_time() - start
            noise.seek(0)
            result = {"outcome": outcome, "message": line, "seconds": seconds}
            result["noise"] = noise.read().decode(errors="replace")
            noise.seek(0)
            noise.truncate()
            print(json.dumps({"file": name, **result}), file=out, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
