"""What the claims about autoencoders are measured on: the shipped ones, the example pictures at 32x32, their noise.

The examples are no training pictures, and few; the evaluation's own figures are over hundreds of held-out pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer import autoencoders, examples, weights
from explorer.claims._inputs import noise_like
from explorer.claims._statistics import Array
from explorer.core.denoiser import Denoiser
from explorer.core.networks.autoencoder import SIDE
from explorer.core.spectra.radial import octave_edges, rapsd
from explorer.core.spectra.scales import octave_means

NOISE_SEEDS = range(4)  # noises per picture
LEAST_SIGMA = 0.01  # noise level given for pictures without noise, data units
OCTAVE_NAMES = tuple(f"waves of {1 / low:.0f} to {1 / high:.0f} pixels" for low, high in
                zip(octave_edges(SIDE, SIDE)[:-1], octave_edges(SIDE, SIDE)[1:], strict=True))  # fmt: skip

Load = Callable[[str], Any]  # name of an autoencoder -> the autoencoder
Card = Callable[[str], dict]  # name of a weight file -> its card


@cache
@torch.inference_mode(False)  # cached, and some claims need gradients
def autoencoder(name: str) -> Any:  # noqa: ANN401 - a Module of the class that its card names
    """Return the shipped autoencoder of that name. Raises WeightsRefused."""
    return autoencoders.load_autoencoder(name)


def card(name: str) -> dict:
    """Return the shipped card of that weight file. Raises WeightsRefused."""
    return weights.card(name, autoencoders.FOLDER)


@lru_cache(maxsize=1)
@torch.inference_mode(False)  # cached, and some claims need gradients
def small_pictures() -> Tensor:
    """Return the shipped example pictures, (N, 3, 32, 32) float32 in [-1, 1], without their mirror images."""
    return torch.from_numpy(np.ascontiguousarray(examples.views(SIDE)[::2]))


@torch.inference_mode()
def wrong(denoiser: Denoiser, x0: Tensor, sigma: float) -> Tensor:
    """Return D(x0 + sigma eps, sigma) - x0 of pictures (N, C, H, W), (draws, N, C, H, W); eps is that of all levels."""
    eps = torch.stack([noise_like(x0, seed) for seed in NOISE_SEEDS])
    estimate = denoiser((x0 + sigma * eps).flatten(0, 1), sigma)
    return estimate.view_as(eps) - x0


def error(denoiser: Denoiser, x0: Tensor, sigma: float) -> Array:
    """Return the mean squared error at that noise level by picture, (N,), data units squared."""
    return by_picture(wrong(denoiser, x0, sigma)).mean(0)


@torch.inference_mode()
def clean_error(denoiser: Denoiser, x0: Tensor) -> Array:
    """Return the mean squared error on the pictures without noise, (N,), data units squared."""
    return by_picture(denoiser(x0, LEAST_SIGMA) - x0)


def by_picture(difference: Tensor) -> Array:
    """Return the mean square over colours and pixels, (..., C, H, W) -> (...) float64."""
    return difference.double().square().mean((-3, -2, -1)).numpy()


def octave_power(pictures: Tensor) -> Array:
    """Return the mean power in each octave, mean of the colours, coarsest first: (..., C, H, W) -> (..., n)."""
    return octave_means(rapsd(pictures.double()).mean(-2).numpy(), *pictures.shape[-2:])
