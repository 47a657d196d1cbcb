"""Colours and fonts of the app: quiet, local, readable in light and dark."""

from __future__ import annotations

import gradio as gr

HEAD = (
    '<meta name="description" content="Paint over what should go from a photo.">'
    '<meta name="color-scheme" content="light dark">'
)

# Gradio's own margins leave a phone too little room for the photo.
CSS = """
.gradio-container .main.fillable { padding: clamp(14px, 2.5vw, 24px); }
.gradio-container .html-container { padding: 0; }
#sign-out { align-self: flex-end; flex: none; width: auto; min-height: 44px; padding: 0 16px; }
"""


def make_theme() -> gr.themes.Base:
    """A theme of system fonts; its subdued text keeps a contrast of 4.5:1 or more."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        font=("system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_text_color="white",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_800",
        button_primary_text_color_dark="white",
        color_accent="*primary_600",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
    )
