"""Siblings: pictures continued from one stored state with fresh noise. Where they agree, the state has decided.

Noise a picture, denoise it again, and see what has changed: coarse things stay and fine ones are drawn anew, up to
the noise level where even the subject changes (Sclocchi, Favero & Wyart 2024, "A phase transition in diffusion models
reveals the hierarchical nature of data"; for the length over which changes hang together, Sclocchi, Favero, Levi &
Wyart 2024, "Probing the latent hierarchical structure of data via diffusion models").
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor

from explorer.core.spectra.octaves import octave_power, present_power

Array = NDArray[np.float64]


def agreement_per_octave(siblings: Tensor) -> Array:
    """Share of power that siblings have in common, |E S|^2 / E |S|^2, per octave, coarsest first: (n,) float64.

    siblings (N, C, H, W), N >= 2, data units. S is a sibling's windowed spectrum, M that of their mean picture:

        (N |M|^2 - mean |S|^2) / ((N - 1) mean |S|^2),   powers summed over the octave and the channels

    The numerator is (N - 1) times the mean product of two different siblings, so it and the denominator are without
    bias for any N, where |M|^2 alone would hold 1 / N of what is not common. 1 for identical siblings; for independent
    ones 0 on average, a single value being as low as -1 / (N - 1). nan in octaves without power. Raises ValueError for
    fewer than two siblings.
    """
    _check_siblings(siblings)
    count, common = len(siblings), octave_power(siblings.cpu().double().mean(0))
    power = present_power(siblings)
    return (count * common - power) / ((count - 1) * power)


def disagreement_map(siblings: Tensor) -> Array:
    """Standard deviation across siblings (N, C, H, W), root mean square of the channels: (H, W), data units.

    Its square is without bias (N - 1 in the denominator). Raises ValueError for fewer than two siblings.
    """
    _check_siblings(siblings)
    return siblings.cpu().double().var(0).mean(0).sqrt().numpy()


def correlation_length(change: Tensor, level: float = float(np.exp(-1))) -> float:
    """Distance in pixels at which the radial autocorrelation of a change first falls below level.

    change (C, H, W) or (N, C, H, W), such as siblings less their mean. The mean of each channel is taken off; products
    of pixel pairs are pooled over pictures, channels and rings of one pixel's width, by number of pairs, nothing being
    wrapped around an edge. Linear between the mean distances of two rings, so white noise has 0.76 pixels, not 0; a
    Gaussian blur of standard deviation s has 2 s. A length that is not small against the picture comes out too short,
    because the mean is taken off. nan where nothing changed; inf if it never falls within the shorter side.
    """
    distance, correlation = _autocorrelation(change.cpu().double())
    below = np.flatnonzero(correlation < level)
    if np.isnan(correlation[0]):
        return float("nan")
    if len(below) == 0:
        return float("inf")
    i = int(below[0])
    part = (correlation[i - 1] - level) / (correlation[i - 1] - correlation[i])
    return float(distance[i - 1] + part * (distance[i] - distance[i - 1]))


def _autocorrelation(change: Tensor) -> tuple[Array, Array]:
    """Mean distance of each ring and normalised autocorrelation there, both (min(H, W),), from distance 0 on.

    Padded with zeros to twice the size, the transform's circular products are those of true pairs (Wiener-Khinchin).
    """
    h, w = change.shape[-2:]
    field = change - change.mean((-2, -1), keepdim=True)
    padded = next_fast_len(2 * h - 1, real=True), next_fast_len(2 * w - 1, real=True)
    power = torch.fft.rfft2(field, s=padded).abs().square().reshape(-1, padded[0], padded[1] // 2 + 1).mean(0)
    dy, dx = np.arange(1 - h, h)[:, None], np.arange(1 - w, w)
    products = torch.fft.irfft2(power, s=padded).numpy()[dy, dx]  # negative lags count from the padded end
    pairs = (h - np.abs(dy)) * (w - np.abs(dx))
    distance = np.hypot(dy, dx)
    ring = np.round(distance).astype(int)
    inner = ring < min(h, w)

    def total(values: Array) -> Array:
        return np.bincount(ring[inner], values[inner])

    correlation = total(products) / total(pairs)
    scale = correlation[0] if correlation[0] > 0 else np.nan
    return total(pairs * distance) / total(pairs), correlation / scale


def _check_siblings(siblings: Tensor) -> None:
    if siblings.ndim != 4 or len(siblings) < 2:
        raise ValueError(f"at least two siblings (N, C, H, W) are needed, got {tuple(siblings.shape)}")
