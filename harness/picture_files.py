"""Picture files made for tests, well-formed and not."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from explorer.errors import ImageRefused
from explorer.images.decoder import decode


def encode(picture: np.ndarray | Image.Image, form: str, **options: object) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: bytes, depth: int = 8, colour: int = 2, extra: bytes = b"") -> bytes:
    """Return a PNG made by hand; rows without their filter bytes, colour 0 grey, 2 RGB, 3 palette."""
    stride = len(rows) // height if height else 0
    filtered = b"".join(b"\0" + rows[i * stride : (i + 1) * stride] for i in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(filtered)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def error_message(data: bytes) -> str:
    """Return the sentence with which data is refused, checked to be one plain sentence."""
    with pytest.raises(ImageRefused) as caught:
        decode(data)
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) <= 160 and sentence.endswith(".") and "/" not in sentence
    assert caught.value.__cause__ is None
    return sentence


def smooth() -> np.ndarray:
    """Return a picture so smooth that lossy formats preserve it, and different under each of the eight turns."""
    y, x = np.mgrid[0:40, 0:60]
    return np.stack([4 * x, 6 * y, 2 * (x + y)], axis=-1).astype(np.uint8)


def damaged(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return the file with some bytes changed, cut out, doubled, or overwritten with runs of 0x00 and 0xFF."""
    data = bytearray(whole)
    for _ in range(int(rng.integers(1, 6))):
        at, length = int(rng.integers(0, len(data))), int(rng.integers(1, 9))
        damage = [rng.bytes(length), b"", bytes(data[at : at + length]) * 2, bytes(length), b"\xff" * length]
        data[at : at + length] = damage[int(rng.integers(0, 5))]
    return bytes(data)
