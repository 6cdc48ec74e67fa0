"""What is inside the autoencoders: codes, the residual connection, skip connections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.schemas.autoencoders import MissingAutoencoder

WIRING_RANGE = (0.05, 5.0)  # lowest and highest true noise level of the wiring, data units
WIRING_SIGMAS = np.geomspace(*WIRING_RANGE, 17)  # (K,) true noise levels, rising, data units
SIGMA_RATIOS: NDArray[np.float64] = 2.0 ** np.arange(-3.0, 4.0)  # (F,) passed noise level over the true one
OUTPUTS = ("eps", "score", "v", "x0")  # what a network may be said to predict
WIRING_STEPS = len(SIGMA_RATIOS) + 1  # one per ratio, then the blind network


@dataclass(frozen=True)
class Codes:
    """Codes of the variational and the vector-quantised autoencoder; empty arrays for a missing one."""

    traversal: NDArray[np.float32]  # (directions, values, 3, 32, 32); one number of the code moved at a time
    values: NDArray[np.float64]  # (values,) in standard deviations of the prior
    directions: tuple[int, ...]  # which numbers of the code, those that carry most nats first
    nats: NDArray[np.float32]  # (k,) KL divergence of each number of the code from the prior
    prior: NDArray[np.float32]  # (n, 3, 32, 32) pictures decoded from the prior
    tokens: NDArray[np.int64]  # (8, 8) code map of the vector-quantised one
    entries: int  # size of its codebook
    bits: float  # of its code
    missing: tuple[MissingAutoencoder, ...] = ()


@dataclass(frozen=True)
class Wiring:
    """The conditional denoiser at rising noise, given the true level and wrong ones, beside the blind denoiser.

    It grows: what has not been computed yet is nan.
    """

    sigmas: NDArray[np.float64]  # (K,) true levels, rising, data units
    ratios: NDArray[np.float64]  # (F,) level that is passed over the true level; 1 is among them
    picture: NDArray[np.float32]  # (3, 32, 32) clean, data units
    eps: NDArray[np.float32]  # (3, 32, 32) unit noise; the input is picture + sigma * eps
    conditional: NDArray[np.float32]  # (K, F, 3, 32, 32) estimates of the conditional denoiser
    blind: NDArray[np.float32]  # (K, 3, 32, 32) estimates of the blind denoiser
    conditional_mse: NDArray[np.float32]  # (K, F) data units squared
    blind_mse: NDArray[np.float32]  # (K,) data units squared
    round_trip: dict[str, NDArray[np.float32]]  # eps, score, v -> (K,) largest difference after x0 -> it -> x0
    missing: tuple[MissingAutoencoder, ...] = ()  # the blind denoiser, where it cannot be loaded


@dataclass(frozen=True)
class SkipCosts:
    """What a denoiser loses without its skip connections, by noise level and octave; grows level by level."""

    titles: tuple[str, ...]  # of the N networks without skips
    sigmas: NDArray[np.float64]  # (T,) rising, data units
    edges: NDArray[np.float64]  # (octaves + 1,) cycles per pixel, coarse to fine
    ratio: NDArray[np.float64]  # (N, T) their error over that of the network with skips; nan where not yet measured
    lost: NDArray[np.float64]  # (N, T, octaves) error beyond that with skips, as a share of the clean pictures' power
    missing: tuple[MissingAutoencoder, ...] = ()
