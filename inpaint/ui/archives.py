"""Photos out of what was uploaded: a name may be any text, and a zip may lie about all it says."""

from __future__ import annotations

import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from inpaint.errors import InpaintError
from inpaint.formats import SUFFIXES
from inpaint.ui.restore.pictures import clean_name

_LONGEST_STEM, _LONGEST_SUFFIX = 180, 12  # bytes and letters that every file system takes
# What else zipfile knows unpacks a few bytes to hundreds of megabytes at once.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (zipfile.BadZipFile, RuntimeError, ValueError, EOFError, struct.error, zlib.error)


def collect_photos(
    uploads: Iterable[Path], folder: Path, *, max_files: int, max_bytes: int
) -> list[Path]:
    """Copy the picture files among the uploads into `folder`, those of each zip into one below it.

    Files of other kinds are left out. InpaintError as for `unpack_photos`, and where all of them
    together exceed a limit or hold no picture.
    """
    taken: dict[str, int] = {}
    found: list[Path] = []
    size = 0
    for number, upload in enumerate(uploads):
        new: list[Path] = []
        if upload.suffix.lower() == ".zip":
            own = folder / f"zip{number + 1}"
            own.mkdir()
            new = unpack_photos(upload, own, max_files=max_files, max_bytes=max_bytes)
        elif upload.suffix.lower() in SUFFIXES:
            new = [Path(shutil.copyfile(upload, _find_free(folder, upload.name, taken)))]
        found += new
        size += sum(path.stat().st_size for path in new)
        if len(found) > max_files:
            raise InpaintError(f"These are more than {max_files} photos, the app's limit.")
        if size > max_bytes:
            raise InpaintError(f"The photos exceed {_megabytes(max_bytes)}, the app's limit.")
    if not found:
        raise InpaintError("There is no photo among these files.")
    return found


def unpack_photos(zip_path: Path, folder: Path, *, max_files: int, max_bytes: int) -> list[Path]:
    """Unpack the picture files of a zip side by side into `folder`, in the zip's order.

    Its folders are not made again: of two photos of the same name the second becomes "NAME (2)".
    Hidden files and those of other kinds are left out. InpaintError if it is no zip, is damaged,
    needs a password, holds no picture, or more than `max_files` pictures or `max_bytes` bytes of
    them; what was unpacked until then stays in `folder`.
    """
    name = zip_path.name
    try:
        with zipfile.ZipFile(zip_path) as archive:
            members = [member for member in archive.infolist() if _is_photo(member)]
            _check(name, members, max_files, max_bytes)
            taken: dict[str, int] = {}
            return [_unpack(archive, member, folder, taken) for member in members]
    except InpaintError:
        raise
    except _DAMAGE as error:
        raise InpaintError(f"{name} is damaged, or not a zip file.") from error
    except OSError as error:
        raise InpaintError(f"{name} cannot be unpacked: {error.strerror or error}.") from error


def fit_name(name: str) -> str:
    """A name that a file may have on any system: no folders, nothing reserved, not too long."""
    # A colon would name another drive, or a hidden stream, on Windows.
    plain = Path(re.sub(r'[<>:"|?*]', "_", clean_name(name)))
    stem = plain.stem.encode()[:_LONGEST_STEM].decode(errors="ignore")
    return stem + plain.suffix[:_LONGEST_SUFFIX]


def _is_photo(member: zipfile.ZipInfo) -> bool:
    path = Path(member.filename.replace("\\", "/"))
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts if part != "..")
    link = stat.S_ISLNK(member.external_attr >> 16)
    return not (member.is_dir() or hidden or link) and path.suffix.lower() in SUFFIXES


def _check(name: str, members: list[zipfile.ZipInfo], max_files: int, max_bytes: int) -> None:
    if not members:
        raise InpaintError(f"{name} holds no photos.")
    if len(members) > max_files:
        raise InpaintError(f"{name} holds {len(members)} photos; the app takes up to {max_files}.")
    # zipfile reads no more of a member than it promises here.
    if sum(member.file_size for member in members) > max_bytes:
        raise InpaintError(f"{name} unpacks to more than {_megabytes(max_bytes)}, the app's limit.")
    if any(member.flag_bits & 1 for member in members):
        raise InpaintError(f"{name} is locked with a password; zip the photos without one.")
    if any(member.compress_type not in _METHODS for member in members):
        raise InpaintError(f"{name} is packed in an unusual way; zip the photos as usual.")


def _unpack(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, taken: dict[str, int]
) -> Path:
    path = _find_free(folder, member.filename, taken)
    with archive.open(member) as source, open(path, "xb") as target:
        shutil.copyfileobj(source, target)
    return path


def _find_free(folder: Path, name: str, taken: dict[str, int]) -> Path:
    """A place in `folder` for a file of that name: "NAME (2)" where it is taken already.

    taken: the last number given, by name without regard to case; what is found is added.
    """
    plain = Path(fit_name(name))
    free, number = plain.name, taken.get(plain.name.casefold(), 0)
    while number == 0 or free.casefold() in taken:
        number += 1
        free = plain.name if number == 1 else f"{plain.stem} ({number}){plain.suffix}"
    taken[free.casefold()] = 1
    taken[plain.name.casefold()] = number
    return folder / free


def _megabytes(number: int) -> str:
    return f"{number / 2**20:.0f} MB"
