"""The Wiener filter as a Denoiser, and stationary Gaussian pictures, for which it is exact.

For stationary Gaussian pictures with power spectrum P(f) under noise of level sigma, the posterior mean is a
filter, frequency by frequency (Wiener 1949):

    H = P / (P + sigma^2),   x0_hat(f) = H z(f),   spectrum of x0_hat: P H,   of the error: P (1 - H)

and the two add up to P, because estimate and error are orthogonal. For photographs it is the best stationary
linear filter; where a network does better, it uses more than the spectrum (phase, edges).
"""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from explorer.core.denoiser import broadcast_sigma
from explorer.core.denoisers.gaussian_mixture import GaussianMixture
from explorer.core.denoisers.ideal import Ideal
from explorer.core.spectra.annuli import MIN_POWER, mean_wavenumbers, radial_to_2d, resampled

__all__ = ["GaussianMixture", "Ideal", "Wiener", "gaussian_field", "wiener_gain"]

MAX_CACHED_SIZES = 8


def wiener_gain(psd: ArrayLike, sigma: ArrayLike) -> NDArray[np.float64]:
    """Return H = P / (P + sigma^2), psd and sigma broadcast against each other; 1 where sigma = 0, even for P = 0."""
    psd = np.maximum(np.asarray(psd, dtype=np.float64), MIN_POWER)
    return psd / (psd + np.asarray(sigma, dtype=np.float64) ** 2)


class Wiener:
    """The exact Denoiser of a stationary Gaussian prior with a given radial spectrum.

    The spectrum is interpolated between its frequencies, in the corners and for other picture sizes by `radial_to_2d`.
    Its DC value is the prior variance of the mean brightness times the number of pixels, so it is rescaled from the
    measured size to that of each picture; 0 would force the brightness to `mean`.
    """

    def __init__(
        self, psd: ArrayLike, mean: ArrayLike = 0.0, k: ArrayLike | None = None, side: int | None = None
    ) -> None:
        """Define the prior.

        psd: (R,), or (C, R) with a row per channel, data units squared, orthonormal as from `rapsd`, DC included. mean:
        number or (C,), data units. k: (R,) frequencies of psd, cycles/pixel, increasing from 0; default
        `mean_wavenumbers`. side: of the square pictures that psd was measured on, pixels, default 2 (R - 1). Raise
        ValueError for a negative or non-finite spectrum and for frequencies that do not fit it.
        """
        self.psd = np.atleast_2d(np.asarray(psd, dtype=np.float64))  # (C or 1, R)
        if self.psd.ndim != 2 or self.psd.shape[1] < 2 or not np.all(np.isfinite(self.psd) & (self.psd >= 0)):
            raise ValueError("a spectrum (R,) or (C, R) of finite powers >= 0 is needed")
        self.side = side or 2 * (self.psd.shape[1] - 1)
        self.k = mean_wavenumbers(self.side, self.side) if k is None else np.asarray(k, dtype=np.float64)
        radial_to_2d(self.psd, 2, 2, self.k)  # raises for frequencies that do not fit
        self.mean = torch.as_tensor(np.asarray(mean, dtype=np.float64)).reshape(-1, 1, 1)  # (C or 1, 1, 1)
        self._grids: dict[tuple[int, int], Tensor] = {}

    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return the posterior mean, shape of x (B, C, H, W), any size. Ignores the label; returns x at sigma = 0."""
        h, w = x.shape[-2:]
        work = x if x.dtype == torch.float64 else x.float()
        mean = self.mean.to(work)
        noise = broadcast_sigma(sigma, work) ** 2  # (B, 1, 1, 1)
        gain = 1 / (1 + noise / self.power(h, w).to(work))  # (B, C or 1, H, W // 2 + 1)
        filtered = torch.fft.irfft2(torch.fft.rfft2(work - mean) * gain, s=(h, w))
        return (filtered + mean).to(x.dtype)

    def power(self, h: int, w: int) -> Tensor:
        """Return the prior's power in each bin of rfft2, (C or 1, h, w // 2 + 1) float64, data units squared."""
        grid = self._grids.get((h, w))
        if grid is None:
            spread = radial_to_2d(self.psd, h, w, self.k)
            spread[:, 0, 0] *= (max(h, w) / self.side) ** 2
            grid = torch.from_numpy(np.maximum(spread, MIN_POWER))
            if len(self._grids) >= MAX_CACHED_SIZES:
                self._grids.clear()
            self._grids[h, w] = grid
        return grid

    def spectrum(self, h: int, w: int) -> NDArray[np.float64]:
        """Return the expected `rapsd` of h x w pictures from the prior, (C or 1, R), data units squared."""
        curve = resampled(self.psd, self.k, mean_wavenumbers(h, w))
        curve[:, 0] *= (max(h, w) / self.side) ** 2
        return curve

    def sample(self, eps: Tensor) -> Tensor:
        """Return pictures from the prior: white noise eps (B, C, H, W) filtered by sqrt(P), plus the mean."""
        work = eps if eps.dtype == torch.float64 else eps.float()
        return _coloured(work, self.power(*eps.shape[-2:])) + self.mean.to(work)


def gaussian_field(eps: Tensor, psd: ArrayLike, k: ArrayLike | None = None) -> Tensor:
    """Return stationary Gaussian pictures of zero mean: white noise eps (..., H, W) filtered by sqrt(P).

    psd: (R,) at frequencies k (R,), cycles/pixel, default the nominal ones of an H x W picture. In every bin
    E |fft2 ortho|^2 is `radial_to_2d(psd)`, in the DC bin psd[0].
    """
    h, w = eps.shape[-2:]
    return _coloured(eps, torch.from_numpy(radial_to_2d(psd, h, w, k)))


def _coloured(eps: Tensor, power: Tensor) -> Tensor:
    """eps (..., H, W) with each frequency multiplied by sqrt(power), power (..., H, W // 2 + 1)."""
    return torch.fft.irfft2(torch.fft.rfft2(eps) * power.sqrt().to(eps), s=eps.shape[-2:])
