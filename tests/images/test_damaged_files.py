"""Damaged, cut-off and malicious files: only ImageRefused leaves the decoder, and soon."""

from __future__ import annotations

import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from explorer.errors import ImageRefused
from explorer.images import decoder
from explorer.images.decoder import decode
from harness.picture_files import chunk, damaged, encode, error_message, png, smooth

RNG_SEED = 20


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return smooth()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5, 0.8, 0.95])
def test_a_truncated_file_is_refused(form, share):
    noise = np.random.default_rng(RNG_SEED).integers(0, 256, (48, 64, 3), np.uint8)
    data = encode(noise, form)
    assert error_message(data[: int(share * len(data))])


def test_compressed_text_does_not_fill_the_memory(picture):
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000), 9))
    assert error_message(png(60, 40, picture.tobytes(), extra=bomb))


@pytest.mark.parametrize(
    "extra", [chunk(b"tEXt", b"transparency\0white"), chunk(b"tEXt", b"exif\0II*"), chunk(b"tEXt", b"icc_profile\0x")]
)
def test_text_that_bears_the_name_of_a_setting(picture, extra):
    assert (decode(png(60, 40, picture.tobytes(), extra=extra)) == picture).all()


def test_files_made_of_too_many_parts_are_refused(picture):
    jpeg = encode(picture, "JPEG", progressive=True)
    last = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    for data in (
        png(1, 1, b"abc", extra=chunk(b"abCd", b"") * 100_000),
        jpeg[:2] + b"\xff\xfe\0\2" * 100_000 + jpeg[2:],
        jpeg[:2] + b"\xff" * 1_000_000 + jpeg[2:],
        jpeg[:-2] + last * 200 + jpeg[-2:],
    ):
        assert "too many parts" in error_message(data)
    assert decode(jpeg[:-2] + b"\xff\xd9" + last * 200).shape == (40, 60, 3)  # after its end a file may have anything


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_only_a_refusal_leaves_the_decoder(form):
    """Seeded damage: bytes changed, cut out, doubled, and runs of 0x00 and 0xFF."""
    rng = np.random.default_rng(RNG_SEED)
    small = rng.integers(0, 256, (12, 17, 4), np.uint8)
    options = {"progressive": True} if form == "JPEG" else {}
    whole = encode(Image.fromarray(small).convert("RGB" if form == "JPEG" else "RGBA"), form, **options)
    for _ in range(300):
        data = damaged(whole, rng)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                assert decode(data).shape[2] == 3
            except ImageRefused as refused:
                assert len(str(refused)) <= 160


@pytest.mark.parametrize("error", [MemoryError, OverflowError, SyntaxError, struct.error, RecursionError, KeyError])
def test_whatever_is_raised_inside_becomes_a_refusal(monkeypatch, picture, error):
    def broken(*_):
        raise error("in /some/where\nline 2")

    monkeypatch.setattr(decoder, "_decode", broken)
    sentence = error_message(encode(picture, "PNG"))
    assert ("memory" in sentence) == (error is MemoryError)


def test_many_threads_get_each_its_own_picture():
    files = {level: encode(Image.new("L", (300, 200), level), "PNG") for level in range(0, 256, 16)}
    wrong: list[int] = []

    def work(level: int) -> None:
        if not (decode(files[level]) == level).all():
            wrong.append(level)

    threads = [threading.Thread(target=work, args=(level,)) for level in files for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert wrong == []
