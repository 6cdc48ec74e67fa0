"""The player of the line-up as one Gradio component."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.ui.players.shared.scripts import key, script

FOLDER = Path(__file__).parent
CURVES = {"clean": "clean", "corrupted": "given", "output": "output", "wrong": "error"}


def build_lineup() -> gr.HTML:
    """The component; its value is {"generation", "parts", "state", "members"} of explorer.ui.players.lineup.payload."""
    legend = "".join(key(name, title) for name, title in CURVES.items())
    template = (FOLDER / "template.html").read_text().replace("@@legend@@", legend)
    return gr.HTML(value=None, html_template=template, js_on_load=script(FOLDER, ("lineup.js",)), elem_id="lineup")
