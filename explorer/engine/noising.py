"""A picture under rising noise, its spectra, and a model's estimates at every level."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.core.spectra import radial
from explorer.images import decoder
from explorer.schemas import SIGMA_RANGE, DenoisedLevels, NoisedPicture, NoisingRequest

CROSSOVER_LEVELS = 193  # noise levels of the crossover curve, evenly spaced in ln sigma
FIRST_LEVELS = 5  # that are computed first, spread over the whole range


def noised_picture(request: NoisingRequest, source: NDArray[np.uint8]) -> NoisedPicture:
    """Return picture, noise and their spectra; takes milliseconds. source: (H, W, 3), not yet at the working size."""
    fitted = decoder.fit(source, request.size)
    x0 = torch.as_tensor(decoder.to_data(fitted))
    eps = white(x0.shape, request.seed, "noising")
    clean, noise, total = (radial.rapsd(v).mean(0).double().numpy() for v in (x0, eps, x0 + eps))
    h, w = x0.shape[-2:]
    grid = np.geomspace(*SIGMA_RANGE, CROSSOVER_LEVELS)
    k = radial.mean_wavenumbers(h, w)  # where each ring's power lies, not its nominal radius
    return NoisedPicture(
        request=request,
        upscaled=decoder.upscaled(source, request.size),
        picture=fitted,
        eps=eps.numpy(),
        wavenumber=k,
        clean=clean,
        noise=noise,
        cross=(total - clean - noise) / 2,
        band=radial.error_band(h, w, draws=len(x0)),  # the channels' noises are independent draws
        crossover_sigma=grid,
        crossover=np.array([radial.feature_size(radial.crossover(clean, s, k)[0]) for s in grid]),
    )


def denoised_levels(noised: NoisedPicture, denoiser: Denoiser, batch: int) -> Iterator[DenoisedLevels]:
    """Yield the denoiser's estimates, `batch` levels at once: a few spread over the range first, then all others."""
    request = noised.request
    x0, eps = torch.as_tensor(noised.x0), torch.as_tensor(noised.eps)
    sigmas = torch.as_tensor(request.sigmas).float()
    for indices in level_batches(request.levels, batch):
        sigma = sigmas[indices]
        yield _measure(np.array(indices), denoiser(x0 + sigma[:, None, None, None] * eps, sigma), x0)


def level_batches(levels: int, batch: int) -> Iterator[list[int]]:
    """Yield all level indices in batches: a few spread over the range first, so that every view has some."""
    coarse = sorted({round(i * (levels - 1) / (FIRST_LEVELS - 1)) for i in range(FIRST_LEVELS)})
    rest = [i for i in range(levels) if i not in coarse]
    for group in (coarse, rest):
        for start in range(0, len(group), batch):
            yield group[start : start + batch]


def _measure(indices: NDArray[np.int64], estimate: Tensor, x0: Tensor) -> DenoisedLevels:
    error = estimate - x0
    return DenoisedLevels(
        indices=indices,
        error=error.numpy(),
        denoised_spectrum=radial.rapsd(estimate).mean(1).numpy(),
        error_spectrum=radial.rapsd(error).mean(1).numpy(),
        mse=error.square().mean((1, 2, 3)).numpy(),
    )
