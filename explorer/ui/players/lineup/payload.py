"""What the page is sent of the line-up: the picture and its corruption, then the outputs as they are computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.schemas.autoencoders import AutoencoderOutput, CorruptedPicture, MissingAutoencoder
from explorer.server.blob_store import json_numbers, pack_blob
from explorer.ui.players.shared.image_codec import encode_sheet, quantize


def given_part(given: CorruptedPicture) -> bytes:
    """The clean and the corrupted picture, and their spectra."""
    bytes_, scales = zip(*(quantize(v) for v in (given.picture, given.corrupted)), strict=True)
    header = {
        "kind": "given",
        "picture": given.request.picture,
        "corruption": given.request.corruption,
        "told": json_numbers([given.assumed_sigma])[0],
        "size": given.picture.shape[-1],
        "scales": list(scales),
        "wavenumber": json_numbers(given.wavenumber),
        "clean": json_numbers(given.clean),
        "corrupted": json_numbers(given.corrupted_spectrum),
        "mse": float(np.mean((given.corrupted - given.picture) ** 2)),
    }
    return pack_blob(header, encode_sheet(bytes_))


def autoencoders_part(outputs: Sequence[AutoencoderOutput | MissingAutoencoder]) -> bytes:
    """Some autoencoders' outputs; of those that are left out, the reason and no picture."""
    bytes_, autoencoders = [], []
    for output in outputs:
        about = {key: getattr(output, key) for key in ("name", "title", "group", "code", "numbers")}
        if isinstance(output, MissingAutoencoder):
            autoencoders.append({**about, "reason": output.reason})
            continue
        picture, scale = quantize(output.output)
        bytes_.append(picture)
        figures = {"power": json_numbers(output.spectrum), "error": json_numbers(output.error_spectrum)}
        autoencoders.append({**about, "scale": scale, "mse": output.mse, **figures})
    header = {"kind": "autoencoders", "autoencoders": autoencoders}
    return pack_blob(header, encode_sheet(bytes_)) if bytes_ else pack_blob(header)
