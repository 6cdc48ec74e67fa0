"""What is inside the members of the family: codes, the residual connection, skip connections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.schemas.autoencoders import MissingAutoencoder


@dataclass(frozen=True)
class Codes:
    """What the codes of the variational and the vector-quantised member hold; empty arrays for one that is left out."""

    traversal: np.ndarray  # (directions, values, 3, 32, 32): one number of the variational code moved at a time
    values: np.ndarray  # (values,) in standard deviations of the prior
    directions: tuple[int, ...]  # which numbers of the code, those that carry most nats first
    nats: np.ndarray  # (k,) KL of each number of the code to the prior
    prior: np.ndarray  # (n, 3, 32, 32) pictures decoded from the prior
    tokens: np.ndarray  # (8, 8) int64 code map of the vector-quantised one
    entries: int  # size of its codebook
    bits: float  # of its code
    missing: tuple[MissingAutoencoder, ...] = ()


@dataclass(frozen=True)
class Wiring:
    """One conditional model at rising noise, told the true level and others, beside the blind one.

    It grows: what has not been computed yet is nan.
    """

    sigmas: np.ndarray  # (K,) true levels, rising, data units
    factors: np.ndarray  # (F,) told level over true level; 1 is among them
    picture: np.ndarray  # (3, 32, 32) clean, data units
    eps: np.ndarray  # (3, 32, 32) the unit noise; the input is picture + sigma * eps
    told: np.ndarray  # (K, F, 3, 32, 32) estimates of the conditional model
    blind: np.ndarray  # (K, 3, 32, 32) estimates of the blind one
    told_mse: np.ndarray  # (K, F) data units squared
    blind_mse: np.ndarray  # (K,)
    round_trip: dict[str, np.ndarray]  # eps, score, v -> (K,) largest difference after x0 -> it -> x0, in float32
    missing: tuple[MissingAutoencoder, ...] = ()  # the blind one, where it cannot be asked


@dataclass(frozen=True)
class SkipCosts:
    """What a denoiser loses without its skip connections, by noise level and octave; grows level by level."""

    titles: tuple[str, ...]  # of the N networks without skips
    sigmas: np.ndarray  # (T,) rising, data units
    edges: np.ndarray  # (octaves + 1,) cycles per pixel, coarse to fine
    ratio: np.ndarray  # (N, T) their error over that of the same network with skips; nan where not yet measured
    lost: np.ndarray  # (N, T, octaves) error beyond that with skips, as a share of the clean pictures' power
    missing: tuple[MissingAutoencoder, ...] = ()
