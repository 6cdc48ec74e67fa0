"""The player of branches as one Gradio component."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.ui.players.shared.scripts import script

FOLDER = Path(__file__).parent


def build_branches() -> gr.HTML:
    """The component; its value is {"generation", "parts", "state"} of explorer.ui.players.branches.payload."""
    template = (FOLDER / "template.html").read_text()
    code = script(FOLDER, ("branches.js",))
    return gr.HTML(value=None, html_template=template, js_on_load=code, elem_id="branches")
