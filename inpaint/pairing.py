"""Which photos a folder holds, and which mask belongs to which photo.

A photo's mask has the photo's name without its suffix, or that and `_mask`: for `beach.jpg`,
`beach.png` in another folder or `beach_mask.png` in the same one.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from inpaint.errors import MaskError, PhotoError
from inpaint.places import as_place, is_remote, is_same_file

_MASK_ENDING = "_mask"


def find_photos(sources: str | os.PathLike | Iterable[str | os.PathLike]) -> list[Path]:
    """The photos among files and folders, in the order given, those of a folder by name.

    Folders are not searched below their first level; hidden files, files of other kinds and the
    masks `NAME_mask` of photos beside them are left out. A file that is named itself is taken as
    it is. Raises PhotoError for what does not exist, and where no photo is found.
    """
    if isinstance(sources, (str, os.PathLike)) or is_remote(sources):
        sources = [sources]
    sources = [as_place(source) for source in sources]
    found: list[Path] = []
    for source in sources:
        if source.is_dir():
            pictures = _pictures(source)
            names = {_key(picture) for picture in pictures}
            found += [p for p in pictures if not _is_mask_of(_key(p), names)]
        elif source.exists():
            found.append(source)
        else:
            raise PhotoError(f"{source}: no such file or folder")
    if not found:
        raise PhotoError(f"no photos in {', '.join(map(str, sources)) or 'an empty list'}")
    return found


class MaskFolder:
    """The masks of a folder, found by the names of their photos."""

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = as_place(folder)
        if not self.folder.is_dir():
            raise MaskError(f"{folder}: no such folder of masks")
        self._masks: dict[str, list[Path]] = {}
        for path in _pictures(self.folder):
            self._masks.setdefault(_key(path), []).append(path)

    def find(self, photo: str | os.PathLike) -> Path:
        """The mask of a photo. Raises MaskError where there is none, or more than one."""
        photo = as_place(photo)
        for name in (_key(photo) + _MASK_ENDING, _key(photo)):
            # In a folder of photos and masks alike a photo is not its own mask.
            masks = [path for path in self._masks.get(name, ()) if not is_same_file(path, photo)]
            if len(masks) > 1:
                names = ", ".join(path.name for path in masks)
                raise MaskError(f"{photo}: {self.folder} has more than one mask for it ({names})")
            if masks:
                return masks[0]
        raise MaskError(
            f"{photo}: {self.folder} has no mask for it "
            f"(looked for {photo.stem} and {photo.stem}{_MASK_ENDING}, any picture format)"
        )


def _pictures(folder: Path) -> list[Path]:
    from inpaint.formats import SUFFIXES

    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _key(path: Path) -> str:
    # macOS hands out names with accents as letters of their own; they are the same names.
    return unicodedata.normalize("NFC", path.stem)


def _is_mask_of(name: str, names: set[str]) -> bool:
    return name.endswith(_MASK_ENDING) and name.removesuffix(_MASK_ENDING) in names
