"""What the page is sent of the line-up: the picture and its corruption, then each member's output as it is computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.api.family import Corrupted, MemberOutput
from explorer.ui.film.payload import eight_bits, numbers, sheet
from explorer.ui.parts import packed


def given_part(given: Corrupted) -> bytes:
    """The clean and the corrupted picture, and their spectra."""
    bytes_, scales = zip(*(eight_bits(v) for v in (given.picture, given.corrupted)), strict=True)
    header = {
        "kind": "given",
        "corruption": given.request.corruption,
        "told": numbers([given.told])[0],
        "size": given.picture.shape[-1],
        "scales": list(scales),
        "wavenumber": numbers(given.wavenumber),
        "clean": numbers(given.clean),
        "corrupted": numbers(given.corrupted_spectrum),
        "mse": float(np.mean((given.corrupted - given.picture) ** 2)),
    }
    return packed(header, sheet(np.concatenate(bytes_)))


def members_part(outputs: Sequence[MemberOutput]) -> bytes:
    """Some members' outputs, one picture under the other."""
    bytes_, scales = zip(*(eight_bits(output.output) for output in outputs), strict=True)
    header = {
        "kind": "members",
        "members": [
            {
                "name": output.name,
                "title": output.title,
                "group": output.group,
                "code": output.code,
                "numbers": output.numbers,
                "scale": scale,
                "mse": output.mse,
                "power": numbers(output.spectrum),
                "error": numbers(output.error_spectrum),
            }
            for output, scale in zip(outputs, scales, strict=True)
        ],
    }
    return packed(header, sheet(np.concatenate(bytes_)))
