"""What differs between photos and their restored files, as exiftool would see it.

    python benchmarks/compare_files.py --make FOLDER [--lossy] [--seed N]
    inpaint restore FOLDER/photos --mask FOLDER/masks --output FOLDER/restored
    python benchmarks/compare_files.py FOLDER/photos FOLDER/restored FOLDER/masks

A row a file, then a line for all that differs: format, size, depth, tags by their names, profile,
XMP, texts, segments, tables, and the picture itself outside the mask (a JPEG's blocks of
coefficients, other files' samples). Exit code 1 if anything but the painted part and what is
listed as left out (thumbnails, the coding of the same values) changed. --make writes 20 different
files with masks, or with --lossy three of formats that can only be encoded again.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import struct
import sys
import tempfile
from pathlib import Path

import cv2
import jpeglib
import numpy as np
import tifffile
from files_to_compare import PHOTOSHOP, make
from PIL import ExifTags, Image

from inpaint.mask import read_mask
from inpaint.pairing import MaskFolder, find_photos

# How the same values are coded, and thumbnails: these may differ.
LEFT_OUT = re.compile(
    r"^(TIFF (StripOffsets|StripByteCounts|RowsPerStrip|Compression|Predictor|PlanarConfiguration"
    r"|NewSubfileType|PageNumber|FillOrder|TileWidth|TileLength|TileOffsets|TileByteCounts"
    r"|ExifTag|GPSTag|byte order)"
    r"|restart interval|after the picture|thumbnail.*|PNG interlaced|PNG tIME)$"
)
XMP_THUMBNAILS = re.compile(rb"<(x[am]p):Thumbnails\b.*?</\1:Thumbnails>", re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="ORIGINALS RESTORED MASKS")
    parser.add_argument("--make", type=Path, metavar="FOLDER", help="write files to try it with")
    parser.add_argument("--lossy", action="store_true", help="make WebP, AVIF and HEIC")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.make:
        count = make(arguments.make, arguments.seed, arguments.lossy)
        print(f"{arguments.make}: {count} files with masks")
        return 0
    if len(arguments.folders) != 3:
        parser.error("three folders are compared: ORIGINALS RESTORED MASKS")
    return compare(*arguments.folders)


def compare(originals: Path, restored: Path, masks: Path) -> int:
    paired = MaskFolder(masks)
    rows, lines, failed = [], [], 0
    for path in find_photos(originals):
        after = restored / path.name
        if not after.exists():
            lines.append(f"{path.name}: MISSING in {restored}")
            failed += 1
            continue
        before_facts, after_facts = read_facts(path), read_facts(after)
        names = {**before_facts, **after_facts}
        changed = [n for n in names if before_facts.get(n) != after_facts.get(n)]
        wrong = [name for name in changed if not LEFT_OUT.match(name)]
        mask = read_mask(paired.find(path))
        picture, kept = compare_pictures(path, after, mask)
        failed += bool(wrong) or not kept
        for name in changed:
            note = "CHANGED" if name in wrong else "left out"
            old, new = (short(facts.get(name)) for facts in (before_facts, after_facts))
            lines.append(f"{path.name}: {note}: {name}: {old} -> {new}")
        told = f"{len(names) - len(changed)} equal"
        told += f", {len(changed) - len(wrong)} left out" * (len(changed) > len(wrong))
        told += f", {len(wrong)} CHANGED" * bool(wrong)
        what = before_facts["what"]
        rows.append((path.name, what, f"{mask.mean():.1%}", told, *picture))
    print("| file | what it is | mask | facts beside the picture | inside | outside | moved |")
    print("|---|---|---:|---|---:|---:|---:|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()
    print("\n".join(lines))
    verdict = "nothing but the painted part changed" if not failed else f"{failed} differ"
    print(f"{len(rows)} files: {verdict}")
    return 1 if failed else 0


def short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


# --- what a file says beside its picture --------------------------------------------------------


def read_facts(path: Path) -> dict[str, object]:
    """Name -> value; bytes are given as their hash."""
    data = path.read_bytes()
    with open_image(data) as image:
        kind = image.format
        facts: dict[str, object] = {
            "format": kind,
            "width and height": image.size,
            "mode": image.mode,
            "ICC profile": digest(image.info.get("icc_profile")),
            "resolution": rounded(image.info.get("dpi")),
        }
        exif = image.getexif()
        facts |= read_tags("TIFF" if kind == "TIFF" else "EXIF", exif)
        groups = [ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo]
        if ExifTags.IFD.Interop in exif.get_ifd(ExifTags.IFD.Exif):
            groups.append(ExifTags.IFD.Interop)
        for group in groups:
            facts |= read_tags(f"EXIF {group.name}", exif.get_ifd(group), group)
        facts["thumbnail in EXIF"] = bool(exif.get_ifd(ExifTags.IFD.IFD1)) or None
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    facts["XMP"] = digest(XMP_THUMBNAILS.sub(b"", xmp))
    facts["thumbnail in XMP"] = bool(XMP_THUMBNAILS.search(xmp)) or None
    readers = {"JPEG": jpeg_facts, "MPO": jpeg_facts, "PNG": png_facts, "WEBP": webp_facts}
    facts |= readers.get(kind, lambda data: {})(data)
    if kind == "TIFF":
        facts["TIFF byte order"] = data[:2].decode()
        facts["TIFF bits"] = facts.pop("TIFF BitsPerSample", None)
    what = [facts.get(name) for name in ("JPEG coding", "JPEG subsampling")]
    depth = facts.get("PNG bits") or (facts.get("TIFF bits") or (8,))[0]
    what += [facts["mode"].split(";")[0], "16 bit" if depth == 16 else None]
    turned = facts.get("EXIF Orientation") or facts.get("TIFF Orientation")
    what += [f"orientation {turned}" if turned else None]
    return facts | {"what": " ".join(str(word) for word in [kind, *what] if word)}


def open_image(data: bytes) -> Image.Image:
    if data[4:8] == b"ftyp" and data[8:12] != b"avif":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    return Image.open(io.BytesIO(data))


def read_tags(group: str, tags: dict, kind: int | None = None) -> dict[str, object]:
    names = ExifTags.GPSTAGS if kind == ExifTags.IFD.GPSInfo else ExifTags.TAGS
    facts = {}
    for tag, value in tags.items():
        # Addresses of groups and, in a TIFF, what is read as profile and XMP anyway.
        if tag in (0x8769, 0x8825, 0xA005, 700, 34675):
            continue
        value = digest(value) if isinstance(value, bytes) and len(value) > 40 else value
        facts[f"{group} {names.get(tag, hex(tag))}"] = value
    return facts


def digest(data: bytes | None) -> str | None:
    return f"{len(data)} bytes {hashlib.sha256(data).hexdigest()[:12]}" if data else None


def rounded(dpi: tuple | None) -> tuple | None:
    return tuple(round(float(dots), 1) for dots in dpi) if dpi else None


def jpeg_facts(data: bytes) -> dict[str, object]:
    facts: dict[str, object] = {}
    position, tables = 2, {}
    while data[position + 1] != 0xDA:
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4])
        body = data[position + 4 : position + 2 + length]
        position += 2 + length
        if marker == 0xDB:
            while body:
                size = 128 if body[0] >> 4 else 64
                tables[body[0] & 15], body = body[1 : 1 + size], body[1 + size :]
        elif marker == 0xDD:
            facts["restart interval"] = int.from_bytes(body) or None
        elif 0xC0 <= marker < 0xD0 and marker not in (0xC4, 0xC8, 0xCC):
            frame = body
            coding = {0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive"}
            facts["JPEG coding"] = coding.get(marker, hex(marker))
            facts["JPEG bits"] = body[0]
            parts = [body[6 + 3 * i : 9 + 3 * i] for i in range(body[5])]
            facts["JPEG components"] = [part[0] for part in parts]
            factors = [f"{part[1] >> 4}x{part[1] & 15}" for part in parts]
            facts["JPEG subsampling"] = ",".join(factors) if len(parts) > 1 else None
        elif marker == 0xFE or 0xE0 <= marker < 0xF0:
            facts |= segment_facts(marker, body, facts)
    for i in range(frame[5]):
        facts[f"JPEG table of component {i}"] = digest(tables[frame[8 + 3 * i]])
    end = re.compile(rb"\xff\xd9").search(data, position)
    facts["after the picture"] = len(data) - end.end() or None if end else "cut off"
    return facts


def segment_facts(marker: int, body: bytes, facts: dict[str, object]) -> dict[str, object]:
    """One comment or application segment, without its thumbnail."""
    if body.startswith(b"Exif\0\0"):
        return {}  # its tags are compared one by one
    if marker == 0xFE:
        return {number(f"comment {body[:20]!r}", facts): digest(body)}
    if body.startswith((b"JFXX\0", b"MPF\0")):
        return {f"thumbnail in {body[:4].decode().rstrip(chr(0))}": digest(body)}
    found: dict[str, object] = {}
    if body.startswith(b"JFIF\0") and len(body) > 14:
        found["thumbnail in JFIF"], body = digest(body[14:]), body[:12] + b"\0\0"
    if body.startswith(PHOTOSHOP):
        body, found["thumbnail in Photoshop"] = split_photoshop(body)
    body = XMP_THUMBNAILS.sub(b"", body)
    name = re.match(rb"[ -~]*", body)[0].decode()
    return found | {number(f"APP{marker - 0xE0} {name[:30]}", facts): digest(body)}


def number(name: str, facts: dict[str, object]) -> str:
    count = sum(other.split(" #")[0] == name for other in facts)
    return f"{name} #{count + 1}" if count else name


def split_photoshop(body: bytes) -> tuple[bytes, str | None]:
    kept, shown, position = b"", None, len(PHOTOSHOP)
    while body[position : position + 4] == b"8BIM":
        resource = int.from_bytes(body[position + 4 : position + 6])
        size_at = position + 6 + (body[position + 6] + 2) // 2 * 2
        end = size_at + 4 + (int.from_bytes(body[size_at : size_at + 4]) + 1) // 2 * 2
        if resource in (1033, 1036):
            shown = digest(body[position:end])
        else:
            kept += body[position:end]
        position = end
    return PHOTOSHOP + kept + body[position:], shown


def png_facts(data: bytes) -> dict[str, object]:
    bits, colours, interlaced = data[24], data[25], data[28]
    facts: dict[str, object] = {
        "PNG bits": bits,
        "PNG colour type": colours,
        "PNG interlaced": bool(interlaced) or None,
    }
    position = 8
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        position += 12 + length
        if name in (b"tEXt", b"zTXt", b"iTXt"):
            facts[number(f"PNG text {body.split(bytes(1))[0].decode('latin-1')}", facts)] = digest(
                body
            )
        elif name not in (b"IHDR", b"IDAT", b"IEND", b"eXIf", b"iCCP"):
            facts[number(f"PNG {name.decode('latin-1')}", facts)] = digest(body)
    return facts


def webp_facts(data: bytes) -> dict[str, object]:
    facts: dict[str, object] = {}
    position = 12
    while position + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        facts[f"WebP chunk {name.decode('latin-1')}"] = True
        position += 8 + length + length % 2
    return facts


# --- the picture itself -------------------------------------------------------------------------


def compare_pictures(before: Path, after: Path, mask: np.ndarray) -> tuple[tuple[str, ...], bool]:
    """What changed inside and outside the mask and by how much outside pixels moved, in words;
    whether the promise for this kind of file holds."""
    old, new = read_upright(before), read_upright(after)
    if old.shape != new.shape or old.dtype != new.dtype or old.shape[:2] != mask.shape:
        return ("", "of another shape", ""), False
    differ = np.abs(old.astype(int) - new).reshape(*mask.shape, -1).max(axis=2)
    outside = differ[~mask]
    moved = f"{np.count_nonzero(outside)} by up to {outside.max(initial=0)}"
    if not outside.any():
        moved = "0"
    if before.read_bytes()[:2] == b"\xff\xd8":
        inside, changed = compare_blocks(before, after, mask)
        return (f"{inside} blocks", f"{changed} blocks", moved), changed == 0
    inside, changed = (np.count_nonzero(part) for part in (differ[mask], outside))
    return (f"{inside} pixels", f"{changed} pixels", moved), changed == 0


def read_upright(path: Path) -> np.ndarray:
    data = path.read_bytes()
    with open_image(data) as image:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        kind = image.format
        if kind == "TIFF" and image.tag_v2.get(258, (8,))[0] == 16:
            samples = read_16_bit_tiff(data)
        elif kind == "PNG" and data[24] == 16:
            samples = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        else:
            samples = np.asarray(image)  # Pillow turns TIFFs by itself
            orientation = 1 if kind == "TIFF" else orientation
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return samples[:, ::-1] if orientation in (2, 3, 6, 7) else samples


def read_16_bit_tiff(data: bytes) -> np.ndarray:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        samples = page.asarray()
        separate = page.planarconfig == 2 and samples.ndim == 3
    return np.moveaxis(samples, 0, -1) if separate else samples


def compare_blocks(before: Path, after: Path, mask: np.ndarray) -> tuple[int, int]:
    """How many blocks of coefficients changed that meet the mask, and that do not."""
    with Image.open(before) as image:
        factors = [(part[1], part[2]) for part in image.layer]
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)
    if back is not None:
        mask = np.asarray(Image.fromarray(mask).transpose(Image.Transpose(back)))
    counts = [0, 0]
    for (across, down), old, new in zip(factors, blocks(before), blocks(after), strict=True):
        width = 8 * max(h for h, _ in factors) // across
        height = 8 * max(v for _, v in factors) // down
        rows, columns = old.shape[:2]
        padded = np.zeros((rows * height, columns * width), bool)
        padded[: mask.shape[0], : mask.shape[1]] = mask[: rows * height, : columns * width]
        met = padded.reshape(rows, height, columns, width).any(axis=(1, 3))
        changed = (old != new).any(axis=(2, 3))
        counts[0] += int((changed & met).sum())
        counts[1] += int((changed & ~met).sum())
    return counts[0], counts[1]


def blocks(path: Path) -> list[np.ndarray]:
    with tempfile.TemporaryDirectory() as folder, jpeglib.version("turbo210"):
        # Without application segments, of which jpeglib takes 50 at most.
        bare = Path(folder, "bare.jpg")
        bare.write_bytes(without_segments(path.read_bytes()))
        file = jpeglib.read_dct(str(bare))
        return [part for part in (file.Y, file.Cb, file.Cr, file.K) if part is not None]


def without_segments(data: bytes) -> bytes:
    kept, position = [data[:2]], 2
    while data[position + 1] != 0xDA:
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4])
        if not (data[position + 1] == 0xFE or 0xE0 <= data[position + 1] < 0xF0):
            kept.append(data[position:end])
        position = end
    return b"".join([*kept, data[position:]])


if __name__ == "__main__":
    sys.exit(main())
