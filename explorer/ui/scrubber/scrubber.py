"""The noise player as one Gradio component: a fixed template, a style sheet and a script that reads the payload."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.core.schedules import SCHEDULES
from explorer.figures.palette import ROLES

FOLDER = Path(__file__).parent
SCRIPTS = ("model.js", "pictures.js", "spectrum.js", "words.js", "controls.js")  # in this order, in one scope
DEFAULT_SCHEDULE = "cosine-vp"


def build_scrubber() -> gr.HTML:
    """The component; its value is {"generation", "parts"} of explorer.ui.scrubber.payload, and it emits `release`."""
    return gr.HTML(
        value=None,
        html_template=_template(),
        js_on_load="\n".join((FOLDER / name).read_text() for name in SCRIPTS),
        elem_id="player",
    )


def styles() -> str:
    """The component's style sheet, curve styles included."""
    curves = "\n".join(
        f"#spectrum #curve-{name}, .ns-legend .key-{name} line {{ stroke: var(--role-{name}); "
        f"stroke-width: {role.width}; stroke-dasharray: {role.dash or 'none'}; }}"
        for name, role in ROLES.items()
    )
    return (FOLDER / "scrubber.css").read_text() + curves


def _template() -> str:
    line = '<svg class="key-{0}" viewBox="0 0 24 8" aria-hidden="true"><line x1="0" y1="4" x2="24" y2="4"/></svg>'
    key = f"<span>{line}{{1}}</span>"
    legend = "".join(key.format(name, role.title) for name, role in ROLES.items())
    legend += key.format("ghost", "Wiener expectation")
    options = "".join(
        f'<option value="{name}"{" selected" if name == DEFAULT_SCHEDULE else ""}>{schedule.label}</option>'
        for name, schedule in SCHEDULES.items()
    )
    return (FOLDER / "template.html").read_text().replace("@@legend@@", legend).replace("@@schedules@@", options)
