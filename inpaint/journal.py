"""What an evaluation has measured so far, in a file: nothing is lost when it is stopped, and it can
go on."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inpaint.errors import InpaintError
from inpaint.report import Row
from inpaint.whole_file import write_whole


class Journal:
    """A file of lines: what is measured, then each photo's rows as they come.

    resume: take over what the file has, if there is one; else begin anew. InpaintError if it is
    of another evaluation.
    """

    def __init__(self, path: str | os.PathLike, resume: bool = False) -> None:
        self.path, self._resume = Path(path), resume

    def open(self, about: dict[str, Any]) -> dict[int, list[Row]]:
        """Rows by their photo's number. `about`: all that figures depend on.

        A photo that failed is tried again.
        """
        rows: dict[int, list[Row]] = {}
        if self._resume and self.path.exists():
            rows = self._read(about)
        lines = [json.dumps(about), *(_line(index, found) for index, found in rows.items())]
        write_whole(self.path, "".join(f"{line}\n" for line in lines).encode())
        return rows

    def add(self, index: int, rows: list[Row]) -> None:
        """Keep the rows of photo number `index`."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{_line(index, rows)}\n")

    def remove(self) -> None:
        """There is a report now."""
        self.path.unlink(missing_ok=True)

    def _read(self, about: dict[str, Any]) -> dict[int, list[Row]]:
        try:
            before, *lines = self.path.read_text(encoding="utf-8").splitlines()
            before = json.loads(before)
        except (OSError, ValueError) as error:
            raise InpaintError(
                f"{self.path}: cannot go on from it ({error}); delete it to begin anew"
            ) from error
        if before != json.loads(json.dumps(about)):
            keys = before.keys() | about.keys() if isinstance(before, dict) else ()
            differing = sorted(key for key in keys if before.get(key) != about.get(key))
            raise InpaintError(
                f"{self.path}: was measured with other {', '.join(differing) or 'settings'}; give "
                "the same command, or begin anew without --resume"
            )
        rows = {}
        for line in lines:
            try:
                entry = json.loads(line)
                found = [Row(**values) for values in entry["rows"]]
            except (ValueError, TypeError, LookupError):
                continue  # cut off as it was stopped
            if all(row.error is None for row in found):
                rows[int(entry["photo"])] = found
        return rows


def _line(index: int, rows: list[Row]) -> str:
    return json.dumps({"photo": index, "rows": [asdict(row) for row in rows]})
