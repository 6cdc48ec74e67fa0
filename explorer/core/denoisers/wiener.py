"""Denoisers in closed form for Gaussian pictures: the Wiener filter, and pictures to try it on.

For stationary Gaussian pictures with power spectrum P(f) under noise of level sigma, the posterior mean is a
filter, frequency by frequency (Wiener 1949):

    H = P / (P + sigma^2),   x0_hat(f) = H z(f),   spectrum of x0_hat: P H,   of the error: P (1 - H)

and the two add up to P, because estimate and error are orthogonal. For real pictures it is the best that can
be done knowing the spectrum alone; what a network does better is knowledge beyond it (phase, edges).
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
    """H = P / (P + sigma^2), broadcasting psd against sigma; 1 where sigma = 0, whatever P."""
    psd = np.maximum(np.asarray(psd, dtype=np.float64), MIN_POWER)
    return psd / (psd + np.asarray(sigma, dtype=np.float64) ** 2)


class Wiener:
    """The Denoiser of a stationary Gaussian prior, given by its radial spectrum; exact for that prior.

    psd: (R,), or (C, R) one row per channel, data units squared, orthonormal as `rapsd` gives it, DC
    included. mean: number or (C,), data units, taken off before and put back after. side: of the square
    pictures that psd was measured on, default 2 (R - 1). k: (R,) frequencies of psd, cycles/pixel, rising
    from 0; default those where `rapsd` measures at that side (`mean_wavenumbers`). Between them, in the
    corners and on pictures of any other size the spectrum is interpolated and continued by `radial_to_2d`.

    The DC bin is the prior variance of the mean brightness times the number of pixels, so psd[..., 0] is
    scaled from `side` to the picture at hand; 0 would force the brightness to `mean`.
    """

    def __init__(
        self, psd: ArrayLike, mean: ArrayLike = 0.0, k: ArrayLike | None = None, side: int | None = None
    ) -> None:
        """Raises ValueError for a negative or non-finite spectrum, or frequencies that do not fit it."""
        self.psd = np.atleast_2d(np.asarray(psd, dtype=np.float64))  # (C or 1, R)
        if self.psd.ndim != 2 or self.psd.shape[1] < 2 or not np.all(np.isfinite(self.psd) & (self.psd >= 0)):
            raise ValueError("a spectrum (R,) or (C, R) of finite powers >= 0 is needed")
        self.side = side or 2 * (self.psd.shape[1] - 1)
        self.k = mean_wavenumbers(self.side, self.side) if k is None else np.asarray(k, dtype=np.float64)
        radial_to_2d(self.psd, 2, 2, self.k)  # refuses frequencies that do not fit
        self.mean = torch.as_tensor(np.asarray(mean, dtype=np.float64)).reshape(-1, 1, 1)  # (C or 1, 1, 1)
        self._grids: dict[tuple[int, int], Tensor] = {}

    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Posterior mean of x (B, C, H, W); any H and W. The label is ignored. At sigma = 0 it returns x."""
        h, w = x.shape[-2:]
        work = x if x.dtype == torch.float64 else x.float()
        mean = self.mean.to(work)
        noise = broadcast_sigma(sigma, work) ** 2  # (B, 1, 1, 1)
        gain = 1 / (1 + noise / self.power(h, w).to(work))  # (B, C or 1, H, W // 2 + 1)
        filtered = torch.fft.irfft2(torch.fft.rfft2(work - mean) * gain, s=(h, w))
        return (filtered + mean).to(x.dtype)

    def power(self, h: int, w: int) -> Tensor:
        """The prior's power in each bin of rfft2, (C or 1, h, w // 2 + 1) float64."""
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
        """The prior's power at the annuli of an h x w picture, (C or 1, R), as `rapsd` would measure it."""
        curve = resampled(self.psd, self.k, mean_wavenumbers(h, w))
        curve[:, 0] *= (max(h, w) / self.side) ** 2
        return curve

    def sample(self, eps: Tensor) -> Tensor:
        """Pictures drawn from the prior: white noise eps (B, C, H, W) coloured by sqrt(P), plus the mean."""
        work = eps if eps.dtype == torch.float64 else eps.float()
        return _coloured(work, self.power(*eps.shape[-2:])) + self.mean.to(work)


def gaussian_field(eps: Tensor, psd: ArrayLike, k: ArrayLike | None = None) -> Tensor:
    """Stationary Gaussian pictures of zero mean: white noise eps (..., H, W) filtered by sqrt(P).

    psd: (R,) at frequencies k (R,), default the nominal ones of an H x W picture; E |fft2 ortho|^2 is then
    `radial_to_2d(psd)` in every bin, the DC bin exactly psd[0].
    """
    return _coloured(eps, torch.from_numpy(radial_to_2d(psd, *eps.shape[-2:], k)))


def _coloured(eps: Tensor, power: Tensor) -> Tensor:
    """eps (..., H, W) with each frequency multiplied by sqrt(power), power (..., H, W // 2 + 1)."""
    return torch.fft.irfft2(torch.fft.rfft2(eps) * power.sqrt().to(eps), s=eps.shape[-2:])
