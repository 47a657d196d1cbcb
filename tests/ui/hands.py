"""What a person does with the Restore tab in a browser, for tests and benchmarks."""

from __future__ import annotations

import re

import numpy as np
from PIL import Image

DONE = re.compile("Done in")


def part(page, name):
    return page.locator(f"[data-pm={name}]")


def count_painted(page):
    return part(page, "canvas").evaluate(
        """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        .data.filter((value, at) => at % 4 === 3 && value > 127).length"""
    )


def read_mask(page):
    """What is painted, at the preview's size: bool H x W."""
    size, painted = part(page, "canvas").evaluate(
        """canvas => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            const found = [];
            for (let i = 3; i < data.length; i += 4) if (data[i] > 127) found.push(i >> 2);
            return [[height, width], found];
        }"""
    )
    mask = np.zeros(size, bool)
    mask.flat[painted] = True
    return mask


def drag(page, *points):
    """Drag over the canvas along points that are shares of its width and height."""
    box = part(page, "canvas").bounding_box()
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def take(page, tool):
    page.locator(f"[data-tool={tool}]").click()


def restore(page, method="telea"):
    part(page, "method").select_option(method)
    part(page, "restore").click()
    wait_until_done(page)


def wait_until_done(page):
    page.wait_for_selector("[data-pm=root]:not([data-busy])")
    part(page, "status").filter(has_text=DONE).wait_for()


def download(page):
    with page.expect_download() as downloading:
        part(page, "download").click()
    return downloading.value


def pixels_of(download):
    with Image.open(download.path()) as picture:
        return np.asarray(picture)


def open_file(page, path):
    part(page, "file").set_input_files(path)
    page.wait_for_selector("[data-view=edit]")
    page.wait_for_function("name => document.body.innerText.includes(name)", arg=path.name)
