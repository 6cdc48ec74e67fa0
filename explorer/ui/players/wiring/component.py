"""The player of the wiring as one Gradio component, and the part that fills it."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import numpy as np

from explorer.engine.autoencoder_internals import FACTORS, WIRING_LEVELS
from explorer.schemas.autoencoder_internals import Wiring
from explorer.server.blob_store import json_numbers, pack_blob
from explorer.ui.players.shared.image_sheets import eight_bits, sheet
from explorer.ui.players.shared.scripts import script

FOLDER = Path(__file__).parent


def build_wiring() -> gr.HTML:
    """The component; its value is an answer with this module's part in the end, and "of": its steps."""
    template = (FOLDER / "template.html").read_text()
    known = f"const LEVELS = {WIRING_LEVELS.tolist()}, FACTORS = {FACTORS.tolist()};\n"
    code = known + script(FOLDER, ("wiring.js",))
    return gr.HTML(value=None, html_template=template, js_on_load=code, elem_id="wiring-player")


def wiring_part(wiring: Wiring) -> bytes:
    """Picture, noise, then per level the blind estimate and one per told level, each in its own 8 bits."""
    pictures = [wiring.picture, wiring.eps]
    for blind, told in zip(wiring.blind, wiring.told, strict=True):
        pictures += [np.nan_to_num(blind), *told]
    bytes_, scales = zip(*map(eight_bits, pictures), strict=True)
    header = {
        "kind": "wiring",
        "size": wiring.picture.shape[-1],
        "scales": list(scales),
        "told": [json_numbers(row) for row in wiring.told_mse],
        "blind": json_numbers(wiring.blind_mse),
        "leftOut": " ".join(out.reason for out in wiring.missing),
        "roundTrip": {kind: json_numbers(values) for kind, values in wiring.round_trip.items()},
    }
    return pack_blob(header, sheet(bytes_))
