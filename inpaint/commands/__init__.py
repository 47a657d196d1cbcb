"""What the command line's commands do, a module each with `run(arguments) -> exit code`."""

from __future__ import annotations


def error_line(error: BaseException) -> str:
    """An error as one line for the person at the terminal."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    elif isinstance(error, MemoryError):
        text = f"not enough memory ({error})" if str(error) else "not enough memory"
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.split())
