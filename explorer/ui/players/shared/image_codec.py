"""Pictures for the page in eight bits, packed without loss: a sheet is twenty times as fast to write as a PNG.

Red and blue go as differences from green, and every value as the difference from its left neighbour, both modulo 256;
then the bytes are deflated. The page undoes it with what every browser has (image_codec.js) and without a
canvas, whose pixels some browsers change a little against fingerprinting when they are read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from isal import isal_zlib

COMPRESSION_LEVEL = 1  # of ISA-L: 0 makes more bytes than there were, 2 and 3 take longer for the same


def encode_sheet(pictures: Sequence[np.ndarray] | np.ndarray) -> bytes:
    """Return pictures, (N, 3, H, W) uint8 or a sequence of N (3, H, W), as one zlib stream."""
    values = np.array(pictures)
    values[:, ::2] -= values[:, 1:2]
    steps = values.copy()
    steps[..., 1:] -= values[..., :-1]
    return isal_zlib.compress(steps, COMPRESSION_LEVEL)


def quantize(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a picture (3, H, W) in uint8, and the scale s of value = (byte - 128) / 127 * s."""
    scale = max(float(np.abs(picture).max()), 1e-6)
    return np.rint(picture * (127 / scale) + 128).astype(np.uint8), float(f"{scale:.6g}")


def display_bytes(picture: np.ndarray) -> np.ndarray:
    """Return a picture (3, H, W) in data units as uint8 of the same shape, clipped for display."""
    return grey_levels((picture + 1) / 2)


def grey_levels(values: np.ndarray) -> np.ndarray:
    """Return values as uint8, 0 as 0 and 1 as 255; what is beyond becomes the nearer of them."""
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
