"""The download of a file as one Gradio component without a look of its own."""

from __future__ import annotations

import gradio as gr

from explorer.ui.players.shared.modules import mount


def build_file_download(elem_id: str) -> gr.HTML:
    """Build the component; its value is {"part"}: a part with `filename`, `mime` and the file as its only blob."""
    script = mount("players/file_download/file_download.js")
    return gr.HTML(value=None, html_template="<span></span>", js_on_load=script, elem_id=elem_id)
