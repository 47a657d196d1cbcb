"""Photos out of uploaded zips: nothing outside the folder, nothing without a limit."""

from __future__ import annotations

import struct
import zipfile

import pytest

from inpaint.errors import InpaintError
from inpaint.ui.archives import collect_photos, unpack_photos


@pytest.fixture
def make_zip(tmp_path):
    """make_zip({name: bytes}) -> the path of a zip of them."""

    def make(files, name="photos.zip", compression=zipfile.ZIP_DEFLATED):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path

    return make


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    return folder


def unpack(path, folder, max_files=10, max_bytes=1 << 20):
    return unpack_photos(path, folder, max_files=max_files, max_bytes=max_bytes)


def test_photos_lie_side_by_side_and_nothing_else_is_unpacked(make_zip, folder):
    path = make_zip(
        {
            "trip/one.JPG": b"1",
            "trip/two.png": b"2",
            "home/one.jpg": b"3",
            "trip/notes.txt": b"no picture",
            "__MACOSX/trip/._one.JPG": b"no picture",
            ".thumbnails/one.jpg": b"hidden",
        }
    )
    unpacked = unpack(path, folder)
    assert [one.name for one in unpacked] == ["one.JPG", "two.png", "one (2).jpg"]
    assert [one.read_bytes() for one in unpacked] == [b"1", b"2", b"3"]
    assert sorted(folder.iterdir()) == sorted(unpacked)


@pytest.mark.parametrize(
    "name", ["../../evil.jpg", "/tmp/evil.jpg", "..\\..\\evil.jpg", "C:\\evil.jpg", "C:evil.jpg"]
)
def test_no_name_leads_out_of_the_folder(make_zip, folder, name):
    (unpacked,) = unpack(make_zip({name: b"1"}), folder)
    assert unpacked.parent == folder
    assert unpacked.name.endswith("evil.jpg")
    assert ":" not in unpacked.name


def test_links_are_left_out(tmp_path, folder):
    link = zipfile.ZipInfo("link.jpg")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("one.jpg", b"1")
    assert [one.name for one in unpack(tmp_path / "photos.zip", folder)] == ["one.jpg"]


def test_too_many_photos_and_too_many_bytes_are_refused_before_any_is_unpacked(make_zip, folder):
    path = make_zip({f"{i}.jpg": b"0" * 1000 for i in range(5)})
    with pytest.raises(InpaintError, match=r"photos\.zip holds 5 photos; the app takes up to 4"):
        unpack(path, folder, max_files=4)
    with pytest.raises(InpaintError, match="more than 0 MB"):
        unpack(path, folder, max_bytes=4999)
    assert list(folder.iterdir()) == []


def test_a_bomb_that_promises_little_is_stopped(make_zip, folder):
    path = make_zip({"bomb.jpg": b"\0" * (8 << 20)})
    data = path.read_bytes().replace(struct.pack("<L", 8 << 20), struct.pack("<L", 100))
    path.write_bytes(data)
    with pytest.raises(InpaintError, match="damaged"):
        unpack(path, folder)
    assert sum(one.stat().st_size for one in folder.iterdir()) <= 100


def damage(path, make):
    """Change a file's bytes in place by make(bytearray)."""
    data = bytearray(path.read_bytes())
    make(data)
    path.write_bytes(data)
    return path


def lock(data):
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + flags] |= 1


def tear(data):
    data[40:50] = b"?" * 10


def test_what_is_no_usable_zip_is_said_in_a_sentence(make_zip, tmp_path, folder):
    one = {"one.jpg": bytes(range(256)) * 9}
    letter = tmp_path / "letter.zip"
    letter.write_bytes(b"Dear")
    for path, message in [
        (letter, r"letter\.zip is damaged, or not a zip file"),
        (damage(make_zip(one, "torn.zip"), tear), r"torn\.zip is damaged"),
        (damage(make_zip(one, "locked.zip"), lock), "password"),
        (make_zip(one, "unusual.zip", zipfile.ZIP_BZIP2), "unusual"),
        (make_zip({"notes.txt": b"1"}), "holds no photos"),
        (tmp_path / "nowhere.zip", "No such file"),
    ]:
        with pytest.raises(InpaintError, match=message):
            unpack(path, folder)
        for left in folder.iterdir():
            left.unlink()


def collect(uploads, folder, max_files=10, max_bytes=1 << 20):
    return collect_photos(uploads, folder, max_files=max_files, max_bytes=max_bytes)


def test_files_and_zips_are_collected_together(make_zip, tmp_path, folder):
    for name in ("a/one.jpg", "b/one.jpg", "a/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    uploads = [tmp_path / "a/one.jpg", make_zip({"one.jpg": b"z"}), tmp_path / "b/one.jpg"]
    found = collect([*uploads, tmp_path / "a/notes.txt"], folder)
    assert [path.read_bytes() for path in found] == [b"a/one.jpg", b"z", b"b/one.jpg"]
    assert {path for path in folder.rglob("*") if path.is_file()} == set(found)
    with pytest.raises(InpaintError, match="no photo among"):
        collect([tmp_path / "a/notes.txt"], folder)


def test_limits_are_for_all_uploads_together(tmp_path, folder):
    uploads = [tmp_path / f"{number}.jpg" for number in range(3)]
    for path in uploads:
        path.write_bytes(b"0" * 1000)
    with pytest.raises(InpaintError, match="more than 2 photos"):
        collect(uploads, folder, max_files=2)
    with pytest.raises(InpaintError, match="exceed 0 MB"):
        collect(uploads, folder, max_bytes=2999)


def test_long_names_in_any_script_find_room(make_zip, folder):
    name = "照" * 200 + ".jpg"
    unpacked = unpack(make_zip({f"a/{name}": b"1", f"b/{name}": b"2"}), folder)
    assert len({path.name for path in unpacked}) == 2
    assert all(path.suffix == ".jpg" and len(path.name.encode()) <= 255 for path in unpacked)
