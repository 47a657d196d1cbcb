"""EXIF blocks as bytes: what must change in them changes in place, all else stays as it was."""

from __future__ import annotations

import struct

import numpy as np
from PIL import Image

from inpaint.window import Window

PREFIX = b"Exif\0\0"
_XMP = 0x02BC
_ORIENTATION = 0x0112
EXIF_GROUP, GPS_GROUP = 0x8769, 0x8825
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202

# Bytes of a value, by its kind.
_UNITS = {1: (1, 2, 6, 7), 2: (3, 8), 4: (4, 9, 11, 13), 8: (5, 10, 12, 16)}
VALUE_SIZES = {kind: size for size, kinds in _UNITS.items() for kind in kinds}

_TURNS = {
    2: lambda array: array[:, ::-1],
    3: lambda array: array[::-1, ::-1],
    4: lambda array: array[::-1],
    5: lambda array: array.swapaxes(0, 1),
    6: lambda array: np.rot90(array, -1),
    7: lambda array: array[::-1, ::-1].swapaxes(0, 1),
    8: lambda array: np.rot90(array),
}
_BACK = {6: 8, 8: 6}

# Tags of a TIFF that say how its pixels lie in the file (or are kept apart), not what they show.
TIFF_LAYOUT = frozenset(
    [
        *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281),
        *(284, 288, 289, 290, 291, 292, 293, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324),
        *(325, 330, 332, 333, 334, 336, 338, 339, 340, 341, 342, 347, 512, 513, 514, 515, 519),
        *(520, 521, 529, 530, 531, 532, 34377, 34675, _XMP, EXIF_GROUP, GPS_GROUP),
    ]
)


def find_orientation(image: Image.Image) -> int:
    """How the stored picture lies, 1 to 8; 1 (upright) where nothing or nonsense is said."""
    value = image.getexif().get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def turn_upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """A view of the stored picture, H x W or H x W x channels, as a person sees it."""
    return _TURNS[orientation](stored) if orientation in _TURNS else stored


def turn_back(upright: np.ndarray, orientation: int) -> np.ndarray:
    """The reverse of `turn_upright`."""
    return turn_upright(upright, _BACK.get(orientation, orientation))


def turn_window_upright(window: Window, shape: tuple[int, int], orientation: int) -> Window:
    """Where a window of the stored picture of `shape` (height, width) lies in the upright one."""
    return turn_window_back(window, shape, _BACK.get(orientation, orientation))


def turn_window_back(window: Window, shape: tuple[int, int], orientation: int) -> Window:
    """Where a window of the upright picture of `shape` (height, width) lies in the stored one."""
    stored = shape[::-1] if orientation >= 5 else shape
    rows = np.broadcast_to(np.arange(stored[0])[:, None], stored)
    columns = np.broadcast_to(np.arange(stored[1]), stored)
    first = (window.top, window.left)
    last = (window.top + window.height - 1, window.left + window.width - 1)
    edges = []
    for places in (rows, columns):
        upright = turn_upright(places, orientation)
        edges.append(sorted((int(upright[first]), int(upright[last]))))
    (top, bottom), (left, right) = edges
    return Window(top, left, bottom - top + 1, right - left + 1)


def read_exif(image: Image.Image) -> bytes | None:
    """The picture's EXIF block without its thumbnail, or None. Before the pixels are decoded."""
    if image.format == "TIFF":
        block = _from_tiff(image.getexif())
    else:
        block = image.info.get("exif")
        if block is None and "Raw profile type exif" in image.info:  # PNG before it had eXIf
            block = image.getexif().tobytes()
    if not block:
        return None
    return without_thumbnail(block if block.startswith(PREFIX) else PREFIX + block)


def without_thumbnail(block: bytes) -> bytes:
    """The block with its thumbnail, which still shows the unrestored photo, cut off and blank.

    Everything keeps its place: makers' notes hold addresses within the block.
    """
    tiff = bytearray(block[len(PREFIX) :])
    order = {b"II": "<", b"MM": ">"}.get(bytes(tiff[:2]))
    if order is None:
        return block
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        link = first + 2 + 12 * count
        (second,) = struct.unpack_from(f"{order}I", tiff, link)
        if second == 0:
            return block
        numbers = _numbers(tiff, second, order)
        struct.pack_into(f"{order}I", tiff, link, 0)
    except struct.error:
        return block  # cut off before the thumbnail
    start, length = numbers.get(_THUMBNAIL_OFFSET, 0), numbers.get(_THUMBNAIL_LENGTH, 0)
    if link < start <= start + length <= len(tiff):
        tiff[start : start + length] = bytes(length)
    return PREFIX + bytes(tiff)


def is_whole(block: bytes) -> bool:
    """Whether the block's first directory lies in it, with all values."""
    tiff = block.removeprefix(PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return False
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for entry in range(first + 2, first + 2 + 12 * count, 12):
            _, kind, amount, place = struct.unpack_from(f"{order}HHII", tiff, entry)
            size = amount * VALUE_SIZES.get(kind, 0)
            if size > 4 and place + size > len(tiff):
                return False
        struct.unpack_from(f"{order}I", tiff, first + 2 + 12 * count)
    except struct.error:
        return False
    return True


def only_orientation(orientation: int) -> bytes | None:
    """A block that says how the stored picture lies and nothing else; None where it is upright."""
    if orientation == 1:
        return None
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return exif.tobytes()


def _numbers(tiff: bytearray, directory: int, order: str) -> dict[int, int]:
    """Tags of one directory that hold a single 32-bit number."""
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    found = {}
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, amount, value = struct.unpack_from(f"{order}HHII", tiff, entry)
        if kind == 4 and amount == 1:
            found[tag] = value
    return found


def _from_tiff(tags: Image.Exif) -> bytes | None:
    kept = Image.Exif()
    for tag, value in tags.items():
        if tag not in TIFF_LAYOUT:
            kept[tag] = value
    for group in (EXIF_GROUP, GPS_GROUP):
        if values := tags.get_ifd(group):
            kept.get_ifd(group).update(values)
    try:
        return kept.tobytes()
    except (TypeError, ValueError, OverflowError, struct.error):
        return None  # tags of kinds that cannot be written again
