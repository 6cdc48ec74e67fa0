"""The decoder of uploaded bytes, rule by rule, on files made here."""

from __future__ import annotations

import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from explorer.images import decoder
from explorer.images.decoder import decode, fit
from harness.picture_files import chunk, encode, error_message, png, smooth


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return smooth()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_three_formats_are_decoded(picture, form):
    decoded = decode(encode(picture, form, quality=95))
    assert decoded.dtype == np.uint8 and decoded.shape == (40, 60, 3) and decoded.flags.c_contiguous
    assert np.abs(decoded.astype(int) - picture).mean() < (0.01 if form == "PNG" else 4)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "JPEG2000", "PDF"])
def test_every_other_format_is_refused(picture, form):
    assert "not a PNG, JPEG or WebP picture" in error_message(encode(picture, form))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64), "HEIC"),
        (b"\0\0\0\x18ftypavif" + bytes(64), "AVIF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>', "SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "something else"),
        (b"just some words", "something else"),
        (b"\0", "something else"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "something else"),
    ],
)
def test_the_refusal_names_what_was_given(data, name):
    assert error_message(data) == f"This file is {name}, not a PNG, JPEG or WebP picture."


def test_empty_and_too_large_files_are_refused(picture):
    assert error_message(b"") == "The file is empty."
    data = encode(picture, "PNG")
    padded = data + bytes(decoder.MAX_UPLOAD_BYTES - len(data))
    assert decode(padded).shape == (40, 60, 3)
    assert error_message(padded + b"\0") == "This file has 10.1 MB; the most that can be used is 10."


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_honoured_once(picture, form, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    lossless = {"PNG": {}, "WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}[form]
    decoded = decode(encode(picture, form, exif=exif, **lossless))
    swapped, mirrored, flipped = turn in (5, 6, 7, 8), turn in (2, 3, 6, 7), turn in (3, 4, 7, 8)
    expected = picture.transpose(1, 0, 2) if swapped else picture
    expected = expected[:, ::-1] if mirrored else expected
    expected = expected[::-1] if flipped else expected
    assert decoded.shape == expected.shape
    assert np.abs(decoded.astype(int) - expected).max() <= (4 if form == "JPEG" else 0)


@pytest.mark.parametrize("turn", [0, 9, 65535])
def test_an_orientation_that_makes_no_sense_is_ignored(picture, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    assert decode(encode(picture, "JPEG", exif=exif)).shape == (40, 60, 3)


@pytest.mark.parametrize("cut", [6, 8, 12, 14, 16, 20, 30])
def test_damaged_exif_is_ignored_without_a_warning(picture, cut):
    exif = Image.Exif()
    exif[0x0112], exif[0x011A] = 6, 72.0
    data = encode(picture, "JPEG", exif=exif.tobytes()[:cut])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(data).shape in ((40, 60, 3), (60, 40, 3))


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_alpha_is_laid_over_white(picture, form):
    alpha = np.zeros((40, 60, 1), np.uint8)
    alpha[:, 20:40], alpha[:, 40:] = 128, 255
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    decoded = decode(encode(np.concatenate([picture, alpha], -1), form, **options))
    assert (decoded[:, :20] == 255).all()  # whatever colour hides under full transparency
    assert (decoded[:, 40:] == picture[:, 40:]).all()
    half = 255 + (picture[:, 20:40].astype(float) - 255) * 128 / 255
    assert np.abs(decoded[:, 20:40] - half).max() <= 1


def test_grey_with_alpha():
    data = encode(Image.merge("LA", (Image.new("L", (4, 4), 100), Image.new("L", (4, 4), 0))), "PNG")
    assert (decode(data) == 255).all()


def test_transparent_palette_entries_are_white():
    rows = bytes([0, 1, 2, 3])
    palette = chunk(b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0]))
    one = decode(png(4, 1, rows, colour=3, extra=palette + chunk(b"tRNS", bytes([255, 0]))))
    assert one.tolist() == [[[255, 0, 0], [255, 255, 255], [0, 0, 255], [0, 0, 0]]]
    several = decode(png(4, 1, rows, colour=3, extra=palette + chunk(b"tRNS", bytes([0, 255, 128, 0]))))
    assert several.tolist() == [[[255, 255, 255], [0, 255, 0], [127, 127, 255], [255, 255, 255]]]


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_grey_of_every_depth_with_one_transparent_level(depth):
    levels = 2**depth
    values = [0, levels // 3, levels - 1]
    if depth == 16:
        rows = struct.pack(">3H", *values)
    elif depth == 8:
        rows = bytes(values)
    else:
        packed = sum(v << (16 - depth * (i + 1)) for i, v in enumerate(values))
        rows = packed.to_bytes(2, "big")[: -(-3 * depth // 8)]
    opaque = decode(png(3, 1, rows, depth, 0))
    assert opaque[0, :, 0].tolist() == [round(255 * v / (levels - 1)) for v in values]
    clear = decode(png(3, 1, rows, depth, 0, chunk(b"tRNS", struct.pack(">H", values[0]))))
    expected = [255 if v == values[0] else round(255 * v / (levels - 1)) for v in values]
    assert clear[0, :, 0].tolist() == expected


@pytest.mark.parametrize("depth", [8, 16])
def test_rgb_with_one_transparent_colour(depth):
    scale, form = (257, ">H") if depth == 16 else (1, ">B")
    rows = b"".join(struct.pack(form, v * scale) for v in (10, 20, 30, 40, 50, 60))
    extra = chunk(b"tRNS", struct.pack(">3H", *(v * scale for v in (10, 20, 30))))
    assert decode(png(2, 1, rows, depth, 2, extra)).tolist() == [[[255, 255, 255], [40, 50, 60]]]


def test_a_16_bit_grey_gradient_keeps_its_levels():
    values = np.linspace(0, 65535, 1024).astype(np.uint16)[None].repeat(4, 0)
    decoded = decode(encode(Image.fromarray(values), "PNG"))
    assert np.abs(decoded[..., 0] - values / 257).max() <= 0.5
    assert len(np.unique(decoded)) == 256
    assert (decoded[..., 0] == decoded[..., 2]).all()


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_one_bit_grey_and_palette(picture, mode):
    image = Image.fromarray(picture).convert(mode)
    assert (decode(encode(image, "PNG")) == np.asarray(image.convert("RGB"))).all()


def test_cmyk_is_read_as_photoshop_writes_it():
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # no cyan, full magenta and yellow: red
    assert np.abs(decode(encode(image, "JPEG", quality=100))[8, 8].astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation(form):
    frames = [Image.new("RGB", (12, 9), colour) for colour in ("red", "lime", "blue")]
    data = encode(frames[0], form, save_all=True, append_images=frames[1:], duration=50, lossless=True)
    assert (decode(data) == (255, 0, 0)).all()


def test_a_broken_animation_header_is_of_no_consequence(picture):
    data = png(60, 40, picture.tobytes(), extra=2 * chunk(b"acTL", bytes(8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (decode(data) == picture).all()


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (30000, 30000, "900 megapixels; the most that can be used is 24"),
        (6000, 5000, "30 megapixels; the most that can be used is 24"),
        (6000, 4001, "24.1 megapixels; the most that can be used is 24"),
        (2**31 - 1, 2**31 - 1, "megapixels"),
        (16385, 300, "16385 pixels; at most 16384"),
        (1, 65535, "65535 pixels; at most 16384"),
    ],
)
def test_what_is_too_large_is_refused_from_its_header(width, height, words):
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    assert words in error_message(data + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))


def test_exactly_24_megapixels_are_allowed():
    assert decode(encode(Image.new("1", (6000, 4000)), "PNG")).shape == (4000, 6000, 3)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 4096), (4096, 1), (16384, 2), (7, 5)])
def test_tiny_and_narrow_pictures_are_allowed(width, height):
    decoded = decode(encode(Image.new("RGB", (width, height), "red"), "PNG"))
    assert decoded.shape == (height, width, 3) and (fit(decoded, 64) == (255, 0, 0)).all()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_largest_side_bounds_the_result(form):
    y, x = np.mgrid[0:900, 0:1200]
    smooth = np.stack([x / 5, y / 4, (x + y) / 9], -1).astype(np.uint8)
    for side in (1200, 700, 128, 1):
        small = decode(encode(smooth, form, quality=95), largest_side=side)
        assert max(small.shape) == max(side, 3) and small.shape[0] == max(1, round(side * 0.75))
        if side > 100:
            assert np.abs(small.mean((0, 1)) - smooth.mean((0, 1))).max() < 1.5
    assert (decode(encode(smooth, "PNG"), largest_side=5000) == smooth).all()
    with pytest.raises(ValueError, match="at least 1 pixel"):
        decode(encode(smooth, "PNG"), largest_side=0)
