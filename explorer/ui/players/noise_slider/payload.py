"""What the page is sent, in parts, so that the first picture is there before the network has finished.

The page composes the noisy picture x0 + sigma * eps itself, at any sigma, and its spectrum from three curves. Only the
model's estimates are sent level by level, as errors (estimate minus x0) in eight bits with a scale per level: the
error shrinks with sigma, so eight bits are enough for the predicted noise eps - error / sigma at every
level, and the estimate itself is right to half a step of the display.
"""

from __future__ import annotations

import numpy as np

from explorer.core.schedules import SCHEDULES
from explorer.schemas import DenoisedLevels, NoisedPicture
from explorer.server.blob_store import json_numbers, pack_blob
from explorer.ui.players.shared.image_codec import encode_sheet

EPS_SCALE = 4096  # eps travels as int16 in units of 1 / EPS_SCALE: exact to 0.0001, range +-8


def base_part(noised: NoisedPicture) -> bytes:
    """Picture (a sheet), noise (int16, height x width x 3) and the curves that need no model."""
    request, grid = noised.request, noised.crossover_sigma
    header = {
        "kind": "base",
        "request": {"model": request.model, "label": request.label, "seed": request.seed, "size": request.size},
        "picture": request.picture,
        "upscaled": noised.upscaled,
        "sigmas": json_numbers(request.sigmas),
        "epsScale": EPS_SCALE,
        "wavenumber": json_numbers(noised.wavenumber),
        "clean": json_numbers(noised.clean),
        "noise": json_numbers(noised.noise),
        "cross": json_numbers(noised.cross),
        "band": json_numbers(noised.band),
        "grid": json_numbers(grid),
        "crossover": json_numbers(noised.crossover),
        "schedules": {name: {"label": s.label, "t": json_numbers(s.t(grid))} for name, s in SCHEDULES.items()},
    }
    eps = np.rint(noised.eps.transpose(1, 2, 0) * EPS_SCALE).astype("<i2").tobytes()
    return pack_blob(header, encode_sheet(noised.picture.transpose(2, 0, 1)[None]), eps)


def levels_part(levels: DenoisedLevels) -> bytes:
    """The estimates at some levels: a sheet of errors, and their spectra."""
    scale = np.maximum(np.abs(levels.error).max(axis=(1, 2, 3)), 1e-6)  # (n,)
    steps = np.rint(levels.error / scale[:, None, None, None] * 127 + 128).astype(np.uint8)
    header = {
        "kind": "levels",
        "levels": levels.indices.tolist(),
        "scale": json_numbers(scale),
        "denoised": [json_numbers(row) for row in levels.denoised_spectrum],
        "error": [json_numbers(row) for row in levels.error_spectrum],
        "mse": json_numbers(levels.mse),
    }
    return pack_blob(header, encode_sheet(steps))
