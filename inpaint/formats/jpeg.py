"""A JPEG written back with every untouched block's coefficients unchanged.

A JPEG holds 8 x 8 blocks of cosine coefficients for each component (luminance, two of colour at
half size, say). Decoding and encoding again moves them all; here only blocks whose pixels meet
the hole get new ones. jpeglib reads and writes the coefficients; of its libjpegs, libjpeg-turbo
writes baseline files and mozjpeg progressive ones.
"""

from __future__ import annotations

import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inpaint.errors import PhotoError
from inpaint.formats import jpeg_segments
from inpaint.formats.jpeg_segments import APP0, APP14, DHT, DQT, SOS, Frame, Segment
from inpaint.window import Window

if TYPE_CHECKING:
    import jpeglib

_BASELINE, _EXTENDED, _PROGRESSIVE = 0, 1, 2
_LIBRARIES = {_BASELINE: "turbo210", _EXTENDED: "turbo210", _PROGRESSIVE: "mozjpeg403"}
# The cosine transform of 8 samples; a row a frequency.
_COSINES = np.sqrt(0.25) * np.cos(np.pi / 16 * np.outer(np.arange(8), 2 * np.arange(8) + 1))
_COSINES[0] = np.sqrt(0.125)
_LOWEST, _HIGHEST = -1023, 1023  # what 8-bit JPEG can code

# The chosen libjpeg and the list of markers are globals of jpeglib.
_jpeglib_lock = threading.Lock()

# Luminance and the two colour differences of JFIF, of values from 0 to 255.
_YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]],
    np.float32,
)
_YCC_OFFSET = np.array([0, 128, 128], np.float32)


@dataclass
class _Coefficients:
    """What the file codes: int16 rows x columns x 8 x 8 of each component, and their steps."""

    frame: Frame
    colour: str
    blocks: list[np.ndarray]
    steps: list[np.ndarray]
    file: jpeglib.DCTJPEG


def edit_jpeg(
    data: bytes,
    samples: np.ndarray,
    hole: np.ndarray,
    at: Window,
    shape: tuple[int, int],
    *,
    exif: bytes | None,
    metadata: bool = True,
) -> bytes:
    """The JPEG file `data` with `samples` in the hole; coefficients elsewhere equal.

    samples: uint8 h x w x 1 (grey), 3 (RGB) or 4 (CMYK, ink from 0 to 255) of the window `at` of
    the picture of `shape` (height, width); hole: bool h x w; all as the file stores the picture,
    not turned upright. exif: the block for its EXIF segment;
    metadata: whether what says nothing about colours stays. Thumbnails and what follows the
    picture in the file are left out. PhotoError, to say why, for files that this cannot be done
    for.
    """
    segments = list(jpeg_segments.read_segments(data))
    frame = _check(segments, shape)
    kept = jpeg_segments.keep_metadata(segments, exif, metadata)
    with _jpeglib_lock, tempfile.TemporaryDirectory(prefix="photomend-") as folder:
        # jpeglib gets what tells the colours, and no more: it counts on at most 50 markers.
        telling = [s for s in segments if s.marker in (APP0, APP14)][:8]
        path = Path(folder, "source.jpg")
        path.write_bytes(jpeg_segments.join(telling, jpeg_segments.without_metadata(data)))
        coefficients = _read(path, frame)
        if len(coefficients.blocks) == 4:  # jpeglib takes YCCK for CMYK
            coefficients.colour = _find_ink_colours(telling)
        _edit(coefficients, samples, hole, at)
        body = _write(coefficients, path)
    return jpeg_segments.join(kept, body)


