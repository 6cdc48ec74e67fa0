"""What the page is sent of the wiring: every picture that its sliders can show."""

from __future__ import annotations

import numpy as np

from explorer.schemas.autoencoder_internals import Wiring
from explorer.server.blob_store import json_numbers, pack_blob
from explorer.ui.players.shared.image_codec import encode_sheet, quantize


def wiring_part(wiring: Wiring) -> bytes:
    """Return picture, noise, then per true level the blind estimate and one per passed level, in 8 bits each."""
    pictures = [wiring.picture, wiring.eps]
    for blind, estimates in zip(wiring.blind, wiring.conditional, strict=True):
        pictures += [np.nan_to_num(blind), *estimates]
    bytes_, scales = zip(*map(quantize, pictures), strict=True)
    header = {
        "kind": "wiring",
        "size": wiring.picture.shape[-1],
        "scales": list(scales),
        "told": [json_numbers(row) for row in wiring.conditional_mse],
        "blind": json_numbers(wiring.blind_mse),
        "leftOut": " ".join(out.reason for out in wiring.missing),
        "roundTrip": {kind: json_numbers(values) for kind, values in wiring.round_trip.items()},
    }
    return pack_blob(header, encode_sheet(bytes_))
