"""One picture under rising noise, and what a model makes of it: the first page's question and its answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.schemas.validation import MODELS, SIZES, name, one_of, whole_number

SIGMA_RANGE = (0.01, 20.0)  # data units: below, the noise of 8-bit pixels rules; above, nothing is left to see


@dataclass(frozen=True)
class NoisingRequest:
    """One picture, one noise, many noise levels: what the first page shows."""

    picture: str = "mountains"  # name of an example, or the id that Engine.add_picture gave
    model: str = "network"
    label: str = "any"  # a class of the network's card
    seed: int = 0
    size: int = 128  # side of the square working picture, pixels
    levels: int = 32  # noise levels, evenly spaced in ln sigma over SIGMA_RANGE

    def __post_init__(self) -> None:
        one_of(self.model, MODELS, "model")
        one_of(self.size, SIZES, "size")
        object.__setattr__(self, "size", int(self.size))
        object.__setattr__(self, "levels", whole_number(self.levels, 2, 128, "number of noise levels"))
        object.__setattr__(self, "seed", whole_number(self.seed, 0, 2**53, "seed"))
        name(self.picture, "picture")
        name(self.label, "label")

    @property
    def sigmas(self) -> np.ndarray:
        """The noise levels (K,), rising, data units."""
        return np.geomspace(*SIGMA_RANGE, self.levels)


@dataclass(frozen=True)
class NoisedPicture:
    """What is known before any model has run: the picture, the noise, and their spectra."""

    request: NoisingRequest
    upscaled: bool  # the picture was smaller than the working size, so its top octave is empty
    picture: np.ndarray  # (H, W, 3) uint8
    eps: np.ndarray  # (3, H, W) float32, unit variance; the noisy picture at sigma is x0 + sigma * eps
    wavenumber: np.ndarray  # (R,) cycles per pixel
    clean: np.ndarray  # (R,) power of x0
    noise: np.ndarray  # (R,) power of eps
    cross: np.ndarray  # (R,) real part of the cross-spectrum of x0 and eps
    band: np.ndarray  # (R,) relative standard deviation of a white noise's spectrum, per annulus
    crossover_sigma: np.ndarray  # (M,) a fine grid of noise levels
    crossover: np.ndarray  # (M,) feature size in pixels at that level; inf where nothing stands out

    @property
    def x0(self) -> np.ndarray:
        """The picture in data units, (3, H, W) float32 in [-1, 1]."""
        return self.picture.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1

    def noisy_spectrum(self, sigma: float) -> np.ndarray:
        """Power of x0 + sigma * eps, (R,): exact, since |X + s E|^2 = |X|^2 + s^2 |E|^2 + 2 s Re(X conj E)."""
        return self.clean + sigma**2 * self.noise + 2 * sigma * self.cross

    def wiener_spectrum(self, sigma: float) -> np.ndarray:
        """Power P H that the Wiener denoiser of this very spectrum would keep, (R,), H = P / (P + sigma^2)."""
        return self.clean**2 / (self.clean + sigma**2)


@dataclass(frozen=True)
class DenoisedLevels:
    """What a model makes of some of the levels."""

    indices: np.ndarray  # (n,) into request.sigmas
    error: np.ndarray  # (n, 3, H, W) float32, estimate minus x0, data units
    denoised_spectrum: np.ndarray  # (n, R) power of the estimate
    error_spectrum: np.ndarray  # (n, R) power of the error
    mse: np.ndarray  # (n,) mean squared error per value, data units squared
