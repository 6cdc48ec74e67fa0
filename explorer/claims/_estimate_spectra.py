"""Power spectra of a denoiser's estimates of pictures, from the noisiest level to the cleanest.

The opposite edges of a photograph do not match, and that step is in a smooth estimate as strong as in the picture. It
would pass for detail, so these spectra are those of windowed pictures (`windowed_rapsd`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from explorer.claims._inputs import SEEDS, noise_like
from explorer.claims._statistics import Array
from explorer.core.denoiser import Denoiser
from explorer.core.spectra.radial import counts, wavenumbers, windowed_rapsd

SIGMAS = np.geomspace(0.02, 20.0, 19)  # sigma, data units, rising
MIN_HIGH_WAVENUMBER = 1 / 8  # cycles/pixel; from here on waves are shorter than 8 pixels: the two highest octaves


class EstimateSpectra(NamedTuple):
    """Spectra, mean of the colours, data units squared. K levels, S seeds, N pictures, R annuli."""

    clean: Array  # (N, R)
    estimate: Array  # (K, S, N, R)
    side: int  # pixels


@lru_cache(maxsize=2)  # two claims measure the same spectra; pictures and denoisers are compared by identity
@torch.inference_mode()
def estimate_spectra(denoiser: Denoiser, pictures: Tensor) -> EstimateSpectra:
    """Return the spectra of the estimates of every picture (N, C, L, L) at every level of SIGMAS.

    Each picture and seed has one noise, the same at all levels.
    """
    eps = [noise_like(pictures, seed) for seed in SEEDS]
    estimate = [[spectrum(denoiser(pictures + sigma * noise, sigma)) for noise in eps] for sigma in SIGMAS.tolist()]
    return EstimateSpectra(spectrum(pictures), np.array(estimate), pictures.shape[-1])


def spectrum(pictures: Tensor) -> Array:
    """Return the power spectrum under a Hann window, mean of the colours: (N, C, L, L) -> (N, R) float64."""
    return windowed_rapsd(pictures.double()).mean(1).numpy()


def high_energy(power: Array, side: int) -> Array:
    """Return the energy from MIN_HIGH_WAVENUMBER to 0.5 cycles/pixel, without the corners: (..., R) -> (...)."""
    inside = wavenumbers(side, side) >= MIN_HIGH_WAVENUMBER
    return power @ (counts(side, side) * inside)
