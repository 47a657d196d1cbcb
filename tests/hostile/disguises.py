"""Files that are not what they are called, or several things at once."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import numpy as np
from valid import READ, REFUSED, HostileFile, segment


def make(valid: dict[str, bytes]) -> Iterator[HostileFile]:
    def file(name: str, data: bytes, expected: str | None = REFUSED) -> HostileFile:
        return HostileFile("disguised", name, data, expected)

    jpeg, png, tiff = valid["restart.jpg"], valid["alpha.png"], valid["raw.tif"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("photo.jpg", jpeg)
    archive = packed.getvalue()
    for suffix in ("jpg", "png", "webp", "tif", "bmp", "gif", "avif", "heic", "jp2", "ppm"):
        yield file(f"empty.{suffix}", b"")
    yield file("one-byte.jpg", b"\xff")
    yield file("zeros.png", bytes(5000))
    yield file("noise.jpg", np.random.default_rng(3).bytes(5000))
    yield file("signature.png", png[:8])
    yield file("signature.webp", b"RIFF\x04\0\0\0WEBP")
    yield file("signature.heic", b"\0\0\0\x18ftypheic")
    yield file("signature.avif", b"\0\0\0\x18ftypavif")
    yield file("archive.jpg", archive)
    yield file("page.png", b"<html><body>404</body></html>")
    yield file("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')
    yield file("entities.jpg", b'<!DOCTYPE a [<!ENTITY b "&b;&b;">]><svg>&b;</svg>')
    yield file("document.jpg", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF")
    yield file("script.tif", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(w) (x) file\n")
    yield file("metafile.bmp", b"\xd7\xcd\xc6\x9a" + bytes(200))
    yield file("program.gif", b"#!/bin/sh\nexit 1\n")
    yield file("pickle.jpg", b"\x80\x04cos\nsystem\n(S'exit'\ntR.")
    yield file("film.heic", b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(200))
    yield file("jpeg.png", jpeg, READ)
    yield file("png.jpg", png, READ)
    yield file("tiff.webp", tiff, READ)
    yield file("png.heic", png, READ)
    yield file("jpeg-and-archive.jpg", jpeg + archive, READ)
    yield file("png-and-archive.png", png + archive, READ)
    yield file("png-and-page.png", png + b"\0\0\0\x09teXtscript<>", READ)
    yield file("archive-in-comment.jpg", jpeg[:2] + segment(0xFE, archive) + jpeg[2:], READ)
    yield file("png-in-jpeg.jpg", jpeg[:2] + png + jpeg[2:], None)
    yield file("jpeg-behind-png.png", png + jpeg, READ)
    yield file("gif-and-script.gif", b"GIF89a/*\0\x01\0\0" + b"*/=1;//", REFUSED)
    yield file("bmp-and-tiff.bmp", valid["photo.bmp"] + tiff, READ)
