"""Agreement of siblings: pictures sampled from one stored state with different noise.

What siblings have in common was determined by the state. Noising a picture and denoising it again preserves coarse
features and redraws fine ones, up to the noise level at which even the subject changes (Sclocchi, Favero & Wyart 2024,
"A phase transition in diffusion models reveals the hierarchical nature of data"; for the correlation length of changes,
Sclocchi, Favero, Levi & Wyart 2024, "Probing the latent hierarchical structure of data via diffusion models").
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor

from explorer.core.spectra.octaves import octave_power, present_power

Array = NDArray[np.float64]


def agreement_per_octave(siblings: Tensor) -> Array:
    """Return the share of power that siblings have in common, |E S|^2 / E |S|^2, per octave, coarsest first: (n,).

    siblings: (N, C, H, W), N >= 2, data units. S is a sibling's windowed spectrum, M that of their mean picture:

        (N |M|^2 - mean |S|^2) / ((N - 1) mean |S|^2),   powers summed over the octave and the channels

    The numerator is (N - 1) times the mean product of two different siblings, so numerator and denominator are unbiased
    for any N; |M|^2 alone would contain 1 / N of the rest. 1 for identical siblings, 0 on average for independent ones,
    at least -1 / (N - 1); nan in octaves without power. Raise ValueError for fewer than two siblings.
    """
    _check_siblings(siblings)
    count, common = len(siblings), octave_power(siblings.cpu().double().mean(0))
    power = present_power(siblings)
    return (count * common - power) / ((count - 1) * power)


def disagreement_map(siblings: Tensor) -> Array:
    """Return the standard deviation across siblings (N, C, H, W), rms over the channels: (H, W), data units.

    Its square is unbiased (N - 1 in the denominator). Raise ValueError for fewer than two siblings.
    """
    _check_siblings(siblings)
    return siblings.cpu().double().var(0).mean(0).sqrt().numpy()


def correlation_length(change: Tensor, level: float = float(np.exp(-1))) -> float:
    """Return the distance in pixels at which the radial autocorrelation of a change first falls below level.

    change: (C, H, W) or (N, C, H, W), such as siblings minus their mean. The mean of each channel is subtracted;
    products of pixel pairs are averaged over pictures, channels and rings one pixel wide, without wrapping around the
    edges. Interpolation between the mean distances of two rings is linear, so white noise has 0.76 pixels, not 0; a
    Gaussian blur of standard deviation s has 2 s. Lengths comparable to the picture are underestimated, because the
    mean is subtracted. nan without any change; inf if it does not fall below level within the shorter side.
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
    products = torch.fft.irfft2(power, s=padded).numpy()[dy, dx]  # negative lags index from the end
    pairs = (h - np.abs(dy)) * (w - np.abs(dx))
    distance = np.hypot(dy, dx)
    ring = np.round(distance).astype(int)
    inner = ring < min(h, w)

    def total(values: Array) -> Array:
        return np.bincount(ring[inner], values[inner]).astype(np.float64)

    correlation = total(products) / total(pairs)
    scale = correlation[0] if correlation[0] > 0 else np.nan
    return total(pairs * distance) / total(pairs), correlation / scale


def _check_siblings(siblings: Tensor) -> None:
    if siblings.ndim != 4 or len(siblings) < 2:
        raise ValueError(f"at least two siblings (N, C, H, W) are needed, got {tuple(siblings.shape)}")
