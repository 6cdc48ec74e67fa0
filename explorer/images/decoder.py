"""The only decoder of uploaded bytes, and the way between pictures and data units.

A picture is uint8 (H, W, 3), sRGB values as they stand in the file; data units are float32 (3, H, W) in [-1, 1],
`x0 = picture / 127.5 - 1`. Decoding takes PNG, JPEG and WebP by content and refuses everything else in one plain
sentence. What is refused for its size is refused from the header, before memory for it is taken.

Pillow's three reader classes are used directly rather than through `Image.open`: no other format can be reached, and
its pixel limit, a global that warns before it refuses, is not needed.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from explorer.errors import ImageRefused
from explorer.images import headers
from explorer.thread_priority import lower_thread_priority

MAX_UPLOAD_BYTES = 10 * 2**20
MAX_PIXELS = 24_000_000
MAX_SIDE_PIXELS = 16_384  # pixels: wide panoramas pass
STRIP_ROWS = 256  # rows that are converted at a time
# One file is decoded at a time and the others wait, which bounds memory, and leaves cores to those who are computing.
_decoder = ThreadPoolExecutor(1, "decoder", initializer=lower_thread_priority)


class _Jpeg(JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """Skipped: it would parse EXIF that is not needed, and warn where that is damaged."""


def decode(data: bytes, largest_side: int | None = None) -> np.ndarray:
    """The picture in the bytes of a PNG, JPEG or WebP file.

    Upright by its EXIF orientation, first frame of an animation, alpha over white, 16 bits rounded to 8, everything
    else as RGB. `largest_side` in pixels bounds the result, antialiased; by default the full resolution is kept. Safe
    to call from many threads; each waits for its turn.

    Returns uint8 (H, W, 3). Raises ImageRefused, and nothing else.
    """
    if largest_side is not None and largest_side < 1:
        raise ValueError(f"largest_side must be at least 1 pixel, not {largest_side}")
    return _refusing(data, lambda name: _decode(data, name, largest_side))


def decode_square(data: bytes, largest_side: int) -> np.ndarray:
    """As `decode`, then the centre square, reduced to at most `largest_side` pixels and never enlarged.

    Returns uint8 (S, S, 3). The full picture is let go before the next one is begun, so that many at once stay small.
    """

    def work(name: str) -> np.ndarray:
        picture = _decode(data, name, None)
        return fit(picture, min(largest_side, *picture.shape[:2]))

    return _refusing(data, work)


def fit(picture: np.ndarray, size: int) -> np.ndarray:
    """The centre square of a picture (H, W, 3), antialiased to uint8 (size, size, 3).

    A picture that is smaller is enlarged, which leaves its finest octave empty: see `upscaled`.
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


def upscaled(picture: np.ndarray, size: int) -> bool:
    """Whether `fit` would have to enlarge the picture, so that scales near 2 pixels hold nothing."""
    return min(picture.shape[:2]) < size


def to_data(picture: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> float32 (3, H, W) in [-1, 1]; 0 becomes -1 and 255 becomes 1."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32) / np.float32(127.5) - np.float32(1)


def from_data(x: np.ndarray) -> np.ndarray:
    """float (3, H, W) -> uint8 (H, W, 3), clipped to [-1, 1], then rounded to the nearest level, halves to even.

    Undoes `to_data` exactly. Raises ValueError where a value is not finite.
    """
    if not np.isfinite(x).all():
        raise ValueError("the values of a picture must be finite")
    levels = np.rint((np.clip(x, -1, 1).astype(np.float64) + 1) * 127.5)
    return np.ascontiguousarray(levels.astype(np.uint8).transpose(1, 2, 0))


def _refusing(data: bytes, work: Callable[[str], np.ndarray]) -> np.ndarray:
    """work(kind of file), when its turn has come; whatever goes wrong becomes an ImageRefused."""
    name = _check_file(data)
    try:
        return _decoder.submit(work, name).result()
    except ImageRefused:
        raise
    except headers.Excessive:
        raise ImageRefused(f"This {name} picture consists of too many parts and would take too long.") from None
    except MemoryError:
        raise ImageRefused("This picture needs more memory than there is here.") from None
    except Exception:  # Pillow raises nearly every built-in error on damaged files
        raise ImageRefused(f"This {name} picture is damaged or cut off and cannot be opened.") from None


def _check_file(data: bytes) -> str:
    """The file's kind. Raises ImageRefused for what can be told from the bytes alone."""
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
    """With one decimal, rounded up, so that what is just above a limit does not read as the limit."""
    return f"{math.ceil(number * 10) / 10:.10g}"


def _decode(data: bytes, name: str, largest_side: int | None) -> np.ndarray:
    image = _open(data, name)
    _check_size(*image.size)
    reduction = 1
    if largest_side is not None and max(image.size) > largest_side:
        # Twice the wanted size is left for the last, better filter.
        enough = tuple(max(1, math.ceil(2 * largest_side * side / max(image.size))) for side in image.size)
        if name == headers.JPEG:
            image.draft(image.mode, enough)
        reduction = max(1, max(image.size) // (2 * largest_side))
    transparent = _transparent_value(image)  # before loading, which forgets the file's own pixel format
    image.load()
    turn = headers.orientation(image.info.get("exif"))
    image.info = {} if transparent is None else {"transparency": transparent}
    picture = _flatten(image, reduction)
    image.close()
    del image  # its memory goes before the turned or resized copy is made
    return _turn(_bound(picture, largest_side), turn)


def _open(data: bytes, name: str) -> Image.Image:
    if name == headers.JPEG:
        headers.check_jpeg(data)
        return _Jpeg(io.BytesIO(data))
    if name == headers.PNG:
        return PngImageFile(io.BytesIO(headers.strip_animation(data)))
    return WebPImageFile(io.BytesIO(data))


def _transparent_value(image: Image.Image) -> int | tuple[int, ...] | bytes | None:
    """What a PNG names as transparent, in the values that its pixels have once they are loaded.

    An int or a colour to match, or for palettes one alpha per entry. The file gives it at its own bit depth, which
    Pillow passes on as it is, while pixels of 2 and 4 bits are spread to 0..255 and RGB of 16 bits cut to 8.
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
    return value if isinstance(value, bytes) and image.mode == "P" else None  # a text chunk can have that name, too


def _flatten(image: Image.Image, reduction: int) -> np.ndarray:
    """uint8 (H, W, 3) over white, box-averaged by an integer; strip by strip, which takes half the memory."""
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
    """16-bit grey rounded to 8 bits, with an alpha channel where one value is transparent."""
    values = np.asarray(image).astype(np.uint32)
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if "transparency" not in image.info:
        return grey
    alpha = np.where(values == image.info["transparency"], 0, 255).astype(np.uint8)
    return Image.merge("LA", (grey, Image.fromarray(alpha)))


def _bound(picture: np.ndarray, largest_side: int | None) -> np.ndarray:
    height, width = picture.shape[:2]
    if largest_side is None or max(height, width) <= largest_side:
        return picture
    scale = largest_side / max(height, width)
    size = tuple(max(1, round(scale * side)) for side in (width, height))
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _turn(picture: np.ndarray, orientation: int) -> np.ndarray:
    """Upright, from EXIF's eight ways in which a camera can have been held."""
    if orientation in (5, 6, 7, 8):
        picture = picture.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return np.ascontiguousarray(picture)
