"""EXIF blocks as bytes: what must change in them changes in place, all else stays as it was."""

from __future__ import annotations

import struct

from PIL import Image

PREFIX = b"Exif\0\0"
XMP = 0x02BC
_ORIENTATION = 0x0112
_EXIF_GROUP, _GPS_GROUP = 0x8769, 0x8825
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BACK = {**_UPRIGHT, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}

# Tags of a TIFF that say how its pixels lie in the file (or are kept apart), not what they show.
_TIFF_LAYOUT = frozenset(
    [
        *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281),
        *(284, 288, 289, 290, 291, 292, 293, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324),
        *(325, 330, 332, 333, 334, 336, 338, 339, 340, 341, 342, 347, 512, 513, 514, 515, 519),
        *(520, 521, 529, 530, 531, 532, 34377, 34675, XMP, _EXIF_GROUP, _GPS_GROUP),
    ]
)


def find_orientation(image: Image.Image) -> int:
    """How the stored picture lies, 1 to 8; 1 (upright) where nothing or nonsense is said."""
    value = image.getexif().get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """The stored picture as a person sees it; the picture itself if that is the same."""
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def turn_back(image: Image.Image, orientation: int) -> Image.Image:
    """The reverse of `turn_upright`."""
    return image.transpose(_BACK[orientation]) if orientation in _BACK else image


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


def has_groups(block: bytes) -> bool:
    """Whether the block has groups of its own for the camera or the place."""
    exif = Image.Exif()
    exif.load(block)
    return any(exif.get_ifd(group) for group in (_EXIF_GROUP, _GPS_GROUP))


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
        if tag not in _TIFF_LAYOUT:
            kept[tag] = value
    for group in (_EXIF_GROUP, _GPS_GROUP):
        if values := tags.get_ifd(group):
            kept.get_ifd(group).update(values)
    try:
        return kept.tobytes()
    except (TypeError, ValueError, OverflowError, struct.error):
        return None  # tags of kinds that cannot be written again
