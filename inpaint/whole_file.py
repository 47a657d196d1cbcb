"""Writing files that appear whole or not at all."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from inpaint.errors import error_line
from inpaint.places import is_remote


def write_whole(path: str | os.PathLike, content: bytes | Callable[[BinaryIO], Any]) -> Path:
    """Write bytes, or what `content(file)` writes, to `path`; an older file gives way at the end.

    Goes to a temporary name in the same folder first, is flushed to the disk, then renamed: a
    full disk or a power cut leaves the older file as it was. OSError if it cannot be written.
    What is written into a bucket (see `inpaint.places`) appears whole by itself.
    """
    if is_remote(path):
        buffer = io.BytesIO()
        buffer.write(content) if isinstance(content, bytes) else content(buffer)
        try:
            path.write_bytes(buffer.getvalue())
        except OSError:
            raise
        except Exception as error:  # the providers' packages raise what they please
            raise OSError(f"{path}: {error_line(error)}") from error
        return path
    path = Path(path)
    # The name does not contain the path's own: that may be as long as a name can be.
    temporary = path.with_name(f".photomend-{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content) if isinstance(content, bytes) else content(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path
