"""Power spectra of pictures, and measures of scale derived from them."""

from explorer.core.spectra.radial import rapsd

__all__ = ["rapsd"]
