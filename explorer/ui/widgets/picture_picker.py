"""The row of example pictures: buttons with thumbnails, one pressed at a time."""

from __future__ import annotations

import base64
import html
import io

import gradio as gr
from PIL import Image

from explorer.examples import EXAMPLES, load
from explorer.images.decoder import fit
from explorer.server.gradio_patches import event_values
from explorer.ui.players.shared.modules import mount

THUMBNAIL_PX = 112  # shown at half this size, for dense screens


def build_picture_picker(chosen: str, elem_id: str = "examples") -> gr.HTML:
    """Return the row, with example `chosen` pressed; it emits `select` with {"name": ...}."""
    buttons = "".join(_button(example, example.name == chosen) for example in EXAMPLES)
    template = f'<div class="examples-row" role="group" aria-label="Example pictures">{buttons}</div>'
    return gr.HTML(
        value=None,
        html_template=template,
        js_on_load=mount("widgets/picture_picker.js"),
        elem_id=elem_id,
        elem_classes="examples",
    )


def chosen_name(event: gr.EventData) -> str:
    """Return the name of the example that was clicked, unchecked; the engine refuses unknown names."""
    return str(event_values(event).get("name", ""))


def _button(example, pressed: bool) -> str:  # noqa: ANN001 - explorer.examples.Example
    buffer = io.BytesIO()
    Image.fromarray(fit(load(example.name), THUMBNAIL_PX)).save(buffer, "JPEG", quality=88)
    source = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    title = html.escape(f"{example.title}, by {example.author} ({example.licence})", quote=True)
    return (
        f'<button type="button" data-name="{example.name}" aria-pressed="{str(pressed).lower()}" title="{title}">'
        f'<img src="{source}" alt="{html.escape(example.alt, quote=True)}"></button>'
    )
