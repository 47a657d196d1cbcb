"""Where files lie: paths on this machine, and addresses such as s3://bucket/photos.

What an address names behaves like a path (`UPath` of universal-pathlib), so nothing else here has
to know the difference. Needs the extra `buckets`, and the provider's package that fsspec names.
"""

from __future__ import annotations

import os
from pathlib import Path

from inpaint.errors import PhotoError, error_line
from inpaint.formats import FORMATS

_MARK = "://"


def as_place(place: str | os.PathLike) -> Path:
    """A Path, or for an address what behaves like one. PhotoError if its kind is not known here, a
    package for it is missing, or nobody answers there."""
    if not isinstance(place, str):
        return place if is_remote(place) else Path(place)
    if _MARK not in place:
        return Path(place)
    try:
        from upath import UPath
    except ImportError as error:
        raise PhotoError(
            f"{place}: addresses need one more package: pip install 'photomend[buckets]'"
        ) from error
    try:
        found = UPath(place)
        found.exists()  # whether it is, or may be seen, is another matter
    except OSError:
        pass
    except Exception as error:  # the providers' packages raise what they please
        raise PhotoError(f"{place}: {error_line(error)}") from error
    return Path(found.path) if isinstance(found, os.PathLike) else found  # file:///...


def is_folder(place: Path) -> bool:
    """Whether files go into it: a bucket has no empty folders, there all but a picture's name is
    one."""
    if is_remote(place):
        return place.suffix.lower() not in FORMATS or place.is_dir()
    return place.is_dir()


def is_remote(place: object) -> bool:
    """Whether it is what `as_place` made of an address."""
    return not isinstance(place, (str, os.PathLike)) and hasattr(place, "fs")


def is_same_file(one: Path, other: Path) -> bool:
    """Whether both are there, and are one file."""
    if is_remote(one) or is_remote(other):
        return str(one) == str(other) and one.exists()
    return one.exists() and other.exists() and one.samefile(other)
