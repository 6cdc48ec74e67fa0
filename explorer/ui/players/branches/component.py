"""The player of branches as one Gradio component."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.ui.players.shared.modules import mount

FOLDER = Path(__file__).parent


def build_branches() -> gr.HTML:
    """Build the component; its value is {"generation", "parts", "state"} of explorer.ui.players.branches.payload."""
    template = (FOLDER / "template.html").read_text()
    script = mount("players/branches/branches.js")
    return gr.HTML(value=None, html_template=template, js_on_load=script, elem_id="branches")
