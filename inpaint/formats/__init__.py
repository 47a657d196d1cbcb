"""What each kind of picture file needs to be read, and to be written back as it was."""

from __future__ import annotations

# Formats that are written, by suffix; the first suffix of a format is the one for new files.
FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".avif": "AVIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
}
# Suffixes of all that is read.
SUFFIXES = frozenset({*FORMATS, ".gif", ".jp2", ".mpo", ".pbm", ".pgm", ".pnm", ".ppm"})

WITH_ALPHA = frozenset(["PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
WITH_GREY = frozenset(["JPEG", "PNG", "TIFF", "BMP"])
WITH_INK = frozenset(["JPEG", "TIFF"])
WITH_16_BITS = frozenset(["PNG", "TIFF"])
WITHOUT_EXIF = frozenset(["BMP"])
# Decoding gives back what was encoded (WebP: if the file says so).
LOSSLESS = frozenset(["PNG", "TIFF", "BMP"])
