"""Decoding of uploaded files to pictures, and conversion between pictures and data units.

A picture is uint8 (H, W, 3) with the sRGB values of the file; data units are float32 (3, H, W) in [-1, 1],
`x0 = picture / 127.5 - 1`. PNG, JPEG and WebP are recognised by content; everything else is refused with one plain
sentence. Size limits are checked on the header, before memory is allocated.

Pillow's three reader classes are used directly instead of `Image.open`: no other format is reachable, and Pillow's
global pixel limit, which warns before it refuses, is not needed.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from explorer.errors import ImageRefused
from explorer.images import headers
from explorer.thread_priority import lower_thread_priority

Picture = NDArray[np.uint8]  # (H, W, 3)
MAX_UPLOAD_BYTES = 10 * 2**20
MAX_PIXELS = 24_000_000  # of a picture, H x W
MAX_SIDE_PIXELS = 16_384  # enough for wide panoramas
STRIP_ROWS = 256  # converted to RGB at a time
# One file is decoded at a time, which bounds memory and leaves processor cores to the computations.
_decoder = ThreadPoolExecutor(1, "decoder", initializer=lower_thread_priority)


class _Jpeg(JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """Do nothing: Pillow would parse EXIF that is not needed here, and warn where it is damaged."""


def decode(data: bytes, largest_side: int | None = None) -> Picture:
    """Return the picture, uint8 (H, W, 3), in the bytes of a PNG, JPEG or WebP file.

    It is rotated by its EXIF orientation; animations give their first frame, alpha is composited over white, 16 bits
    are rounded to 8, other modes are converted to RGB. largest_side: pixels; larger pictures are reduced to it,
    antialiased; None for the full resolution. Thread-safe; calls wait for each other. Raise ImageRefused for every
    unusable file, and ValueError for a largest_side below 1.
    """
    if largest_side is not None and largest_side < 1:
        raise ValueError(f"largest_side must be at least 1 pixel, not {largest_side}")
    return _run(data, lambda name: _decode(data, name, largest_side))


def decode_square(data: bytes, largest_side: int) -> Picture:
    """Return the centre square of the picture in a file, uint8 (S, S, 3), S <= largest_side; it is never enlarged.

    Errors: `decode`. The full picture is freed before the next file is decoded.
    """

    def work(name: str) -> Picture:
        picture = _decode(data, name, None)
        return fit(picture, min(largest_side, *picture.shape[:2]))

    return _run(data, work)


def fit(picture: Picture, size: int) -> Picture:
    """Return the centre square of a picture (H, W, 3), antialiased to uint8 (size, size, 3).

    A smaller picture is enlarged, which leaves its finest octave empty (see `upscaled`). Raise ValueError for a size
    below 1 pixel.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, not {size}")
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    if side == size:
        return np.array(square)
    small = Image.fromarray(np.ascontiguousarray(square))
    return np.array(small.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0))


def upscaled(picture: Picture, size: int) -> bool:
    """Return whether `fit` to `size` pixels enlarges the picture, which leaves scales near 2 pixels empty."""
    return min(picture.shape[:2]) < size


def to_data(picture: Picture) -> NDArray[np.float32]:
    """Convert uint8 (H, W, 3) to data units, float32 (3, H, W) in [-1, 1]; 0 becomes -1 and 255 becomes 1."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32) / np.float32(127.5) - np.float32(1)


def from_data(x: NDArray[np.floating]) -> Picture:
    """Convert data units (3, H, W) to uint8 (H, W, 3): clip to [-1, 1], round to the nearest level, halves to even.

    The exact inverse of `to_data`. Raise ValueError where a value is not finite.
    """
    if not np.isfinite(x).all():
        raise ValueError("the values of a picture must be finite")
    levels = np.rint((np.clip(x, -1, 1).astype(np.float64) + 1) * 127.5)
    return np.ascontiguousarray(levels.astype(np.uint8).transpose(1, 2, 0))


def _run(data: bytes, work: Callable[[str], Picture]) -> Picture:
    """work(format name) in the decoder's thread; every error becomes an ImageRefused."""
    name = _check_file(data)
    try:
        return _decoder.submit(work, name).result()
    except ImageRefused:
        raise
    except MemoryError:
        raise ImageRefused("This picture needs more memory than there is here.") from None
    except Exception:  # Pillow raises nearly every built-in error on damaged files
        raise ImageRefused(f"This {name} picture is damaged or cut off and cannot be opened.") from None


