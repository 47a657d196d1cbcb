"""The files of a batch: uploads put in order, results kept beside what is there already."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from inpaint.errors import InpaintError, MaskError
from inpaint.pairing import MaskFolder
from inpaint.ui.archives import fit_name, unpack_photos
from inpaint.whole_file import write_whole

_THUMBNAIL = (192, 144)


@dataclass(frozen=True)
class Upload:
    """An uploaded file: where it lies now, and the name it had, which may be any text at all."""

    path: Path
    name: str


@dataclass(frozen=True)
class Arrival:
    """An uploaded file, or one of an uploaded zip, in a folder of its own; or why it is not."""

    name: str
    path: Path | None = None
    error: str = ""


def read_uploads(sent: object, folder: Path) -> list[Upload]:
    """The files that a `gr.File` holds, from its value as the page sends it (preprocess=False).

    folder: where Gradio puts uploads. InpaintError if a path leads out of it.
    """
    return [
        _read_upload(file, folder.resolve()) for file in (sent if isinstance(sent, list) else [])
    ]


def unpack_uploads(
    uploads: Sequence[Upload], folder: Path, max_files: int, max_bytes: int
) -> Iterator[Arrival]:
    """Put every file into a new folder of its own below `folder`; zips are unpacked.

    What cannot be used is told, and is not the others' trouble: so is a zip with which there would
    be more than `max_files` files, or `max_bytes` bytes out of zips, in all.
    """
    count = itertools.count(1)
    max_files -= sum(not _is_zip(upload.name) for upload in uploads)

    def own_place(name: str) -> Path:
        place = folder / f"{next(count):05d}" / fit_name(name)
        place.parent.mkdir(parents=True)
        return place

    for upload in uploads:
        place = own_place(upload.name)
        try:
            _link(upload.path, place)
            if not _is_zip(upload.name):
                yield Arrival(place.name, place)
                continue
            unpacked = place.parent / "unpacked"
            unpacked.mkdir()
            found = unpack_photos(place, unpacked, max_files=max_files, max_bytes=max_bytes)
        except (InpaintError, OSError) as error:
            shutil.rmtree(place.parent)
            yield Arrival(place.name, error=_explain(error))
            continue
        max_files -= len(found)
        max_bytes -= sum(path.stat().st_size for path in found)
        for path in found:
            own = own_place(path.name)
            path.rename(own)
            yield Arrival(own.name, own)
        shutil.rmtree(place.parent)


class Masks:
    """The masks of a batch: one for all photos, or several, each found by its photo's name.

    Takes what arrived into `folder`, which must not exist. `unusable`: what became of the rest.
    """

    def __init__(self, arrivals: Iterable[Arrival], folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.unusable: list[str] = []
        self._doubled: set[str] = set()
        arrived: list[Path] = []
        for one in arrivals:
            if one.path is None:
                self.unusable.append(one.error)
                continue
            arrived.append(folder / one.name)
            if arrived[-1].exists():
                self._doubled.add(_normal(one.path.stem))
            else:
                one.path.rename(arrived[-1])
        self.count = len(arrived)
        self.only = arrived[0] if self.count == 1 else None
        self._by_name = MaskFolder(folder)

    def find(self, photo: Path) -> Path:
        """The photo's mask. MaskError if it has none, or more than one."""
        if self.only is not None:
            return self.only
        stem = _normal(photo.stem)
        if {stem, f"{stem}_mask"} & self._doubled:
            raise MaskError(f"two of the masks are named {stem}; give each a name of its own")
        return self._by_name.find(photo)


def move_as_new(path: Path, folder: Path, taken: set[str]) -> Path:
    """Move a file into `folder` under its name, or the first of "NAME (2)", "NAME (3)" ... that
    is neither there nor, in upper or lower case, in `taken`, where it is put.

    OSError if it cannot be written; nothing is ever replaced.
    """
    for number in itertools.count(1):
        name = f"{path.stem} ({number}){path.suffix}" if number > 1 else path.name
        target = folder / name
        if name.casefold() in taken:
            continue
        with contextlib.suppress(FileExistsError):
            open(target, "xb").close()  # the name is ours from here on
            break
    taken.add(name.casefold())
    try:
        with open(path, "rb") as file:
            write_whole(target, partial(shutil.copyfileobj, file))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    path.unlink()
    return target


def write_thumbnail(picture: Path, target: Path) -> Path | None:
    """A small JPEG of a picture file into `target`; None where that is not easily done."""
    try:
        with Image.open(picture) as opened:
            opened.draft("RGB", (2 * _THUMBNAIL[0], 2 * _THUMBNAIL[1]))
            if opened.mode.startswith("I"):  # 16 bits of grey: Pillow would clip them
                return None
            # Only what is RGB has a profile that fits the thumbnail.
            profile = opened.info.get("icc_profile") if opened.mode == "RGB" else None
            small = ImageOps.exif_transpose(opened)
            small = small.convert("RGBA" if small.has_transparency_data else "RGB")
            small.thumbnail(_THUMBNAIL)
            paper = Image.new("RGB", small.size, "white")
            paper.paste(small, mask=small if small.mode == "RGBA" else None)
            paper.save(target, "JPEG", quality=80, icc_profile=profile)
    except Exception:  # it is an ornament: the file itself is what counts
        return None
    return target


def _read_upload(file: Any, folder: Path) -> Upload:
    file = file if isinstance(file, dict) else {}
    path = Path(str(file.get("path", ""))).resolve()
    if folder not in path.parents:
        raise InpaintError("Only files that were uploaded here can be used.")
    return Upload(path, str(file.get("orig_name") or path.name))


def _explain(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):  # Gradio has removed it
        return "no longer here; please add it again"
    return getattr(error, "strerror", None) or str(error)


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _link(source: Path, target: Path) -> None:
    """The same file under another name: Gradio removes uploads after a while."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
