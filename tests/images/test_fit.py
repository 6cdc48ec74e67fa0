"""From a picture to the working square and to data units, and what a file's bytes tell by themselves."""

from __future__ import annotations

import io
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from explorer.errors import ImageRefused
from explorer.images import decoder, headers
from explorer.images.decoder import decode_square, fit, from_data, to_data, upscaled


@pytest.mark.parametrize("size", [32, 64, 100, 512])
def test_fit_takes_the_centre_square(size):
    picture = np.zeros((300, 700, 3), np.uint8)
    picture[:, 200:500] = 200  # exactly the centre square
    fitted = fit(picture, size)
    assert fitted.shape == (size, size, 3) and (fitted == 200).all()
    assert upscaled(picture, size) == (size > 300)


def test_decode_square_is_decode_and_fit_but_never_larger():
    buffer = io.BytesIO()
    picture = np.arange(40 * 60 * 3, dtype=np.uint8).reshape(40, 60, 3)
    Image.fromarray(picture).save(buffer, "PNG")
    data = buffer.getvalue()
    assert (decode_square(data, 20) == fit(picture, 20)).all()
    assert (decode_square(data, 1024) == fit(picture, 40)).all()
    with pytest.raises(ImageRefused):
        decode_square(b"", 20)


def test_fit_does_not_alias():
    """A checkerboard of single pixels is above the new grid's limit: it becomes its mean, not a moire."""
    y, x = np.mgrid[0:512, 0:512]
    board = np.repeat((255 * ((x + y) % 2))[..., None], 3, -1).astype(np.uint8)
    assert np.abs(fit(board, 96).astype(int) - 127.5).max() <= 2
    assert (fit(board, 512) == board).all()
    with pytest.raises(ValueError, match="at least 1 pixel"):
        fit(board, 0)


def test_data_units_and_back():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, -1)
    x = to_data(levels)
    assert x.dtype == np.float32 and x.shape == (3, 16, 16) and x.min() == -1 and x.max() == 1
    assert (from_data(x) == levels).all()
    assert (from_data(x * 3) == np.clip(np.rint((x * 3.0 + 1) * 127.5), 0, 255).transpose(1, 2, 0)).all()
    with pytest.raises(ValueError, match="finite"):
        from_data(np.full((3, 2, 2), np.nan))


def test_orientation_reads_both_byte_orders_and_nothing_else():
    for order, name in (("<", b"II*\0"), (">", b"MM\0*")):
        entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, 8, 0)
        exif = name + struct.pack(order + "IH", 8, 1) + entry
        assert headers.orientation(exif) == headers.orientation(b"Exif\0\0" + exif) == 8
        assert all(headers.orientation(exif[:cut]) == 1 for cut in range(len(exif) - 4))
    assert headers.orientation(None) == headers.orientation(b"") == 1


def test_a_picture_is_enlarged_when_its_shorter_side_is():
    for height, width in ((40, 200), (200, 40)):
        picture = np.zeros((height, width, 3), np.uint8)
        assert upscaled(picture, 41) and not upscaled(picture, 40)


def test_one_thread_decodes_for_everybody(monkeypatch):
    """Whoever asks, the work is done by the one thread that steps back for those who compute."""
    threads, wait = [], decoder._decode

    def noted(*args):
        threads.append(threading.current_thread())
        return wait(*args)

    monkeypatch.setattr(decoder, "_decode", noted)
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(decoder.decode, [buffer.getvalue()] * 8))
    decode_square(buffer.getvalue(), 4)
    assert len(threads) == 9 and len(set(threads)) == 1 and threads[0] is not threading.current_thread()
