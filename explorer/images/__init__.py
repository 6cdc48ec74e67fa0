"""Decoding of uploaded picture files."""

from explorer.errors import ImageRefused
from explorer.images.decoder import decode

__all__ = ["ImageRefused", "decode"]
