"""What the bytes of a picture file tell before any pixel is decoded; no Pillow here.

PNG: signature, then chunks of length, type, data, CRC. JPEG: segments that begin with 0xFF and a marker, and between
them entropy-coded scans in which every 0xFF is stuffed with a zero. WebP: a RIFF container. EXIF: a small TIFF file
inside any of them.
"""

from __future__ import annotations

import re
import struct

PNG, JPEG, WEBP = "PNG", "JPEG", "WebP"
MAX_SEGMENTS = 10_000  # chunks of a PNG or segments of a JPEG: ordinary files of 10 MB have up to 3,000
MAX_JPEG_SCANS = 100  # passes over the picture in a JPEG: ordinary progressive files have about ten
MAX_PADDING_BYTES = 2**16  # bytes between the segments of a JPEG's header: ordinary files have none

UNSUPPORTED_SIGNATURES = (  # (name, offset of the signature, signature): only to tell the person what they have chosen
    ("GIF", 0, b"GIF8"),
    ("BMP", 0, b"BM"),
    ("TIFF", 0, b"II*\0"),
    ("TIFF", 0, b"MM\0*"),
    ("AVIF", 4, b"ftypavif"),
    ("AVIF", 4, b"ftypavis"),
    ("HEIC", 4, b"ftyphei"),
    ("HEIC", 4, b"ftypmif1"),
    ("JPEG 2000", 4, b"jP  \r\n"),
    ("PDF", 0, b"%PDF"),
)
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # padding allowed; neither stuffing nor a restart marker
_SVG = re.compile(rb"<svg[\s>]")
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_ORIENTATION, _SHORT, _LONG = 0x0112, 3, 4


class Excessive(ValueError):
    """The file is legal, or nearly, but would take unreasonably long to read."""


def detect_format(data: bytes) -> str | None:
    """PNG, JPEG or WEBP by the file's signature, None for everything else; a file's name never matters."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP
    return None


def detect_unsupported_format(data: bytes) -> str | None:
    """A name for a file that is none of the three, if it is a well-known one."""
    for name, offset, signature in UNSUPPORTED_SIGNATURES:
        if data.startswith(signature, offset):
            return name
    return "SVG" if _SVG.search(data[:1024]) else None


def check_jpeg(data: bytes) -> None:
    """Raise Excessive for a JPEG of so many segments, passes or filling bytes that it serves only to keep us busy."""
    segments = scans = filling = 0
    position = 2
    while found := _MARKER.search(data, position):
        marker = data[found.end() - 1]
        filling += found.end() - position - 2 if scans == 0 else 0
        segments, scans, position = segments + 1, scans + (marker == _SOS), found.end()
        if segments > MAX_SEGMENTS or scans > MAX_JPEG_SCANS or filling > MAX_PADDING_BYTES:
            raise Excessive
        if marker == _EOI:
            return
        if marker not in (_SOI, _TEM):
            position += int.from_bytes(data[position : position + 2], "big")


def strip_animation(data: bytes) -> bytes:
    """The PNG without its animation header, so that only its still picture, the first frame, is looked at.

    Raises Excessive for a PNG of too many chunks.
    """
    kept, start, name, chunks = [data[:8]], 8, b"", 0
    while start + 8 <= len(data) and name != b"IEND":
        name, end = data[start + 4 : start + 8], start + 12 + int.from_bytes(data[start : start + 4], "big")
        if name != b"acTL":
            kept.append(data[start:end])
        start, chunks = end, chunks + 1
        if chunks > MAX_SEGMENTS:
            raise Excessive
    return b"".join(kept)


def orientation(exif: bytes | None) -> int:
    """EXIF orientation, 1 to 8; 1 when there is none, or none that makes sense."""
    try:
        tiff = (exif or b"").removeprefix(b"Exif\0\0")
        order = {b"II*\0": "<", b"MM\0*": ">"}[tiff[:4]]
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(start + 2, start + 2 + 12 * entries, 12):
            tag, form, count = struct.unpack_from(order + "HHI", tiff, entry)
            if tag == _ORIENTATION and count == 1 and form in (_SHORT, _LONG):
                (value,) = struct.unpack_from(order + ("H" if form == _SHORT else "I"), tiff, entry + 8)
                return value if 1 <= value <= 8 else 1
    except (KeyError, struct.error):
        pass
    return 1
