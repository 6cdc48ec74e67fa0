"""Uploaded bytes -> pictures; the only decoder of the project."""

from explorer.images.decoder import ImageRefused, decode

__all__ = ["ImageRefused", "decode"]
