"""What a denoiser keeps of pictures from the noisiest level to the cleanest, as power spectra.

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

LEVELS = np.geomspace(0.02, 20.0, 19)  # sigma, data units, rising
HIGH = 1 / 8  # cycles/pixel; from here on waves are shorter than 8 pixels: the two highest octaves


class Films(NamedTuple):
    """Spectra, mean of the colours, data units squared. K levels, S seeds, N pictures, R annuli."""

    clean: Array  # (N, R)
    estimate: Array  # (K, S, N, R)
    side: int  # pixels


@lru_cache(maxsize=2)  # two claims look at the same films; pictures and denoisers are told apart by identity
@torch.inference_mode()
def films(denoiser: Denoiser, pictures: Tensor) -> Films:
    """The estimates of every picture (N, C, L, L) at every level, one noise per picture and seed at all levels."""
    eps = [noise_like(pictures, seed) for seed in SEEDS]
    estimate = [[spectrum(denoiser(pictures + sigma * noise, sigma)) for noise in eps] for sigma in LEVELS.tolist()]
    return Films(spectrum(pictures), np.array(estimate), pictures.shape[-1])


def spectrum(pictures: Tensor) -> Array:
    """Power spectrum under a Hann window, mean of the colours: (N, C, L, L) -> (N, R) float64."""
    return windowed_rapsd(pictures.double()).mean(1).numpy()


def high_energy(power: Array, side: int) -> Array:
    """Energy from HIGH to 0.5 cycles/pixel, the corners left out: (..., R) -> (...)."""
    member = wavenumbers(side, side) >= HIGH
    return power @ (counts(side, side) * member)
