"""Uploaded bytes -> pictures; the only decoder of the project."""

from explorer.errors import ImageRefused
from explorer.images.decoder import decode

__all__ = ["ImageRefused", "decode"]
