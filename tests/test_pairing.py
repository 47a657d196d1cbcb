from __future__ import annotations

import unicodedata

import pytest

from inpaint.errors import MaskError, PhotoError
from inpaint.pairing import MaskFolder, find_photos


@pytest.fixture
def touch(tmp_path):
    """Make empty files; pairing goes by names alone."""

    def make(*names: str):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return make


def test_a_folder_gives_its_pictures_by_name(touch):
    folder = touch("b.JPG", "a.png", "c.webp", "notes.txt", ".hidden.png", "below/d.png")
    assert [path.name for path in find_photos(folder)] == ["a.png", "b.JPG", "c.webp"]


def test_masks_beside_their_photos_are_no_photos(touch):
    folder = touch("a.jpg", "a_mask.png", "lonely_mask.png")
    assert [path.name for path in find_photos(folder)] == ["a.jpg", "lonely_mask.png"]


def test_files_and_folders_keep_the_order_given(touch):
    folder = touch("z.jpg", "more/a.png", "odd.suffix")
    found = find_photos([folder / "z.jpg", str(folder / "more"), folder / "odd.suffix"])
    assert [path.name for path in found] == ["z.jpg", "a.png", "odd.suffix"]


def test_what_does_not_exist_or_is_empty_is_named(touch):
    folder = touch("notes.txt")
    with pytest.raises(PhotoError, match=r"gone\.jpg: no such file"):
        find_photos(folder / "gone.jpg")
    with pytest.raises(PhotoError, match="no photos in .*" + folder.name):
        find_photos(folder)
    with pytest.raises(PhotoError, match="empty list"):
        find_photos([])


def test_masks_are_found_by_name_whatever_their_format(touch):
    folder = touch("photos/a.jpg", "photos/b.JPG", "masks/a.PNG", "masks/b_mask.tif")
    masks = MaskFolder(folder / "masks")
    assert masks.find(folder / "photos/a.jpg").name == "a.PNG"
    assert masks.find(folder / "photos/b.JPG").name == "b_mask.tif"


def test_accents_are_the_same_however_they_are_stored(touch):
    composed, apart = (unicodedata.normalize(form, "été") for form in ("NFC", "NFD"))
    folder = touch(f"photos/{composed}.jpg", f"masks/{apart}.png")
    assert MaskFolder(folder / "masks").find(folder / f"photos/{composed}.jpg").suffix == ".png"


def test_a_photo_is_not_its_own_mask(touch):
    folder = touch("a.png", "b.png", "b_mask.png")
    assert MaskFolder(folder).find(folder / "b.png").name == "b_mask.png"
    with pytest.raises(MaskError, match="no mask for it"):
        MaskFolder(folder).find(folder / "a.png")


def test_missing_and_doubtful_masks_are_named(touch):
    folder = touch("photos/a.jpg", "photos/b.jpg", "masks/a.png", "masks/a.bmp")
    masks = MaskFolder(folder / "masks")
    with pytest.raises(MaskError, match=r"more than one mask for it \(a\.bmp, a\.png\)"):
        masks.find(folder / "photos/a.jpg")
    with pytest.raises(MaskError, match=r"b\.jpg: .*looked for b and b_mask"):
        masks.find(folder / "photos/b.jpg")
    with pytest.raises(MaskError, match="nowhere: no such folder"):
        MaskFolder(folder / "nowhere")
