"""A picture and what was painted into it, as far as writing its file needs to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from inpaint.formats.traits import FileTraits
from inpaint.window import Window


@dataclass(frozen=True, eq=False)
class Edit:
    """Pixels, and the ink of a CMYK photo, in the bool hole of a window of a photo."""

    window: Window
    hole: np.ndarray
    pixels: np.ndarray
    ink: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class EditedPicture:
    """Pixels as a person sees them, and all it takes to write their file again.

    original: what was read, uint8, or uint16 where the file has 16 bits, H x W x 3 RGB in the
    colours of the file's own profile, upright, read-only. alpha: H x W of the same dtype, or
    None. name: the file's name for messages, or None. notices: what could not be kept, in words.
    original_ink: a CMYK file's own samples, uint8 H x W x 4, else None. source: a JPEG file's
    bytes, else None. edits: what was painted since, in order; a large photo is not copied for it.
    """

    original: np.ndarray
    alpha: np.ndarray | None = None
    name: str | None = None
    notices: tuple[str, ...] = ()
    traits: FileTraits = field(default_factory=FileTraits)
    original_ink: np.ndarray | None = None
    source: bytes | None = None
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.original, self.alpha, self.original_ink):
            if array is not None:
                array.flags.writeable = False

    @property
    def height(self) -> int:
        return self.original.shape[0]

    @property
    def width(self) -> int:
        return self.original.shape[1]

    @cached_property
    def pixels(self) -> np.ndarray:
        """The original with all edits: H x W x 3 of its dtype, read-only."""
        return self._edited(self.original, lambda edit: edit.pixels)

    @cached_property
    def ink(self) -> np.ndarray | None:
        """A CMYK file's own samples with all edits: uint8 H x W x 4, read-only; else None."""
        if self.original_ink is None:
            return None
        return self._edited(self.original_ink, lambda edit: edit.ink)

    def hole_in(self, window: Window) -> np.ndarray:
        """Where edits have painted in a window: bool of its height and width."""
        hole = np.zeros((window.height, window.width), bool)
        for edit in self.edits:
            place, part = window.overlap(edit.window)
            hole[place] |= edit.hole[part]
        return hole

    def _edited(self, original: np.ndarray, get: Callable[[Edit], np.ndarray]) -> np.ndarray:
        if not self.edits:
            return original
        edited = original.copy()
        for edit in self.edits:
            np.copyto(edited[edit.window.slices], get(edit), where=edit.hole[..., None])
        edited.flags.writeable = False
        return edited

    @property
    def format(self) -> str | None:
        """The file's format as Pillow names it ("JPEG", "PNG"), None for an array."""
        return self.traits.format

    def cropped(self, window: Window) -> Self:
        """A window of this picture that holds all its edits, without its file."""

        def cut(array: np.ndarray | None) -> np.ndarray | None:
            return None if array is None else array[window.slices]

        edits = (replace(edit, window=edit.window.within(window)) for edit in self.edits)
        return replace(
            self,
            original=cut(self.original),
            alpha=cut(self.alpha),
            original_ink=cut(self.original_ink),
            source=None,
            edits=tuple(edits),
        )
