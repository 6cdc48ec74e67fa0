"""Langevin dynamics of points (walkers) in two dimensions, at one noise level or with a decreasing one.

Both kinds start from the same pure noise, make the same number of moves (`langevin`) and end with one estimate, so they
differ in the noise levels alone (Song & Ermon 2019, section 3.2 and algorithm 1).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.noise import generator, white
from explorer.core.samplers.langevin import langevin
from explorer.core.samplers.loop import Step
from explorer.core.toy2d.densities import SIGMA_MAX, SIGMA_MIN, Array, Pattern

LEVEL_COUNT = 60  # recorded levels between the start and the last estimate
MOVES_PER_LEVEL = 10
LANGEVIN_RATE = 0.1  # as in NCSN
LEVEL_DECREMENT = 1e-9  # relative, per record, of a level that stays: samplers need strictly decreasing levels
CHANCE_DRAWS = 256  # simulations for `chance_distance`


def single_levels(sigma: float) -> Array:
    """Return the levels (LEVEL_COUNT + 2,) of dynamics that stay at sigma, 0 < sigma <= SIGMA_MAX, data units."""
    return np.array([SIGMA_MAX, *(sigma * (1 - LEVEL_DECREMENT * np.arange(1, LEVEL_COUNT + 1))), 0.0])


def annealed_levels() -> Array:
    """Return levels (LEVEL_COUNT + 2,), geometric from SIGMA_MAX to SIGMA_MIN, then 0, data units."""
    return np.append(np.geomspace(SIGMA_MAX, SIGMA_MIN, LEVEL_COUNT + 1), 0.0)


def walk(denoiser: Denoiser, sigmas: Array, count: int, seed: int) -> Iterator[Step]:
    """Yield the Steps of `count` walkers (count, 2) from pure noise of level sigmas[0], one per level.

    Walker n depends on (seed, n) alone, not on the number of walkers.
    """
    noise = lambda i, role: white((count, 2), seed, f"{role}, step {i}")
    return langevin(denoiser, start_points(count, seed), sigmas, noise=noise, inner=MOVES_PER_LEVEL, rate=LANGEVIN_RATE)


def start_points(count: int, seed: int) -> Tensor:
    """Return the start of the walkers, (count, 2) float32: pure noise of level SIGMA_MAX."""
    return SIGMA_MAX * white((count, 2), seed, "walkers")


def part_shares(pattern: Pattern, x: Tensor) -> Array:
    """Return the share of walkers x (n, 2) in each part of the pattern, (P,); a walker is in the nearest Gaussian's."""
    return np.bincount(pattern.part[pattern.nearest(x)], minlength=len(pattern.shares)) / len(x)


def total_variation(found: Array, truth: Array) -> Array:
    """Return the total variation distance of shares (..., P) from weights (P,), from 0 to 1."""
    return np.abs(found - truth).sum(-1) / 2


def chance_distance(weights: Array, count: int) -> float:
    """Return the mean distance from the weights (P,) of the shares of `count` independent draws from them."""
    draws = generator(0, "walkers, chance").multinomial(count, weights, size=CHANCE_DRAWS)
    return float(total_variation(draws / count, weights).mean())


def relative_width(pattern: Pattern, x: Tensor) -> float:
    """Return the rms distance of walkers x (n, 2) from the nearest centre, over that of the data; 1 is exact."""
    exact = pattern.sample(4096, 0, "walkers, width")
    return float(np.sqrt(_square(pattern, x).mean() / _square(pattern, exact).mean()))


def _square(pattern: Pattern, x: Tensor) -> NDArray[np.float64]:
    return (x.double() - torch.from_numpy(pattern.means)[pattern.nearest(x)]).square().sum(1).numpy()
