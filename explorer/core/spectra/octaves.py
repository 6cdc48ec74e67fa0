"""What of the final picture is already fixed in the estimates of a sampling run, octave by octave.

    share_b(i) = 1 - |F(x0_i) - F(final)|^2_b / |F(final)|^2_b

with F the windowed transform of `windowed_rapsd` and b one of the octaves of `octave_edges`, coarsest first, DC and
corners left out. For Gaussian pictures and their exact denoiser the mean share is the Wiener gain P / (P + sigma^2),
so octaves pass one half where their power meets the noise, one after another if the spectrum falls.

Where a picture has no power there is nothing to fix, and every function here says nan or leaves the octave out.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from torch import Tensor

from explorer.core.spectra.radial import windowed_rapsd
from explorer.core.spectra.scales import feature_size, octave_edges, octave_means

Array = NDArray[np.float64]

ROUNDING_SHARE = 2.0**-21  # four times float32's; what is fainter than this share of the largest value is not content
FIXED_LEVEL = 0.5  # share from which an octave counts as fixed


def fixed_shares(estimates: Tensor, final: Tensor) -> Array:
    """Share of the final picture fixed in each estimate, per octave: (S, n) float64, coarsest octave first.

    estimates (S, C, H, W): x0 of every step, the last one the final picture itself. final (C, H, W), data units. Powers
    are means over the channels. 1 where estimate and picture agree, 0 for an empty estimate; below 0 where the
    estimate holds other content than the picture will, as early ones of a stochastic run do, and not clipped. nan in
    octaves where the picture has no power. Raises ValueError for shapes that do not fit or a side below 4 pixels.
    """
    if estimates.ndim != 4 or estimates.shape[1:] != final.shape:
        raise ValueError(f"estimates {tuple(estimates.shape)} do not fit a picture {tuple(final.shape)}")
    final = final.cpu().double()
    missing = np.stack([octave_power(estimate.cpu().double() - final) for estimate in estimates])  # (S, n)
    return 1 - missing / present_power(final)


def octave_power(pictures: Tensor) -> Array:
    """Windowed power per FFT bin in each octave, mean of the channels: (..., C, H, W) -> (..., n), data units squared.

    Raises ValueError for a side below 4 pixels, where there is no octave.
    """
    return octave_means(windowed_rapsd(pictures.cpu().double()).mean(-2).numpy(), *pictures.shape[-2:])


def present_power(picture: Tensor) -> Array:
    """`octave_power` of (C, H, W) or of pictures (N, C, H, W) on average, (n,); nan where it is but rounding."""
    power = octave_power(picture)
    power = power if power.ndim == 1 else power.mean(0)
    return np.where(power > (ROUNDING_SHARE * float(picture.abs().max())) ** 2, power, np.nan)


def passing_steps(shares: ArrayLike, level: float = FIXED_LEVEL) -> Array:
    """The step from which each octave's share stays at or above level until the end, (S, n) -> (n,).

    Fractional: interpolated between the last step below the level and the next. 0 if never below; nan if still below
    at the last step, or where a share is nan.
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
    """Spearman's rho of octave (coarse to fine) and passing step, (n,) -> [-1, 1]; 1: strictly coarse to fine.

    Ties take their mean rank, octaves that are nan are left out. nan for fewer than three octaves or if all pass at
    the same step.
    """
    passing = np.asarray(passing, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(passing))
    if len(known) < 3 or np.ptp(passing[known]) == 0:
        return float("nan")
    return float(stats.spearmanr(known, passing[known]).statistic)


def decided_size(shares_at_step: ArrayLike, h: int, w: int, level: float = FIXED_LEVEL) -> float:
    """Feature size 1 / (2 f), pixels, down to which everything from the coarsest octave on is at or above level.

    shares_at_step (n,): shares, or any curve over the octaves of an h x w picture such as `agreement_per_octave`. f is
    where the first octave below the level is entered, interpolated in ln f between the centres (geometric means) of the
    two octaves. inf if the coarsest is below already, 1 if none is. nan octaves are left out; all nan: nan. Raises
    ValueError where the shares are not one per octave.
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