def _check(segments: list[Segment], shape: tuple[int, ...]) -> Frame:
    frames = [Frame.parse(segment) for segment in segments if segment.is_frame]
    if len(frames) != 1:
        raise PhotoError(f"the JPEG has {len(frames)} frames instead of one")
    (frame,) = frames
    if frame.kind not in _LIBRARIES:
        raise PhotoError("the JPEG is coded in a rare way (arithmetic or lossless)")
    if frame.precision != 8:
        raise PhotoError(f"the JPEG has {frame.precision} bits per sample")
    if (frame.height, frame.width) != shape[:2]:
        raise PhotoError("the JPEG's header and its pixels differ in size")
    if not frame.factors or not all(h and v for h, v in frame.factors):
        raise PhotoError("the JPEG's frame header is damaged")
    across, down = (max(factor[i] for factor in frame.factors) for i in (0, 1))
    if any(across % h or down % v for h, v in frame.factors):
        raise PhotoError("the JPEG's components are subsampled by fractions")
    return frame


def _read(path: Path, frame: Frame) -> _Coefficients:
    import jpeglib

    try:
        with jpeglib.version(_LIBRARIES[frame.kind]):
            file = jpeglib.read_dct(str(path))
            blocks = [getattr(file, name) for name in ("Y", "Cb", "Cr", "K")]
            blocks = [part for part in blocks if part is not None]
            steps = [file.get_component_qt(i).astype(np.float32) for i in range(len(blocks))]
    except (OSError, ValueError, IndexError) as error:
        raise PhotoError(f"the JPEG's coefficients cannot be read ({error})") from error
    colour = file.jpeg_color_space.name.removeprefix("JCS_")
    if len(blocks) != len(frame.factors) or any(not step.all() for step in steps):
        raise PhotoError("the JPEG's coefficients cannot be read")
    return _Coefficients(frame, colour, blocks, steps, file)


def _find_ink_colours(segments: list[Segment]) -> str:
    """What four components are, as libjpeg sees it: Adobe's segment says by its last byte."""
    told = [s.payload[11] for s in segments if s.payload.startswith(b"Adobe") and s.payload[11:]]
    return "YCCK" if told and told[-1] else "CMYK"


