"""What lies outside the hole comes back equal: 2,000 files of all kinds, seeded.

A case that fails prints itself; `draw(chunk, number)` makes it again.
"""

from __future__ import annotations

import asyncio
import io
import struct
import zlib
from dataclasses import dataclass, field

import jpeglib
import numpy as np
import pytest
import tifffile
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from inpaint import Inpainter, Photo, cli
from inpaint._opencv import cv2
from inpaint.ui.access.security import OWNER_COOKIE
from inpaint.ui.restore.jobs import follow
from inpaint.ui.restore.routes import make_router
from inpaint.ui.settings import Settings
from inpaint.ui.state import State

CHUNKS, CASES = 20, 100
ORIENTATION = 0x0112
# How Pillow turns a stored picture of an EXIF orientation upright, and an upright one back.
UPRIGHT = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
BACK = {**UPRIGHT, 6: 2, 8: 4}

KINDS = {
    "JPEG": ("RGB", "RGB", "RGB", "L", "CMYK", "YCCK"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "L 16", "LA 16", "RGB 16", "RGBA 16"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "L 16", "RGB 16", "RGBA 16"),
    "WEBP": ("RGB", "RGBA", "lossy"),
    "BMP": ("1", "L", "P", "RGB"),
    "GIF": ("P",),
    "AVIF": ("lossy",),
}
SUFFIXES = {"JPEG": "jpg", "TIFF": "tif"}
COLOUR = (0.2, 0.4, 0.9)


class Constant:
    name = "constant"
    max_side = None

    def fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return np.full_like(image, COLOUR)


@dataclass
class Case:
    """A file; `samples` as it holds them, H x W or H x W x channels, None for lossy formats;
    `hole` upright."""

    chunk: int
    number: int
    format: str
    mode: str
    orientation: int
    options: dict
    data: bytes = field(repr=False)
    samples: np.ndarray | None = field(repr=False)
    hole: np.ndarray = field(repr=False)

    @property
    def name(self) -> str:
        suffix = SUFFIXES.get(self.format, self.format.lower())
        return f"{self.chunk}-{self.number}.{suffix}"

    @property
    def stored_hole(self) -> np.ndarray:
        turn = BACK.get(self.orientation)
        mask = Image.fromarray(self.hole)
        return np.asarray(mask if turn is None else mask.transpose(Image.Transpose(turn)))

    def __str__(self) -> str:
        height, width = self.stored_hole.shape
        share = self.hole.mean()
        return f"{self!r}, {width} x {height} as stored, {share:.0%} hole"


def draw(chunk: int, number: int) -> Case:
    rng = np.random.default_rng([chunk, number])
    weights = np.array([len(modes) for modes in KINDS.values()], float)
    format = str(rng.choice(list(KINDS), p=weights / weights.sum()))
    mode = str(rng.choice(KINDS[format]))
    orientation = 1 if format in ("BMP", "GIF") else int(rng.integers(1, 9))
    height, width = (int(side) for side in rng.integers(1, 91, 2))
    if height * width == 1:
        width = 2
    samples, image = _draw_picture(rng, mode, height, width)
    options: dict = {}
    if orientation > 1:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        options["exif"] = exif.tobytes()
    if format == "TIFF":
        data = _encode_tiff(rng, mode, samples, image, orientation, options)
    elif mode.endswith(" 16"):
        data = _encode_png_16(samples, options.get("exif"))
    else:
        options |= _options(rng, format, mode)
        data = save(image, format, **options)
    if mode == "YCCK":
        at = data.index(b"Adobe") + 11
        data = data[:at] + b"\2" + data[at + 1 :]
    told = {key: value for key, value in options.items() if key != "exif"}
    shape = (width, height) if orientation > 4 else (height, width)
    hole = draw_hole(rng, *shape)
    lossy = format == "JPEG" or mode == "lossy"
    expected = None if lossy else samples
    return Case(chunk, number, format, mode, orientation, told, data, expected, hole)


