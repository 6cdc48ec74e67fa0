"""The player of the wiring as one Gradio component."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.schemas.autoencoder_internals import SIGMA_RATIOS, WIRING_SIGMAS
from explorer.ui.players.shared.modules import mount

FOLDER = Path(__file__).parent


def build_wiring() -> gr.HTML:
    """Build the component; its value is an answer with the part of payload.py in the end, and "of": its steps."""
    template = (FOLDER / "template.html").read_text()
    constants = {"levels": WIRING_SIGMAS.tolist(), "factors": SIGMA_RATIOS.tolist()}
    script = mount("players/wiring/wiring.js", constants)
    return gr.HTML(value=None, html_template=template, js_on_load=script, elem_id="wiring-player")
