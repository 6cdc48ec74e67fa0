"""The noise player as one Gradio component: a fixed template, a style sheet and modules that read the payload."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.core.schedules import SCHEDULES
from explorer.figures.palette import ROLES
from explorer.schemas.noising import DRAWN_EPS_STD, FIRST_SCHEDULE, FIRST_SIGMA
from explorer.ui.players.shared.legend import key
from explorer.ui.players.shared.modules import mount

FOLDER = Path(__file__).parent


def build_noise_slider() -> gr.HTML:
    """Build the component; its value is {"generation", "parts"} of `payload`, and it emits `release`."""
    constants = {"firstSigma": FIRST_SIGMA, "drawnEpsStd": DRAWN_EPS_STD}
    return gr.HTML(
        value=None,
        html_template=_template(),
        js_on_load=mount("players/noise_slider/controls.js", constants),
        elem_id="player",
    )


def curve_styles() -> str:
    """Colour, width and dashes of the five curves and their keys, as CSS."""
    return "\n".join(
        f"#spectrum #curve-{name}, .ns-legend .key-{name} line {{ stroke: var(--role-{name}); "
        f"stroke-width: {role.width}; stroke-dasharray: {role.dash or 'none'}; }}"
        for name, role in ROLES.items()
    )


def _template() -> str:
    legend = "".join(key(name, role.title) for name, role in ROLES.items()) + key("ghost", "Wiener expectation")
    options = "".join(
        f'<option value="{name}"{" selected" if name == FIRST_SCHEDULE else ""}>{schedule.label}</option>'
        for name, schedule in SCHEDULES.items()
    )
    return (FOLDER / "template.html").read_text().replace("@@legend@@", legend).replace("@@schedules@@", options)
