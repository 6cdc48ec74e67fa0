"""The player of the score field as one Gradio component."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.core.toy2d.densities import POINT_STD, SIGMA_MAX, SIGMA_MIN
from explorer.schemas.score_field import ARROWS, EXTENT, MAX_POINTS, WalkRequest
from explorer.ui.players.shared.modules import mount

FOLDER = Path(__file__).parent
LABELS = (  # of ARROWS: formula and name
    ("D − x", "the denoiser's move"),
    ("ε<sub>t</sub> = x − D", "the noise of text A"),
    ("ε = (x − D) / σ", "noise of unit size"),
    ("(D − x) / σ²", "the score"),
)


def build_score_field() -> gr.HTML:
    """Build the component; its value is {"generation", "parts", "state"} of explorer.ui.players.score_field.payload."""
    script = mount("players/score_field/controls.js", _constants())
    return gr.HTML(value=None, html_template=_template(), js_on_load=script)


def _constants() -> dict[str, float]:
    """Return what page and server must agree on."""
    return {
        "extent": EXTENT,
        "sigmaMin": SIGMA_MIN,
        "sigmaMax": SIGMA_MAX,
        "drawnStd": POINT_STD,
        "maxPoints": MAX_POINTS,
        "firstSigma": WalkRequest().sigma,
    }


def _template() -> str:
    rows = "".join(
        f'<label data-view="{name}"><input type="radio" name="score-field-view" value="{name}">'
        f"<b>{formula}</b><span>{title}</span><output data-factor></output><output data-length></output></label>"
        for name, (formula, title) in zip(ARROWS, LABELS, strict=True)
    )
    return (FOLDER / "template.html").read_text().replace("@@views@@", rows)
