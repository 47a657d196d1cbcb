"""The app's words in English and Chinese: one file a room, key to [English, Chinese].

The browser translates what Gradio's components show, by `words("key")`; what the server itself
puts into words goes through `say`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr

LANGUAGES = ("en", "zh")


@functools.cache
def read_words() -> dict[str, dict[str, str]]:
    """By language, all rooms' words by key. ValueError if two rooms share a key."""
    found: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for path in sorted(Path(__file__).parent.glob("*.json")):
        for key, texts in json.loads(path.read_text(encoding="utf-8")).items():
            if key in found["en"]:
                raise ValueError(f"{path.name}: {key} is another room's word already")
            for language, text in zip(LANGUAGES, texts, strict=True):
                found[language][key] = text
    return found


@functools.cache
def make_i18n() -> gr.I18n:
    """What `gr.mount_gradio_app(i18n=...)` takes."""
    return gr.I18n(**read_words())


def words(key: str) -> Any:
    """A word for a component's label, value, placeholder or info: the browser chooses."""
    if key not in read_words()["en"]:
        raise KeyError(key)
    return make_i18n()(key)


def choose_language(request: gr.Request | None) -> str:
    """The first of the browser's languages that the app speaks; English if there is none."""
    accepted = "" if request is None else request.headers.get("accept-language", "")
    return choose_spoken(accepted.split(","))


def choose_spoken(tags: Iterable[str]) -> str:
    """The first of these language tags ("zh-CN", "de;q=0.7") that the app speaks, or English."""
    for tag in tags:
        language = tag.split(";")[0].strip().lower().split("-")[0]
        if language in LANGUAGES:
            return language
    return "en"


def say(key: str, request: gr.Request | None, **values: Any) -> str:
    """A word in the visitor's language, with {values} filled in."""
    return read_words()[choose_language(request)][key].format(**values)
