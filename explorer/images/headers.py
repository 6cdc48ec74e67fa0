"""Inspection of picture files before any pixel is decoded, without Pillow.

PNG: signature, then chunks of length, type, data, CRC. JPEG: segments that begin with 0xFF and a marker, and between
them entropy-coded scans in which every 0xFF is stuffed with a zero. WebP: a RIFF container. EXIF: a small TIFF file
inside any of them.
"""

from __future__ import annotations

import re
import struct

from explorer.errors import ImageRefused

PNG, JPEG, WEBP = "PNG", "JPEG", "WebP"
TOO_MANY_PARTS = "This {} picture consists of too many parts and would take too long."
MAX_SEGMENTS = 10_000  # chunks of a PNG or segments of a JPEG; ordinary files of 10 MB have up to 3,000
MAX_JPEG_SCANS = 100  # ordinary progressive files have about ten
MAX_PADDING_BYTES = 2**16  # between the segments of a JPEG's header; ordinary files have none

UNSUPPORTED_SIGNATURES = (  # (name for the refusal, offset of the signature, signature)
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


def detect_format(data: bytes) -> str | None:
    """Return PNG, JPEG or WEBP by the signature in the bytes, None for everything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP
    return None


def detect_unsupported_format(data: bytes) -> str | None:
    """Return the name of another well-known format, or None."""
    for name, offset, signature in UNSUPPORTED_SIGNATURES:
        if data.startswith(signature, offset):
            return name
    return "SVG" if _SVG.search(data[:1024]) else None


def check_jpeg(data: bytes) -> None:
    """Raise ImageRefused for a JPEG of so many segments, scans or padding bytes that it would take too long."""
    segments = scans = padding = 0
    position = 2
    while found := _MARKER.search(data, position):
        marker = data[found.end() - 1]
        padding += found.end() - position - 2 if scans == 0 else 0
        segments, scans, position = segments + 1, scans + (marker == _SOS), found.end()
        if segments > MAX_SEGMENTS or scans > MAX_JPEG_SCANS or padding > MAX_PADDING_BYTES:
            raise ImageRefused(TOO_MANY_PARTS.format(JPEG))
        if marker == _EOI:
            return
        if marker not in (_SOI, _TEM):
            position += int.from_bytes(data[position : position + 2], "big")


def strip_animation(data: bytes) -> bytes:
    """Return the PNG without its animation header, so that it decodes as its first frame.

    Raise ImageRefused for more than MAX_SEGMENTS chunks.
    """
    parts, start, name, chunks = [data[:8]], 8, b"", 0
    while start + 8 <= len(data) and name != b"IEND":
        name, end = data[start + 4 : start + 8], start + 12 + int.from_bytes(data[start : start + 4], "big")
        if name != b"acTL":
            parts.append(data[start:end])
        start, chunks = end, chunks + 1
        if chunks > MAX_SEGMENTS:
            raise ImageRefused(TOO_MANY_PARTS.format(PNG))
    return b"".join(parts)


def orientation(exif: bytes | None) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (upright) when it is absent or invalid."""
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
