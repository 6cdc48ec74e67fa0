"""What the page is sent of the branches after a step: siblings, their mean, the map of where they differ, the curve."""

from __future__ import annotations

import numpy as np

from explorer.schemas import Branches
from explorer.server.blob_store import json_numbers, pack_blob
from explorer.ui.players.shared.image_codec import display_bytes, encode_sheet, grey_levels

MAP_RANGE = 0.5  # standard deviation that is drawn at full strength, data units


def branches_part(branches: Branches) -> bytes:
    """Siblings and mean as shown (8 bits), the map of disagreement in grey, in one sheet."""
    strength = np.clip(branches.disagreement / MAP_RANGE, 0, 1)
    pictures = [
        *map(display_bytes, branches.siblings),
        display_bytes(branches.mean),
        np.repeat(grey_levels(strength)[None], 3, axis=0),
    ]
    request = branches.request
    header = {
        "kind": "branches",
        "done": branches.done,
        "steps": request.steps,
        "step": request.step,
        "origin": request.origin,
        "sigma": json_numbers([request.sigma])[0],
        "size": int(branches.mean.shape[-1]),
        "count": request.count,
        "range": MAP_RANGE,
        "edges": json_numbers(branches.edges),
        "agreement": json_numbers(branches.agreement),
        "decided": json_numbers([branches.decided])[0],
        "spread": json_numbers([float(np.sqrt(np.mean(branches.disagreement**2)))])[0],
    }
    return pack_blob(header, encode_sheet(pictures))
