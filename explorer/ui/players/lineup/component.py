"""The player of the line-up as one Gradio component."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.ui.players.shared.legend import key
from explorer.ui.players.shared.modules import mount

FOLDER = Path(__file__).parent
CURVES = {"clean": "clean", "corrupted": "given", "output": "output", "wrong": "error"}


def build_lineup() -> gr.HTML:
    """Build the component; its value is {"generation", "parts", "state", "autoencoders"}, parts as in payload.py."""
    legend = "".join(key(name, title) for name, title in CURVES.items())
    template = (FOLDER / "template.html").read_text().replace("@@legend@@", legend)
    script = mount("players/lineup/lineup.js")
    return gr.HTML(value=None, html_template=template, js_on_load=script, elem_id="lineup")
