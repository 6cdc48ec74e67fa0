"""Power spectra of pictures and what they say about scale."""

from explorer.core.spectra.radial import rapsd

__all__ = ["rapsd"]
