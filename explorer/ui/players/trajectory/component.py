"""The player of sampling runs as one Gradio component."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.schemas.noising import DRAWN_EPS_STD
from explorer.ui.players.shared.legend import key
from explorer.ui.players.shared.modules import mount

FOLDER = Path(__file__).parent
PANELS = {
    "x": ("noisy", "state x", "The state: clean picture plus noise"),
    "x0": ("denoised", "x0 estimate", "The model's estimate of the clean picture"),
    "eps": ("noise", "predicted noise", "The noise that the model predicts"),
    "score": ("score", "score", "The score: which way every pixel should change"),
}


def build_trajectory() -> gr.HTML:
    """Build the component; its value is {"generation", "parts", "state"} of explorer.ui.players.trajectory.payload."""
    script = mount("players/trajectory/controls.js", {"drawnEpsStd": DRAWN_EPS_STD})
    return gr.HTML(value=None, html_template=_template(), js_on_load=script, elem_id="trajectory")


def _template() -> str:
    curves = {"noisy": "state", "denoised": "estimate", "ghost-noisy": "state, expected"}
    curves |= {"ghost": "estimate, expected (Wiener)", "noise": "noise σ²", "b": "run B"}
    legend = "".join(key(name, title) for name, title in curves.items())
    text = (FOLDER / "template.html").read_text().replace("@@legend@@", legend)
    text = text.replace("@@run-A@@", _row("A", "ns-pictures"))
    return text.replace("@@run-B@@", _row("B", "ns-pictures trajectory-second"))


def _row(run: str, classes: str) -> str:
    figures = "".join(
        f'<figure data-role="{role}"><div class="ns-frame ns-waiting">'
        f'<canvas data-panel="{panel}" role="img" aria-label="{about}, run {run}"></canvas></div>'
        f'<figcaption><b>{title}<i class="trajectory-name"> {run}</i></b><span data-stat="{panel}"></span></figcaption>'
        "</figure>"
        for panel, (role, title, about) in PANELS.items()
    )
    return f'<div class="{classes}" data-run="{run}" role="group" aria-label="Run {run} at this step">{figures}</div>'
