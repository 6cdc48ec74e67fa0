"""Noise & Scale Explorer: see which sizes of things survive a noise level, and what a score model makes of it."""

__version__ = "0.1.0"
