"""Look of the whole page: Gradio's theme, the style sheet, and the colours that every view shares."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.figures.palette import css_variables
from explorer.ui.players.noise_slider.component import curve_styles


def theme() -> gr.themes.Base:
    """One type family, one accent colour, no shadows; fonts of the visitor's own system, so nothing is fetched."""
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
    return gr.themes.Base(
        primary_hue="blue", neutral_hue="slate", font=fonts, font_mono=["ui-monospace", "monospace"]
    ).set(
        button_primary_background_fill="*primary_600",  # white on it can be read
        button_primary_background_fill_hover="*primary_700",
        block_shadow="none",
        block_border_width="0px",
        block_padding="0px",
        body_background_fill_dark="#0f1319",
        layout_gap="8px",
    )


def style_sheet() -> str:
    """All CSS of the page: its own, then that of the players, the shared one first."""
    folder = Path(__file__).parent
    shared = folder / "players" / "noise_slider" / "noise_slider.css"
    players = [shared, *sorted(path for path in folder.rglob("*/*.css") if path != shared)]
    sheets = [path.read_text() for path in (folder / "page.css", *players)]
    return "\n".join([f":root {{ {css_variables()} }}", *sheets, curve_styles()])
