"""Pictures on their way to the page: every byte comes back, and eight bits are as exact as they say."""

import zlib

import numpy as np
import pytest

from explorer.ui.players.shared.image_codec import display_bytes, encode_sheet, quantize


def unpacked(data: bytes, count: int, height: int, width: int) -> np.ndarray:
    """The inverse in plain numbers: (N, 3, H, W) uint8."""
    values = np.frombuffer(zlib.decompress(data), np.uint8).reshape(count, 3, height, width).astype(int)
    red, green, blue = values.cumsum(axis=-1).transpose(1, 0, 2, 3)
    return (np.stack([red + green, green, blue + green], axis=1) % 256).astype(np.uint8)


@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (2, 3, 1, 7), (3, 3, 5, 1), (4, 3, 33, 20)])
def test_every_byte_comes_back(shape):
    pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    before = pictures.copy()
    count, _, height, width = shape
    assert (unpacked(encode_sheet(pictures), count, height, width) == pictures).all()
    assert encode_sheet(list(pictures)) == encode_sheet(pictures) and (pictures == before).all()


def test_what_is_alike_in_its_neighbours_takes_little():
    ramp = np.broadcast_to(np.arange(128, dtype=np.uint8), (8, 3, 128, 128))
    noise = np.random.default_rng(1).integers(0, 256, ramp.shape, np.uint8)
    assert len(encode_sheet(ramp)) < 0.02 * ramp.size < 0.98 * noise.size < len(encode_sheet(noise))


def test_eight_bits_are_right_to_half_a_step():
    picture = np.random.default_rng(2).normal(size=(3, 9, 9)).astype(np.float32)
    values, scale = quantize(picture)
    error = np.abs((values.astype(float) - 128) / 127 * scale - picture)
    assert values.min() >= 1 and error.max() <= 0.51 * scale / 127
    assert (quantize(np.zeros((3, 2, 2)))[0] == 128).all()


def test_display_is_clipped():
    picture = np.array([-2.0, -1.0, 0.0, 1.0, 2.0]).reshape(1, 1, 5).repeat(3, axis=0)
    assert (display_bytes(picture)[0, 0] == [0, 0, 128, 255, 255]).all()