def _edit(coefficients: _Coefficients, samples: np.ndarray, hole: np.ndarray, at: Window) -> None:
    """New coefficients, in place, for all blocks that meet the hole."""
    frame = coefficients.frame
    factors = frame.factors
    across, down = (8 * max(factor[i] for factor in factors) for i in (0, 1))
    bottom, right = at.top + at.height, at.left + at.width
    rows = slice(at.top // down, -(-bottom // down))
    columns = slice(at.left // across, -(-right // across))
    # To whole blocks; those at the picture's right and lower edge hold more than is shown, which
    # repeats the last pixels.
    before = (at.top - rows.start * down, at.left - columns.start * across)
    after = (
        min(rows.stop * down, frame.height) - bottom,
        min(columns.stop * across, frame.width) - right,
    )
    beyond = (
        max(rows.stop * down - frame.height, 0),
        max(columns.stop * across - frame.width, 0),
    )

    def pad(array: np.ndarray) -> np.ndarray:
        rest = [(0, 0)] * (array.ndim - 2)
        array = np.pad(array, [*zip(before, after, strict=True), *rest])
        return np.pad(array, [*((0, size) for size in beyond), *rest], mode="edge")

    wanted, inside = pad(_to_components(samples, coefficients.colour)), pad(hole)
    for i, (h, v) in enumerate(factors):
        grid = coefficients.blocks[i][
            rows.start * v : rows.stop * v, columns.start * h : columns.stop * h
        ]
        _edit_component(
            grid, coefficients.steps[i], wanted[..., i], inside, down // (8 * v), across // (8 * h)
        )


def _edit_component(
    grid: np.ndarray,
    step: np.ndarray,
    wanted: np.ndarray,
    inside: np.ndarray,
    down: int,
    across: int,
) -> None:
    """One component's blocks in the part of the picture that holds the hole.

    grid: int16 rows x columns x 8 x 8, changed in place; wanted, inside: that part at full size.
    One of its samples stands for down x across pixels: their mean, of the wanted value inside
    the hole and of the old one outside.
    """

    def blocks_of(picture: np.ndarray) -> np.ndarray:
        """rows x columns x 8 x down x 8 x across, as far as the component has blocks."""
        rows, columns = picture.shape[0] // (8 * down), picture.shape[1] // (8 * across)
        parts = picture.reshape(rows, 8, down, columns, 8, across).transpose(0, 3, 1, 2, 4, 5)
        return parts[: grid.shape[0], : grid.shape[1]]

    inside_blocks = blocks_of(inside)
    touched = inside_blocks.any(axis=(2, 3, 4, 5))
    old = _COSINES.T @ (grid[touched] * step) @ _COSINES + 128
    change = blocks_of(wanted)[touched] - old[:, :, None, :, None]
    change = np.where(inside_blocks[touched], change, 0).mean(axis=(2, 4))
    new = _COSINES @ (old + change - 128) @ _COSINES.T / step
    grid[touched] = np.clip(np.rint(new), _LOWEST, _HIGHEST).astype(np.int16)


def _to_components(samples: np.ndarray, colour: str) -> np.ndarray:
    """Decoded samples as the file's components: float32 H x W x components, from 0 to 255."""
    samples = np.atleast_3d(samples).astype(np.float32)
    if colour == "YCbCr":
        return samples @ _YCC.T + _YCC_OFFSET
    if colour == "YCCK":  # of light, 255 - ink, which the file then holds inverted
        return np.dstack([samples[..., :3] @ _YCC.T + _YCC_OFFSET, 255 - samples[..., 3]])
    return 255 - samples if colour == "CMYK" else samples


def _write(coefficients: _Coefficients, source: Path) -> bytes:
    """Tables, frame and scans of a JPEG with these coefficients."""
    if len(coefficients.blocks) == 4:
        return _write_by_component(coefficients, source)
    import jpeglib

    file = coefficients.file  # which holds the arrays of blocks that were edited
    file.markers = []
    with jpeglib.version(_LIBRARIES[coefficients.frame.kind]):
        body = _written(file, source.with_name("edited.jpg"))
    return jpeg_segments.renumber(body, coefficients.frame.numbers)


def _write_by_component(coefficients: _Coefficients, source: Path) -> bytes:
    """Each component in scans of its own, for jpeglib writes no fourth one.

    A grey JPEG's coded pixels are the same bytes as those of one component alone; its scan
    headers get the component's number.
    """
    import jpeglib

    header = list(jpeg_segments.read_segments(source.read_bytes()))
    frame = next(segment for segment in header if segment.is_frame)
    parts = [s.encode() for s in header if s.marker == DQT] + [frame.encode()]
    for i, (blocks, step) in enumerate(zip(coefficients.blocks, coefficients.steps, strict=True)):
        path = source.with_name("component.jpg")
        with jpeglib.version(_LIBRARIES[_BASELINE]):
            file = jpeglib.from_dct(Y=blocks, qt=step.astype(np.uint16)[None])
            path.write_bytes(b"\xff\xd8" + _written(file, path))
        with jpeglib.version(_LIBRARIES[coefficients.frame.kind]):
            grey = _written(jpeglib.read_dct(str(path)), path)
        parts.append(_scans(grey, coefficients.frame.numbers[i]))
    return b"".join([*parts, b"\xff\xd9"])


def _scans(grey: bytes, component: int) -> bytes:
    """The Huffman tables and scans of a grey JPEG's body, for the component of that number."""
    parts, data = [], b"\xff\xd8" + grey
    coded_from = None
    for segment in jpeg_segments.read_segments(data):
        if coded_from is not None:
            parts.append(data[coded_from : segment.start])
            coded_from = None
        if segment.marker == DHT:
            parts.append(segment.encode())
        if segment.marker == SOS:
            # How many components, which, its tables, and the range of coefficients.
            header = bytes([1, component]) + segment.payload[2:]
            parts.append(Segment(SOS, header, segment.start, segment.end).encode())
            coded_from = segment.end
    return b"".join(parts)


def _written(file, path: Path) -> bytes:
    try:
        file.write_dct(str(path), flags=["+OPTIMIZE_CODING"])
    except OSError as error:
        raise PhotoError(f"the JPEG's coefficients cannot be written ({error})") from error
    return jpeg_segments.without_metadata(path.read_bytes())
