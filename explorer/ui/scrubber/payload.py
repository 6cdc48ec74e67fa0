"""What the page is sent, in parts, so that the first picture is there before the network has finished.

The page composes the noisy picture x0 + sigma * eps itself, at any sigma, and its spectrum from three curves. Only the
model's estimates are sent level by level, as errors (estimate minus x0) in a lossless WebP sheet with a scale per
level: the error shrinks with sigma, so eight bits are enough for the predicted noise eps - error / sigma at every
level, and the estimate itself is right to half a step of the display.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from explorer.api import DenoisedLevels, NoisedPicture
from explorer.core.schedules import SCHEDULES
from explorer.ui.parts import packed

EPS_SCALE = 4096  # eps travels as int16 in units of 1 / EPS_SCALE: exact to 0.0001, range +-8


def base_part(noised: NoisedPicture) -> bytes:
    """Picture (PNG), noise (int16, height x width x 3) and the curves that need no model."""
    request, grid = noised.request, noised.crossover_sigma
    header = {
        "kind": "base",
        "request": {"model": request.model, "label": request.label, "seed": request.seed, "size": request.size},
        "picture": request.picture,
        "upscaled": noised.upscaled,
        "sigmas": _numbers(request.sigmas),
        "epsScale": EPS_SCALE,
        "wavenumber": _numbers(noised.wavenumber),
        "clean": _numbers(noised.clean),
        "noise": _numbers(noised.noise),
        "cross": _numbers(noised.cross),
        "band": _numbers(noised.band),
        "grid": _numbers(grid),
        "crossover": [None if not np.isfinite(v) else float(f"{v:.4g}") for v in noised.crossover],
        "schedules": {name: {"label": s.label, "t": _numbers(s.t(grid))} for name, s in SCHEDULES.items()},
    }
    eps = np.rint(noised.eps.transpose(1, 2, 0) * EPS_SCALE).astype("<i2").tobytes()
    return packed(header, _encoded(noised.picture, "PNG", compress_level=1), eps)


def levels_part(levels: DenoisedLevels) -> bytes:
    """The estimates at some levels: one sheet of errors, one level under the other, and their spectra."""
    scale = np.maximum(np.abs(levels.error).max(axis=(1, 2, 3)), 1e-6)  # (n,)
    steps = np.rint(levels.error / scale[:, None, None, None] * 127 + 128).astype(np.uint8)
    n, channels, height, width = steps.shape
    sheet = steps.transpose(0, 2, 3, 1).reshape(n * height, width, channels)
    header = {
        "kind": "levels",
        "levels": levels.indices.tolist(),
        "scale": _numbers(scale),
        "denoised": [_numbers(row) for row in levels.denoised_spectrum],
        "error": [_numbers(row) for row in levels.error_spectrum],
        "mse": _numbers(levels.mse),
    }
    return packed(header, _encoded(sheet, "WEBP", lossless=True, quality=0, method=0))


def _numbers(values: np.ndarray) -> list[float]:
    """Five significant digits: below the width of any line, and half the bytes."""
    return [float(f"{v:.5g}") for v in values]


def _encoded(picture: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    return buffer.getvalue()
