"""OpenCV, or a message that says what the system lacks for it."""

from __future__ import annotations

from inpaint.errors import InpaintError

try:
    import cv2
except ImportError as error:
    raise InpaintError(
        f"OpenCV cannot be loaded ({error}). If a system library such as libGL.so.1 is named, "
        "install it (Debian, Ubuntu: apt-get install libgl1 libglib2.0-0) or use the build that "
        "needs none: pip uninstall opencv-python && pip install opencv-python-headless."
    ) from error

# What OpenCV meets in a damaged file is told by our own errors.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

__all__ = ["cv2"]
