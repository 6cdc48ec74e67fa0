"""The player of the plane as one Gradio component."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.core.toy2d.densities import POINT_STD, SIGMA_MAX, SIGMA_MIN
from explorer.schemas.score_field import EXTENT, MAX_POINTS, WalkRequest
from explorer.ui.players.shared.scripts import script

FOLDER = Path(__file__).parent
SCRIPTS = ("model.js", "panels.js", "charts.js", "words.js", "controls.js")  # one scope, this order
VIEWS = {
    "move": ("D − x", "the denoiser's move"),
    "noise": ("ε<sub>t</sub> = x − D", "the noise of text A"),
    "eps": ("ε = (x − D) / σ", "noise of unit size"),
    "score": ("(D − x) / σ²", "the score"),
}


def build_field() -> gr.HTML:
    """The component; its value is {"generation", "parts", "state"} of explorer.ui.players.score_field.payload."""
    return gr.HTML(value=None, html_template=_template(), js_on_load=_constants() + script(FOLDER, SCRIPTS))


def _constants() -> str:
    """What page and server must agree on."""
    values = {"EXTENT": EXTENT, "SIGMA_MIN": SIGMA_MIN, "SIGMA_MAX": SIGMA_MAX, "DRAWN_STD": POINT_STD}
    values |= {"MOST_POINTS": MAX_POINTS, "FIRST_SIGMA": WalkRequest().sigma}
    return "".join(f"const {name} = {value};\n" for name, value in values.items())


def _template() -> str:
    rows = "".join(
        f'<label data-view="{name}"><input type="radio" name="field-view" value="{name}">'
        f"<b>{formula}</b><span>{title}</span><output data-factor></output><output data-length></output></label>"
        for name, (formula, title) in VIEWS.items()
    )
    return (FOLDER / "template.html").read_text().replace("@@views@@", rows)
