"""Annuli of the FFT plane: their bins and frequencies, and interpolation of radial curves.

Annulus r contains the bins (u, v) with r = round(L sqrt(fx^2 + fy^2)), L = max(H, W), r = 0..L // 2, where fx and fy
are frequencies in cycles/pixel: circles in frequency, not in index, also for pictures that are not square. Bins beyond
r = L // 2 are the corners, 19.7 % of all at 64x64 and 1 - pi / 4 = 21.5 % in the limit.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
MIN_POWER = 1e-30  # data units squared; replaces smaller powers before a logarithm or a division


def radii(h: int, w: int) -> NDArray[np.int64]:
    """Return the annulus r of each FFT bin, (h, w); in the corners r > max(h, w) // 2. Raise ValueError below 1x1."""
    if h < 1 or w < 1:
        raise ValueError(f"a picture needs at least one pixel, got {h}x{w}")
    return np.round(max(h, w) * _frequency(h, np.fft.fftfreq(w))).astype(np.int64)


def wavenumbers(h: int, w: int) -> Array:
    """Return the nominal frequency r / L of each annulus, (R,), R = max(h, w) // 2 + 1, cycles/pixel, up to 0.5."""
    size = max(h, w)
    return np.arange(size // 2 + 1) / size


def mean_wavenumbers(h: int, w: int) -> Array:
    """Return the effective frequency of each annulus' mean power, (mean of f^-2)^(-1/2), (R,), cycles/pixel.

    It is above r / L in the first annuli, 1.15 / L at r = 1, where a curve drawn at the nominal frequency is a quarter
    too low. Exact for spectra 1 / f^2, within 5 % of the power for 1 / f to 1 / f^3.
    """
    count = counts(h, w)
    f = _frequency(h, np.fft.fftfreq(w)).ravel()
    f[0] = np.inf  # the DC bin is alone in its annulus and comes out as 0 below
    inverse = np.bincount(radii(h, w).ravel(), f**-2)[: len(count)] / count
    return np.append(0.0, inverse[1:] ** -0.5)


def counts(h: int, w: int) -> NDArray[np.int64]:
    """Return the number of FFT bins in each annulus, (R,), conjugate pairs counted twice."""
    return np.bincount(radii(h, w).ravel())[: max(h, w) // 2 + 1]


def error_band(h: int, w: int, draws: int = 1) -> Array:
    """Return the relative standard deviation sqrt(2 / n_r) of each annulus for Gaussian noise, (R,).

    draws: number of independent spectra (channels, noise draws) in the mean. A bin and its conjugate are one
    exponential variable counted twice (variance 4 per pair); a self-conjugate bin is chi-square with one degree of
    freedom (variance 2). Both contribute 2 per bin, so the formula is exact, at DC too.
    """
    return np.sqrt(2.0 / (counts(h, w) * draws))


def radial_to_2d(curve: ArrayLike, h: int, w: int, k: ArrayLike | None = None) -> Array:
    """Return radial curves (..., R) at the bins of rfft2, (..., h, w // 2 + 1), by log-log interpolation.

    k: (R,) frequencies of the curve, cycles/pixel, increasing from 0; default the nominal ones of an h x w picture.
    Beyond the last k, as in the corners, the power law fitted to the last octave continues, and below the first
    non-zero k that of the first two octaves. The DC bin is curve[0]. Raise ValueError for frequencies that do not fit.
    """
    curve = np.asarray(curve, dtype=np.float64)
    k = wavenumbers(h, w) if k is None else np.asarray(k, dtype=np.float64)
    if k.shape != curve.shape[-1:] or len(k) < 2 or k[0] != 0 or np.any(np.diff(k) <= 0):
        raise ValueError("a radial curve (..., R) needs R rising frequencies, the first of them 0")
    f = _frequency(h, np.fft.rfftfreq(w))  # (h, w // 2 + 1)
    rows = [_log_interpolate(f, k[1:], row[1:]) for row in curve.reshape(-1, len(k))]
    grid = np.stack(rows)
    grid[:, 0, 0] = curve.reshape(-1, len(k))[:, 0]
    return grid.reshape(*curve.shape[:-1], *f.shape)


def resampled(curve: ArrayLike, k: ArrayLike, f: ArrayLike) -> Array:
    """Return radial curves (..., R) at k (R,), k[0] = 0, interpolated as by `radial_to_2d` at f (M,): (..., M)."""
    curve, k, f = (np.asarray(a, dtype=np.float64) for a in (curve, k, f))
    rows = np.stack([np.where(f > 0, _log_interpolate(f, k[1:], row[1:]), row[0]) for row in curve.reshape(-1, len(k))])
    return rows.reshape(*curve.shape[:-1], len(f))


def _frequency(h: int, fx: NDArray[np.floating]) -> Array:
    """Radial frequency of each bin, (h, len(fx)), cycles/pixel."""
    fy = np.fft.fftfreq(h)[:, None]
    return np.sqrt(fx**2 + fy**2, dtype=np.float64)


def _log_interpolate(f: Array, k: Array, values: Array) -> Array:
    """values (R,) at k > 0 interpolated at f > 0: piecewise power laws, continued beyond both ends."""
    log_k, log_v = np.log(k), np.log(np.maximum(values, MIN_POWER))
    log_f = np.log(np.where(f > 0, f, k[0]))
    low, high = _slope(log_k, log_v, k <= 4 * k[0]), _slope(log_k, log_v, k >= k[-1] / 2)
    inside = np.interp(log_f, log_k, log_v)
    return np.exp(inside + low * np.minimum(log_f - log_k[0], 0) + high * np.maximum(log_f - log_k[-1], 0))


def _slope(log_k: Array, log_v: Array, chosen: NDArray[np.bool_]) -> float:
    x, y = log_k[chosen], log_v[chosen]
    spread = x - x.mean()
    power = float(spread @ spread)
    return float(spread @ y) / power if power > 0 else 0.0
