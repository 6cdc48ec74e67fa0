"""The progress of a section as one Gradio component; where it stands in the page, and which ticket is the newest."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.ui.players.shared.scripts import script

FOLDER = Path(__file__).parent
TEMPLATE = """<div class="progress" data-name="@@name@@"><div class="ns-progress" aria-hidden="true"></div>
<span class="ns-status" role="status">ready</span></div>"""


def build_progress(elem_id: str) -> gr.HTML:
    """The component; its value is an answer without parts, with "of": how many items there will be."""
    template, code = TEMPLATE.replace("@@name@@", elem_id), script(FOLDER, ("progress.js",))
    return gr.HTML(
        value=None, html_template=template, js_on_load=code, elem_id=elem_id, elem_classes="section-progress"
    )


def progress_player(elem_id: str) -> str:
    """The name under which the page knows it."""
    return f"sections?.{elem_id}"
