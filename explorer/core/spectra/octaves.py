"""Share of the final picture that the estimates of a sampling run already contain, per octave.

    share_b(i) = 1 - |F(x0_i) - F(final)|^2_b / |F(final)|^2_b

with F the windowed transform of `windowed_rapsd` and b one of the octaves of `octave_edges`, coarsest first, without DC
and corners. For Gaussian pictures and their exact denoiser the mean share is the Wiener gain P / (P + sigma^2), so an
octave passes one half where its power equals the noise's, one after another if the spectrum decreases.

In octaves where a picture has no power the share is nan, and summaries ignore it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from torch import Tensor

from explorer.core.spectra.radial import windowed_rapsd
from explorer.core.spectra.scales import feature_size, octave_edges, octave_means

Array = NDArray[np.float64]

ROUNDING_SHARE = 2.0**-21  # of the largest value: four times float32's rounding; fainter amplitudes count as none
FIXED_LEVEL = 0.5  # share at or above which an octave counts as fixed


def fixed_shares(estimates: Tensor, final: Tensor) -> Array:
    """Return the share of the final picture fixed in each estimate, per octave: (S, n) float64, coarsest first.

    estimates: (S, C, H, W), x0 of every step, the last one the final picture itself. final: (C, H, W), data units.
    Powers are means over the channels. The share is 1 where estimate and picture agree, 0 for an empty estimate, and
    negative (not clipped) where the estimate has content that the picture lacks, as early in stochastic runs; nan in
    octaves without power. Raise ValueError for shapes that do not fit and for a picture below 4 pixels.
    """
    if estimates.ndim != 4 or estimates.shape[1:] != final.shape:
        raise ValueError(f"estimates {tuple(estimates.shape)} do not fit a picture {tuple(final.shape)}")
    final = final.cpu().double()
    missing = np.stack([octave_power(estimate.cpu().double() - final) for estimate in estimates])  # (S, n)
    return 1 - missing / present_power(final)


def octave_power(pictures: Tensor) -> Array:
    """Return the windowed power per FFT bin in each octave, mean of the channels: (..., C, H, W) -> (..., n).

    Data units squared. Raise ValueError for a picture below 4 pixels, where there is no octave.
    """
    return octave_means(windowed_rapsd(pictures.cpu().double()).mean(-2).numpy(), *pictures.shape[-2:])


def present_power(picture: Tensor) -> Array:
    """Return `octave_power` of (C, H, W), or its mean for (N, C, H, W): (n,); nan where it is rounding error only."""
    power = octave_power(picture)
    power = power if power.ndim == 1 else power.mean(0)
    return np.where(power > (ROUNDING_SHARE * float(picture.abs().max())) ** 2, power, np.nan)


def passing_steps(shares: ArrayLike, level: float = FIXED_LEVEL) -> Array:
    """Return the step from which each octave's share stays at or above level, (S, n) -> (n,).

    Interpolated between the last step below the level and the next one. 0 if never below; nan if below at the last
    step, or where a share is nan.
    """
    shares = np.asarray(shares, dtype=np.float64)
    return np.array([_passing_step(octave, level) for octave in shares.T])


def _passing_step(share: Array, level: float) -> float:
    below = np.flatnonzero(share < level)
    if np.isnan(share).any() or share[-1] < level:
        return float("nan")
    if len(below) == 0:
        return 0.0
    last = int(below[-1])
    return last + float((level - share[last]) / (share[last + 1] - share[last]))


def rank_correlation(passing: ArrayLike) -> float:
    """Return Spearman's rho between octave (coarse to fine) and passing step (n,); 1: strictly coarse to fine.

    Ties have their mean rank; nan octaves are ignored. nan for fewer than three octaves or if all pass at one step.
    """
    passing = np.asarray(passing, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(passing))
    if len(known) < 3 or np.ptp(passing[known]) == 0:
        return float("nan")
    return float(stats.spearmanr(known, passing[known]).statistic)


def decided_size(shares_at_step: ArrayLike, h: int, w: int, level: float = FIXED_LEVEL) -> float:
    """Return the feature size 1 / (2 f), pixels, down to which all octaves from the coarsest on are at or above level.

    shares_at_step: (n,), or any curve over the octaves of an h x w picture such as `agreement_per_octave`. f is the
    crossing of the level, interpolated in ln f between the centres (geometric means) of the last octave above it and
    the first one below. inf if the coarsest octave is below, 1 if none is. nan octaves are ignored; nan if all are.
    Raise ValueError where the shares are not one per octave.
    """
    share, edges = np.asarray(shares_at_step, dtype=np.float64), octave_edges(h, w)
    if share.shape != (len(edges) - 1,):
        raise ValueError(f"a picture of {h}x{w} has {len(edges) - 1} octaves, got shares {share.shape}")
    known = ~np.isnan(share)
    share, log_f = share[known], np.log(edges[:-1] * edges[1:])[known] / 2
    below = np.flatnonzero(share < level)
    if len(share) == 0:
        return float("nan")
    if len(below) == 0:
        return feature_size(edges[-1])
    i = int(below[0])
    if i == 0:
        return float("inf")
    part = (share[i - 1] - level) / (share[i - 1] - share[i])
    return feature_size(float(np.exp(log_f[i - 1] + part * (log_f[i] - log_f[i - 1]))))
