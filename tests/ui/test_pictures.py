"""Names of files, as they are shown and handed out."""

from __future__ import annotations

import pytest

from inpaint.ui.restore import pictures


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.png"),
        ("", "photo"),
        ("..", "photo"),
        ("海.jpg", "海.jpg"),
    ],
)
def test_names_are_cleaned(name, clean):
    assert pictures.clean_name(name) == clean


@pytest.mark.parametrize(
    ("name", "format", "expected"),
    [
        ("a.JPEG", "JPEG", "a_restored.JPEG"),
        ("a.png", "JPEG", "a_restored.jpg"),
        ("a", "PNG", "a_restored.png"),
        ("a.heic", "PNG", "a_restored.png"),
        ("a.b.tif", "TIFF", "a.b_restored.tif"),
        ("a.webp", "WEBP", "a_restored.webp"),
    ],
)
def test_results_are_named_after_the_photo_and_its_format(name, format, expected, encode, picture):
    assert pictures.name_file(name, encode(picture(8, 8), format)) == expected