def _check_file(data: bytes) -> str:
    """The format's name. Raises ImageRefused for an empty file, one that is too large and an unsupported format."""
    if not data:
        raise ImageRefused("The file is empty.")
    if len(data) > MAX_UPLOAD_BYTES:
        raise ImageRefused(f"This file has {_upward(len(data) / 2**20)} MB; the most that can be used is 10.")
    name = headers.detect_format(data)
    if name is None:
        other = headers.detect_unsupported_format(data) or "something else"
        raise ImageRefused(f"This file is {other}, not a PNG, JPEG or WebP picture.")
    return name


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageRefused(
            f"This picture has {_upward(width * height / 1e6)} megapixels; the most that can be used is 24."
        )
    if max(width, height) > MAX_SIDE_PIXELS:
        side = max(width, height)
        raise ImageRefused(f"One side of this picture has {side} pixels; at most {MAX_SIDE_PIXELS} can be used.")


def _upward(number: float) -> str:
    """The number with one decimal, rounded up, so that a value just above a limit does not read as the limit."""
    return f"{math.ceil(number * 10) / 10:.10g}"


def _decode(data: bytes, name: str, largest_side: int | None) -> Picture:
    image = _open(data, name)
    _check_size(*image.size)
    reduction = 1
    if largest_side is not None and max(image.size) > largest_side:
        # Twice the wanted size remains for the final, better filter.
        width, height = (max(1, math.ceil(2 * largest_side * side / max(image.size))) for side in image.size)
        if name == headers.JPEG:
            image.draft(image.mode, (width, height))
        reduction = max(1, max(image.size) // (2 * largest_side))
    transparent = _transparent_value(image)  # before loading, which discards the file's own pixel format
    image.load()
    turn = headers.orientation(image.info.get("exif"))
    image.info = {} if transparent is None else {"transparency": transparent}
    picture = _flatten(image, reduction)
    image.close()
    del image  # frees its memory before the turned or resized copy is made
    return _turn(_bound(picture, largest_side), turn)


def _open(data: bytes, name: str) -> ImageFile.ImageFile:
    if name == headers.JPEG:
        headers.check_jpeg(data)
        return _Jpeg(io.BytesIO(data))
    if name == headers.PNG:
        return PngImageFile(io.BytesIO(headers.strip_animation(data)))
    return WebPImageFile(io.BytesIO(data))


def _transparent_value(image: ImageFile.ImageFile) -> int | tuple[int, ...] | bytes | None:
    """A PNG's transparent value on the scale of its loaded pixels: a grey level, a colour, or a palette's alphas.

    The file gives it at its own bit depth, and Pillow does not convert it, while pixels of 2 and 4 bits are scaled to
    0..255 and RGB of 16 bits is cut to 8.
    """
    value, rawmode = image.info.get("transparency"), image.tile[0].args if image.tile else None
    if isinstance(value, tuple) and rawmode == "RGB;16B":
        return tuple(v >> 8 for v in value)
    if isinstance(value, int) and rawmode in ("L;2", "L;4"):
        value *= {"L;2": 85, "L;4": 17}[rawmode]
    if isinstance(value, int) and (value < 256 or image.mode == "I;16"):
        return value
    if isinstance(value, tuple):
        return value if max(value) < 256 else None
    return value if isinstance(value, bytes) and image.mode == "P" else None  # a text chunk can have that name too


def _flatten(image: Image.Image, reduction: int) -> Picture:
    """uint8 (H, W, 3) over white, box-averaged by an integer factor; in strips, which halves the memory."""
    width, height = image.size
    picture = np.empty((-(-height // reduction), -(-width // reduction), 3), np.uint8)
    for top in range(0, height, STRIP_ROWS * reduction):
        strip = _to_rgb(image.crop((0, top, width, min(top + STRIP_ROWS * reduction, height))))
        rows = np.asarray(strip.reduce(reduction) if reduction > 1 else strip)
        picture[top // reduction : top // reduction + len(rows)] = rows
    return picture


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I;16":
        image = _to_8_bits(image)
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(rgba, mask=rgba)
        return white
    return image.convert("RGB")


def _to_8_bits(image: Image.Image) -> Image.Image:
    """16-bit grey rounded to 8 bits, with an alpha channel if one value is transparent."""
    values = np.asarray(image).astype(np.uint32)
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if "transparency" not in image.info:
        return grey
    alpha = np.where(values == image.info["transparency"], 0, 255).astype(np.uint8)
    return Image.merge("LA", (grey, Image.fromarray(alpha)))


def _bound(picture: Picture, largest_side: int | None) -> Picture:
    height, width = picture.shape[:2]
    if largest_side is None or max(height, width) <= largest_side:
        return picture
    scale = largest_side / max(height, width)
    size = tuple(max(1, round(scale * side)) for side in (width, height))
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _turn(picture: Picture, orientation: int) -> Picture:
    """The picture rotated and mirrored to be upright, by its EXIF orientation."""
    if orientation in (5, 6, 7, 8):
        picture = picture.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return np.ascontiguousarray(picture)
