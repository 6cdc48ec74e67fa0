"""Walkers in the plane: Langevin dynamics at one noise level, and with a level that falls.

Both begin in the same pure noise, take the same number of the same moves (`langevin`) and end with one estimate, so
what differs between them is the noise level alone (Song & Ermon 2019, section 3.2 and algorithm 1).
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

LEVEL_COUNT = 60  # records on the way; before them the start, after them the last estimate
MOVES_PER_LEVEL = 10  # between two records
LANGEVIN_RATE = 0.1  # as in NCSN
LEVEL_DECREMENT = 1e-9  # samplers want levels that fall strictly; "one level" falls by this share at each record
CHANCE_DRAWS = 256  # to estimate what chance alone does


def single_levels(sigma: float) -> Array:
    """Levels (LEVELS + 2,) of dynamics that stay at sigma, data units, from 0 < sigma <= SIGMA_MAX."""
    return np.array([SIGMA_MAX, *(sigma * (1 - LEVEL_DECREMENT * np.arange(1, LEVEL_COUNT + 1))), 0.0])


def annealed_levels() -> Array:
    """Levels (LEVELS + 2,) that fall by the same factor at each record, from SIGMA_MAX to SIGMA_MIN, then 0."""
    return np.append(np.geomspace(SIGMA_MAX, SIGMA_MIN, LEVEL_COUNT + 1), 0.0)


def walk(denoiser: Denoiser, sigmas: Array, count: int, seed: int) -> Iterator[Step]:
    """`count` walkers (count, 2) from pure noise of level sigmas[0]; one Step per level, MOVES moves between two.

    Walker n depends on (seed, n) alone, not on how many there are.
    """
    noise = lambda i, role: white((count, 2), seed, f"{role}, step {i}")
    return langevin(denoiser, start_points(count, seed), sigmas, noise=noise, inner=MOVES_PER_LEVEL, rate=LANGEVIN_RATE)


def start_points(count: int, seed: int) -> Tensor:
    """Where all walkers begin, (count, 2) float32: pure noise of level SIGMA_MAX."""
    return SIGMA_MAX * white((count, 2), seed, "walkers")


def part_shares(pattern: Pattern, x: Tensor) -> Array:
    """The share of walkers (n, 2) in each part of the pattern, (P,): that of the nearest component."""
    return np.bincount(pattern.part[pattern.nearest(x)], minlength=len(pattern.shares)) / len(x)


def total_variation(found: Array, truth: Array) -> Array:
    """Total variation distance of shares (..., P) from weights (P,), from 0 to 1."""
    return np.abs(found - truth).sum(-1) / 2


def chance_distance(weights: Array, count: int) -> float:
    """Mean distance of the shares of `count` independent draws from the weights themselves."""
    draws = generator(0, "walkers, chance").multinomial(count, weights, size=CHANCE_DRAWS)
    return float(total_variation(draws / count, weights).mean())


def relative_width(pattern: Pattern, x: Tensor) -> float:
    """Root mean square distance of walkers (n, 2) from the nearest centre, over that of the data; 1 is right."""
    exact = pattern.sample(4096, 0, "walkers, width")
    return float(np.sqrt(_square(pattern, x).mean() / _square(pattern, exact).mean()))


def _square(pattern: Pattern, x: Tensor) -> NDArray[np.float64]:
    return (x.double() - torch.from_numpy(pattern.means)[pattern.nearest(x)]).square().sum(1).numpy()