def draw_hole(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Neither nothing nor everything."""
    hole = np.zeros((height, width), bool)
    kind = rng.integers(5)
    if kind == 0:
        hole[rng.integers(height), rng.integers(width)] = True
    elif kind == 1:
        (top, bottom), (left, right) = (np.sort(rng.integers(0, n + 1, 2)) for n in hole.shape)
        hole[top:bottom, left:right] = True
    elif kind == 2:
        hole = rng.random(hole.shape) < rng.random() ** 3
    elif kind == 3:
        hole[:] = True
        hole[rng.integers(height), rng.integers(width)] = False
    else:
        step = rng.integers(2, 20)
        hole[np.add.outer(np.arange(height), np.arange(width)) % step == 0] = True
    if hole.all() or not hole.any():
        hole[0, 0] = not hole[0, 0]
    return hole


def _draw_picture(
    rng: np.random.Generator, mode: str, height: int, width: int
) -> tuple[np.ndarray, Image.Image | None]:
    """The samples to expect in the file written, and the picture to save (None for 16 bits)."""
    channels = {"L": 1, "LA": 2, "RGBA": 4, "CMYK": 4, "YCCK": 4, "1": 1}.get(mode.split()[0], 3)
    cells = rng.random((height // 9 + 1, width // 9 + 1, channels))
    levels = cells.repeat(9, axis=0).repeat(9, axis=1)[:height, :width]
    levels = np.clip(levels + rng.normal(0, 0.05, levels.shape), 0, 1)
    if mode.endswith(" 16"):
        return np.squeeze(np.uint16(levels * 65535), axis=2 if channels == 1 else ()), None
    samples = np.uint8(levels * 255)
    if mode in ("L", "1"):
        samples = samples[..., 0]
    if mode in ("CMYK", "YCCK"):
        return samples, Image.frombytes("CMYK", (width, height), samples.tobytes())
    image = Image.fromarray(samples)
    if mode == "1":
        image = image.convert("1")
        return np.asarray(image.convert("L")), image
    if mode == "P":
        image = image.quantize(int(rng.integers(2, 257)))
        return np.asarray(image.convert("RGB")), image
    return samples, image


def _options(rng: np.random.Generator, format: str, mode: str) -> dict:
    if format == "JPEG":
        options = {"quality": int(rng.integers(30, 100)), "progressive": bool(rng.integers(2))}
        options["subsampling"] = int(rng.integers(3)) if mode == "RGB" else 0
        return options | {"restart_marker_blocks": int(rng.choice([0, 3]))}
    if format == "WEBP":
        return {"lossless": mode != "lossy", "exact": True}
    return {}


def _encode_tiff(
    rng: np.random.Generator,
    mode: str,
    samples: np.ndarray,
    image: Image.Image | None,
    orientation: int,
    options: dict,
) -> bytes:
    if image is not None:
        options["compression"] = str(rng.choice(["raw", "tiff_lzw", "tiff_deflate", "packbits"]))
        return save(image, "TIFF", **options)
    buffer = io.BytesIO()
    options |= {"byteorder": str(rng.choice(["<", ">"])), "planar": bool(rng.integers(2))}
    planar = options["planar"] and samples.ndim == 3
    tifffile.imwrite(
        buffer,
        np.moveaxis(samples, -1, 0) if planar else samples,
        photometric="minisblack" if samples.ndim == 2 else "rgb",
        planarconfig="separate" if planar else None,
        extrasamples=["unassalpha"] if mode == "RGBA 16" else None,
        byteorder=options["byteorder"],
        compression="zlib" if rng.integers(2) else None,
        metadata=None,
        extratags=[(ORIENTATION, 3, 1, orientation, True)],
    )
    return buffer.getvalue()


def _encode_png_16(samples: np.ndarray, exif: bytes | None) -> bytes:
    height, width = samples.shape[:2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[samples.size // (height * width)]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))]
    parts += [(b"eXIf", exif.removeprefix(b"Exif\0\0"))] if exif else []
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in parts:
        data += struct.pack(">I", len(body)) + name + body
        data += struct.pack(">I", zlib.crc32(name + body))
    return data


def save(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def read_stored(data: bytes) -> np.ndarray:
    """A lossless file's samples as they lie in it, read by others than the library."""
    with Image.open(io.BytesIO(data)) as image:
        kind = image.format
        if kind != "TIFF" and not (kind == "PNG" and data[24] == 16):
            return np.asarray(image)
    if kind == "TIFF":
        return tifffile.imread(io.BytesIO(data))
    levels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if data[25] == 4:  # grey and alpha, which OpenCV makes colours of
        return levels[..., [0, 3]]
    return levels if levels.ndim == 2 else levels[..., [2, 1, 0, 3][: levels.shape[2]]]


def read_coefficients(data: bytes, folder) -> list[np.ndarray]:
    path = folder / "coefficients.jpg"
    path.write_bytes(data)
    with jpeglib.version("turbo210"):
        file = jpeglib.read_dct(str(path))
        return [part for part in (file.Y, file.Cb, file.Cr, file.K) if part is not None]


def read_factors(data: bytes) -> list[tuple[int, int]]:
    with Image.open(io.BytesIO(data)) as image:
        return [(part[1], part[2]) for part in image.layer]


def check(case: Case, written: bytes, folder, *, colour: bool = True) -> None:
    """Nothing outside the hole differs, and with `colour` the hole holds it."""
    with Image.open(io.BytesIO(case.data)) as old, Image.open(io.BytesIO(written)) as new:
        assert new.format == ("PNG" if case.format == "GIF" else case.format)
        assert new.size == old.size
        assert new.getexif().get(ORIENTATION, 1) == old.getexif().get(ORIENTATION, 1)
        assert new.info.get("progressive") == old.info.get("progressive")
    if case.format == "JPEG":
        check_blocks(case, written, folder)
    elif case.samples is not None:
        samples, hole = read_stored(written), case.stored_hole
        assert (samples.dtype, samples.shape) == (case.samples.dtype, case.samples.shape)
        np.testing.assert_array_equal(samples[~hole], case.samples[~hole])
        if case.mode in ("LA", "RGBA", "LA 16", "RGBA 16"):
            np.testing.assert_array_equal(samples[..., -1], case.samples[..., -1])
        if colour and case.mode.startswith(("RGB", "P")):
            wanted = np.rint(np.float32(COLOUR) * np.iinfo(samples.dtype).max)
            assert (samples[hole][:, :3] == wanted).all()


def check_blocks(case: Case, written: bytes, folder) -> None:
    factors, hole = read_factors(case.data), case.stored_hole
    assert read_factors(written) == factors
    olds, news = (read_coefficients(data, folder) for data in (case.data, written))
    for (across, down), old, new in zip(factors, olds, news, strict=True):
        assert old.shape == new.shape
        width = 8 * max(h for h, _ in factors) // across
        height = 8 * max(v for _, v in factors) // down
        rows, columns = old.shape[:2]
        padded = np.zeros((rows * height, columns * width), bool)
        padded[: hole.shape[0], : hole.shape[1]] = hole[: rows * height, : columns * width]
        met = padded.reshape(rows, height, columns, width).any(axis=(1, 3))
        np.testing.assert_array_equal(new[~met], old[~met])


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_lies_outside_the_hole_comes_back_equal(chunk, tmp_path):
    inpainter = Inpainter(Constant())
    for number in range(CASES):
        case = draw(chunk, number)
        try:
            restored = inpainter.restore(case.data, case.hole)
            encoded = restored.encoded()
            check(case, encoded.data, tmp_path)
            assert encoded.coefficients_kept == (case.format == "JPEG")
            if case.samples is not None:
                assert encoded.moved_pixels == encoded.largest_move == 0
            again = Photo.read(encoded.data)
            assert again.pixels.shape == restored.pixels.shape
        except Exception as error:
            raise AssertionError(f"{case}") from error


@pytest.mark.parametrize("method", ["telea", "default"])
def test_the_command_line_keeps_the_promise(method, tmp_path, capsys):
    for name in ("photos", "masks", "out"):
        (tmp_path / name).mkdir()
    cases = [draw(100 + (method == "default"), number) for number in range(20)]
    for case in cases:
        (tmp_path / "photos" / case.name).write_bytes(case.data)
        mask = (tmp_path / "masks" / case.name).with_suffix(".png")
        Image.fromarray(case.hole).save(mask)
    command = ["restore", tmp_path / "photos", "--mask", tmp_path / "masks", "--method", method]
    code = cli.main([*map(str, command), "--output", str(tmp_path / "out"), "--device", "cpu"])
    assert code == 0, capsys.readouterr().err
    for case in cases:
        name = case.name.replace(".gif", ".png")
        check(case, (tmp_path / "out" / name).read_bytes(), tmp_path, colour=False)


async def last_event(state, order, owner):
    return [event async for event in follow(state, order, owner)][-1]


@pytest.mark.parametrize("method", ["telea", "default"])
def test_the_apps_download_keeps_the_promise(method, tmp_path):
    state = State(Settings(device="cpu"))
    app = FastAPI(openapi_url=None)
    app.include_router(make_router(state, max_bytes=1 << 20))
    with TestClient(app) as page:
        page.get("/api/start")
        for number in range(10):
            case = draw(102 + (method == "default"), number)
            opened = page.post("/api/photos", params={"name": case.name}, content=case.data).json()
            mask = save(Image.fromarray(case.hole), "PNG")
            address = f"/api/photos/{opened['id']}"
            revision = page.post(f"{address}/mask", content=mask).json()["revision"]
            order = {"id": opened["id"], "revision": revision, "method": method}
            last = asyncio.run(last_event(state, order, page.cookies[OWNER_COOKIE]))
            assert last["state"] == "done", (str(case), last)
            made = page.post(f"{address}/results/{last['result']['id']}/file", json={}).json()
            data = page.get(f"/api/files/{made['file']}").content
            check(case, data, tmp_path, colour=False)
    state.close()
