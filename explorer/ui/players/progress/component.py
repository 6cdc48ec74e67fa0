"""The progress of a section as one Gradio component; where it stands in the page, and which ticket is the newest."""

from __future__ import annotations

import gradio as gr

from explorer.ui.players.shared.modules import mount

TEMPLATE = """<div class="progress"><div class="ns-progress" aria-hidden="true"></div>
<span class="ns-status" role="status">ready</span></div>"""


def build_progress(elem_id: str) -> gr.HTML:
    """Build the component; its value is an answer without parts, with "of": how many items there will be."""
    script = mount("players/progress/progress.js", {"name": elem_id})
    return gr.HTML(
        value=None, html_template=TEMPLATE, js_on_load=script, elem_id=elem_id, elem_classes="section-progress"
    )
