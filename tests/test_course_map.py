"""The course map points at things that are there and run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inpaint.network import ENCODERS
from train.experiments.registry import list_experiments
from train.preset import list_presets, load_preset

DOCS = Path(__file__).parents[1] / "docs"
TEXT = (DOCS / "course-map.md").read_text(encoding="utf-8")
LINKS = sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT)))


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_somewhere(link):
    file, _, place = link.partition("#")
    if file:
        assert (DOCS / file).exists(), link
    if place:
        page = (DOCS / file).read_text(encoding="utf-8") if file else TEXT
        headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        assert place in [h.lower().replace(" ", "-") for h in headings], link


def test_every_experiment_is_shown():
    shown = set(re.findall(r"experiments/README\.md#([a-z-]+)", TEXT))
    assert shown == set(list_experiments())


def test_every_setting_and_preset_is_one():
    presets = set(re.findall(r"train/presets/(\w+)\.toml", TEXT))
    assert presets <= set(list_presets())
    for setting in re.findall(r"--set ([\w.]+=[^\s`]+)", TEXT):
        if not setting.endswith("=FILE"):
            load_preset("cpu", [setting])


def test_every_network_that_is_named_can_be_taken_apart():
    for name in re.findall(r"inpaint models (\w+) --summary", TEXT):
        assert name in {*ENCODERS, "NAME", "FILE"}
