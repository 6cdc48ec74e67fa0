"""Rows of pictures as one Gradio component, and the part that fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr
import numpy as np

from explorer.schemas.autoencoders import SIDE, MissingAutoencoder
from explorer.server.blob_store import pack_blob
from explorer.ui.players.shared.image_codec import display_bytes, encode_sheet
from explorer.ui.players.shared.modules import mount

TEMPLATE = """<div class="gallery"><div class="gallery-rows"></div>
<div class="ns-progress" aria-hidden="true"></div><span class="ns-status" role="status">ready</span></div>"""


@dataclass(frozen=True)
class Row:
    """One row of the gallery."""

    name: str
    note: str
    pictures: np.ndarray  # (n, 3, S, S) data units
    labels: Sequence[str] = ()  # one under each picture, or none


def build_gallery(elem_id: str) -> gr.HTML:
    """Build the component; its value is an answer, each part some rows, with "of": how many items there will be."""
    script = mount("players/gallery/gallery.js", {"name": elem_id})
    return gr.HTML(value=None, html_template=TEMPLATE, js_on_load=script, elem_id=elem_id)


def missing_row(out: MissingAutoencoder) -> Row:
    """A row without pictures, with the reason."""
    return Row(out.title, f"left out: {out.reason}", np.zeros((0, 3, SIDE, SIDE), np.float32))


def rows_part(rows: Sequence[Row], first: int) -> bytes:
    """Some rows, to stand from place `first` on."""
    header = {
        "kind": "rows",
        "first": first,
        "size": rows[0].pictures.shape[-1],
        "rows": [
            {"name": row.name, "note": row.note, "count": len(row.pictures), "labels": list(row.labels)} for row in rows
        ],
    }
    pictures = [display_bytes(picture) for row in rows for picture in row.pictures]
    return pack_blob(header, encode_sheet(pictures)) if pictures else pack_blob(header)
