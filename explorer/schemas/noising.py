"""One picture under rising noise, and the estimates of a model: request and results of the first page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.schemas.validation import MODELS, SIZES, name, one_of, seed_number, whole_number

SIGMA_RANGE = (0.01, 20.0)  # data units: below, the noise of 8-bit pixels rules; above, nothing is left to see
MAX_LEVELS = 128  # noise levels of one request
FIRST_SIGMA = 0.5  # where the page's slider stands to begin with, data units
FIRST_SCHEDULE = "cosine-vp"  # that gives the slider's level a time to begin with
DRAWN_EPS_STD = 3.0  # predicted noise and score are drawn from minus to plus this many standard deviations


@dataclass(frozen=True)
class NoisingRequest:
    """One picture with one noise at many noise levels. Raises RequestRefused for a value out of range."""

    picture: str = "mountains"  # name of an example, or one that PictureStore.add returned
    model: str = "network"  # one of MODELS
    label: str = "any"  # a class of the network's card
    seed: int = 0
    size: int = 128  # side of the square working picture, pixels; one of SIZES
    levels: int = 32  # noise levels, evenly spaced in ln sigma over SIGMA_RANGE

    def __post_init__(self) -> None:
        one_of(self.model, MODELS, "model")
        object.__setattr__(self, "size", one_of(self.size, SIZES, "size"))
        object.__setattr__(self, "levels", whole_number(self.levels, 2, MAX_LEVELS, "number of noise levels"))
        object.__setattr__(self, "seed", seed_number(self.seed))
        name(self.picture, "picture")
        name(self.label, "label")

    @property
    def sigmas(self) -> NDArray[np.float64]:
        """Noise levels (K,), rising, data units."""
        return np.geomspace(*SIGMA_RANGE, self.levels)


@dataclass(frozen=True)
class NoisedPicture:
    """Picture, noise and their spectra: all that needs no model."""

    request: NoisingRequest
    upscaled: bool  # whether the source was smaller than the working size, so that the top octave is empty
    picture: NDArray[np.uint8]  # (H, W, 3)
    eps: NDArray[np.float32]  # (3, H, W) unit variance; the noisy picture at sigma is x0 + sigma * eps
    wavenumber: NDArray[np.float64]  # (R,) cycles per pixel
    clean: NDArray[np.float64]  # (R,) power of x0
    noise: NDArray[np.float64]  # (R,) power of eps
    cross: NDArray[np.float64]  # (R,) real part of the cross-spectrum of x0 and eps
    band: NDArray[np.float64]  # (R,) relative standard deviation of a white noise's spectrum, per annulus
    crossover_sigma: NDArray[np.float64]  # (M,) a fine grid of noise levels, rising, data units
    crossover: NDArray[np.float64]  # (M,) feature size in pixels at that level; inf where nothing stands out

    @property
    def x0(self) -> NDArray[np.float32]:
        """The picture in data units, (3, H, W) in [-1, 1]."""
        return self.picture.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1

    def noisy_spectrum(self, sigma: float) -> NDArray[np.float64]:
        """Return the power of x0 + sigma * eps, (R,).

        It is exact, since |X + s E|^2 = |X|^2 + s^2 |E|^2 + 2 s Re(X conj E).
        """
        return self.clean + sigma**2 * self.noise + 2 * sigma * self.cross

    def wiener_spectrum(self, sigma: float) -> NDArray[np.float64]:
        """Return the power P^2 / (P + sigma^2) that the Wiener denoiser of this very spectrum P passes, (R,)."""
        return self.clean**2 / (self.clean + sigma**2)


@dataclass(frozen=True)
class DenoisedLevels:
    """A model's estimates at some of the noise levels."""

    indices: NDArray[np.int64]  # (n,) into request.sigmas
    error: NDArray[np.float32]  # (n, 3, H, W) estimate minus x0, data units
    denoised_spectrum: NDArray[np.float32]  # (n, R) power of the estimate
    error_spectrum: NDArray[np.float32]  # (n, R) power of the error
    mse: NDArray[np.float32]  # (n,) mean squared error per value, data units squared
