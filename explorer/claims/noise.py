"""Claims about the noise itself: white, Gaussian, independent from pixel to pixel, averaged out by pooling.

A test of many numbers at once would find some beyond any single-number interval by chance, so the intervals here
are widened (Bonferroni): noise that is truly white fails a claim with a probability of FALSE_ALARM in all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor
from torch.nn.functional import avg_pool2d

from explorer.claims._inputs import Noise, example_pictures, noise_like, page_noise
from explorer.claims._statistics import Array, chi_square_interval
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.spectra.radial import counts, error_band, rapsd

FALSE_ALARM = 1e-3  # probability that white noise fails a claim
SIGMAS = (0.1, 1.0, 10.0)  # sigma, data units
NOISE_PICTURES, SIDE = 8, 256  # noise pictures for covariances and pooling; pixels
MAX_ONE_CORRELATION = 3.0  # bound of one correlation, in units of 1 / sqrt(N)
BLOCK_SIDES, MAX_POOL_DEVIATION = (2, 4, 8), 0.02


@claim(
    "C14", text="A", quote="corrupting them with additive noise",
    shown="noise inspector: histogram, variance and spectrum of the noisy picture less the clean one",
    prediction="what is added to a picture has the variance sigma^2 (chi-square interval), a spectrum that is flat "
    "within sqrt(2 / n) per annulus of n bins, and a normal distribution (Kolmogorov-Smirnov), at sigma 0.1, 1 and 10; "
    f"intervals widened so that white noise fails once in {1 / FALSE_ALARM:.0f}",
)  # fmt: skip
def additive_noise(*, pictures: Tensor | None = None, noise: Noise = page_noise) -> Verdict:
    """Test variance, spectrum, distribution of (x - x0) / sigma (Dieleman 2022; Karras et al. 2022, eq. 2)."""
    x0 = example_pictures() if pictures is None else pictures
    added = []
    for seed, sigma in enumerate(SIGMAS):
        x = x0 + sigma * noise_like(x0, seed, noise)
        added.append((x - x0) / sigma)  # (N, C, H, W)
    false_alarm = FALSE_ALARM / 3 / len(SIGMAS)  # three tests at each level
    low, high = chi_square_interval(x0.numel(), false_alarm)
    variances = np.array([float(e.double().square().mean()) for e in added])
    flat = [flatness(e, false_alarm) for e in added]
    outside, furthest = max(f.outside for f in flat), max(f.furthest for f in flat)
    normal = min(stats.kstest(e.double().numpy().ravel(), "norm").pvalue for e in added)
    measured = {
        "variance / sigma^2, mean of three levels": variances.mean(),
        "smallest variance / sigma^2": variances.min(),
        "smallest allowed": low,
        "largest variance / sigma^2": variances.max(),
        "largest allowed": high,
        "annuli outside their interval": outside,
        "furthest annulus from sigma^2, in units of sqrt(2 / n)": furthest,
        "Kolmogorov-Smirnov, smallest p": normal,
        "smallest p allowed": false_alarm,
    }
    holds = low <= variances.min() and variances.max() <= high and outside == 0 and normal >= false_alarm
    few, many = chi_square_interval(x0.numel() * len(SIGMAS))
    return verdict("C14", measured, holds, (variances.mean() / many, variances.mean() / few))


class Flatness(NamedTuple):
    """How flat a spectrum is."""

    outside: int  # annuli outside their interval
    furthest: float  # largest distance from 1, in units of sqrt(2 / n)


def flatness(unit_noise: Tensor, false_alarm: float) -> Flatness:
    """Return how far the spectrum of unit white noise (N, C, H, W) is from flat at 1.

    The n bins of an annulus hold n real degrees of freedom, so n R is chi-square with n of them, exactly. White noise
    leaves the intervals, all annuli together, with probability `false_alarm`.
    """
    h, w = unit_noise.shape[-2:]
    draws = unit_noise[:, :, 0, 0].numel()
    power = rapsd(unit_noise.double()).mean((0, 1)).numpy()  # (R,)
    bounds = np.array([chi_square_interval(n * draws, false_alarm / len(power)) for n in counts(h, w)])  # (R, 2)
    outside = (power < bounds[:, 0]) | (power > bounds[:, 1])
    return Flatness(int(outside.sum()), float(np.abs((power - 1) / error_band(h, w, draws)).max()))


@claim(
    "C30", text="A", quote="adding noise to each input element independently",
    shown="covariance of a pixel's noise with that of its neighbours, and the noise spectrum",
    prediction="the correlation of the noise at two different pixels or colours, mean of N products, is 0 within "
    f"{MAX_ONE_CORRELATION:g} / sqrt(N): of some thousand lags, no more and none further beyond it than chance "
    f"explains, and the spectrum is flat; white noise fails once in {1 / FALSE_ALARM:.0f}",
)  # fmt: skip
def independent_noise(*, noise: Noise = page_noise) -> Verdict:
    """Measure correlations over all lags of half the plane, and between colours (Dieleman 2022), in 1 / sqrt(N).

    One correlation of white noise lies beyond 3 / sqrt(N) with probability 0.0027; of the thousands of lags some do.
    """
    eps = torch.stack(
        [noise((3, SIDE // 2, SIDE // 2), seed) for seed in range(NOISE_PICTURES)]
    ).double()  # (D, 3, H, W)
    lags = _lag_correlations(eps) * np.sqrt(eps.numel())  # (lags,) standard normal if white
    colours = _colour_correlations(eps) * np.sqrt(eps[:, 0].numel())  # (3,)
    both = np.abs(np.concatenate([lags, colours]))
    beyond = int((both > MAX_ONE_CORRELATION).sum())
    allowed = stats.binom.isf(FALSE_ALARM / 3, len(both), 2 * stats.norm.sf(MAX_ONE_CORRELATION))
    furthest = stats.norm.isf(FALSE_ALARM / 3 / len(both) / 2)
    outside = flatness(eps, FALSE_ALARM / 3).outside
    measured = {
        "largest correlation, in units of 1 / sqrt(N)": both.max(),
        "largest allowed, in units of 1 / sqrt(N)": furthest,
        f"correlations beyond {MAX_ONE_CORRELATION:g} / sqrt(N)": beyond,
        f"correlations beyond {MAX_ONE_CORRELATION:g} / sqrt(N) allowed": allowed,
        "correlations in all": len(both),
        "largest of the eight nearest pixels, in units of 1 / sqrt(N)": _nearest(eps, lags),
        "annuli outside their interval": outside,
    }
    return verdict("C30", measured, both.max() <= furthest and beyond <= allowed and outside == 0)


def _lag_correlations(eps: Tensor) -> Array:
    """Circular autocorrelation at each lag once: rows 0 (columns 1 to W/2 - 1) and 1 to H/2 - 1 (all columns)."""
    h, w = eps.shape[-2:]
    power = torch.fft.fft2(eps).abs().square().mean((0, 1))
    covariance = torch.fft.ifft2(power).real.numpy()  # (H, W)
    correlation = covariance / covariance[0, 0]
    return np.concatenate([correlation[0, 1 : w // 2], correlation[1 : h // 2].ravel()])


def _nearest(eps: Tensor, lags: Array) -> float:
    """Largest of the lags (0, 1), (1, 0), (1, 1) and (1, -1), which stand for their mirror images too."""
    w = eps.shape[-1]
    first = w // 2 - 1  # position of lag (1, 0)
    return float(np.abs(lags[[0, first, first + 1, first + w - 1]]).max())


def _colour_correlations(eps: Tensor) -> Array:
    """Correlation of red with green, red with blue, green with blue at the same pixel, (3,)."""
    colours = eps.transpose(0, 1).flatten(1)
    matrix = (colours @ colours.T / colours.square().mean() / colours.shape[1]).numpy()
    return matrix[np.triu_indices(3, 1)]


@claim(
    "C32", text="A", quote="we average out the noise",
    shown="pooling slider: the noisy picture averaged over blocks of b x b pixels",
    prediction="averaging b x b pixels leaves noise of standard deviation sigma / b, within "
    f"{MAX_POOL_DEVIATION:.0%} for b = 2, 4 and 8",
)  # fmt: skip
def pooling(*, noise: Noise = page_noise) -> Verdict:
    """Measure the standard deviation of pooled unit noise times b, no units; 1 for independent pixels."""
    eps = torch.stack([noise((3, SIDE, SIDE), seed) for seed in range(NOISE_PICTURES)]).double()
    ratio = {b: float(avg_pool2d(eps, b).square().mean().sqrt()) * b for b in reversed(BLOCK_SIDES)}
    low, high = np.sqrt(chi_square_interval(eps.numel() / BLOCK_SIDES[-1] ** 2))
    measured = {f"std of {b} x {b} means / (sigma / {b})": value for b, value in ratio.items()}
    holds = max(abs(value - 1) for value in ratio.values()) <= MAX_POOL_DEVIATION
    return verdict("C32", measured, holds, (ratio[BLOCK_SIDES[-1]] / high, ratio[BLOCK_SIDES[-1]] / low))
