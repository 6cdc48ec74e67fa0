"""The player of the wiring as one Gradio component, and the part that fills it."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import numpy as np

from explorer.schemas.autoencoder_internals import SIGMA_RATIOS, WIRING_SIGMAS, Wiring
from explorer.server.blob_store import json_numbers, pack_blob
from explorer.ui.players.shared.image_sheets import eight_bits, sheet
from explorer.ui.players.shared.scripts import script

FOLDER = Path(__file__).parent


def build_wiring() -> gr.HTML:
    """The component; its value is an answer with this module's part in the end, and "of": its steps."""
    template = (FOLDER / "template.html").read_text()
    known = f"const LEVELS = {WIRING_SIGMAS.tolist()}, FACTORS = {SIGMA_RATIOS.tolist()};\n"
    code = known + script(FOLDER, ("wiring.js",))
    return gr.HTML(value=None, html_template=template, js_on_load=code, elem_id="wiring-player")


def wiring_part(wiring: Wiring) -> bytes:
    """Return picture, noise, then per true level the blind estimate and one per passed level, in 8 bits each."""
    pictures = [wiring.picture, wiring.eps]
    for blind, estimates in zip(wiring.blind, wiring.conditional, strict=True):
        pictures += [np.nan_to_num(blind), *estimates]
    bytes_, scales = zip(*map(eight_bits, pictures), strict=True)
    header = {
        "kind": "wiring",
        "size": wiring.picture.shape[-1],
        "scales": list(scales),
        "told": [json_numbers(row) for row in wiring.conditional_mse],
        "blind": json_numbers(wiring.blind_mse),
        "leftOut": " ".join(out.reason for out in wiring.missing),
        "roundTrip": {kind: json_numbers(values) for kind, values in wiring.round_trip.items()},
    }
    return pack_blob(header, sheet(bytes_))
