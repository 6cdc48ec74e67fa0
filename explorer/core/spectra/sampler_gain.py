"""Transfer function of a sampler: the power that a run puts out at each frequency, relative to the data's.

For Gaussian pictures of power P the exact denoiser is linear, D(x; sigma) = P / (P + sigma^2) x, and frequencies are
independent. A sampler that is linear in its state and noise ends at

    x = G x_T + sum_k n_k z_k,     power gain = (G^2 var(x_T) + sum_k n_k^2) / P

with x_T the start and z_k the noise of each draw. G and n_k are found exactly, by superposition: the sampler runs once
on many rows, of which the first starts at 1 without noise, and each other one starts at 0 with a single draw equal
to 1. This uses no formula of the sampler, so it holds for any linear one with any settings.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.samplers.loop import Sampler, Step, working_levels

Array = NDArray[np.float64]
Key = tuple[int, str]  # step and role of a draw

SUPERPOSITION_TOLERANCE = 1e-9  # relative to the largest state; a smaller deviation is rounding


def power_gain(
    sampler: Sampler, sigmas: ArrayLike, power: ArrayLike, *, start_variance: ArrayLike | None = None
) -> Array:
    """Return output power over data power of a sampler on Gaussian data, (F,): 1 is exact, below 1 too smooth.

    sigmas: (steps + 1,), decreasing to 0, data units. power: (F,), P > 0 of the data, data units squared, such as a
    spectrum. start_variance: of x_T, a number or (F,); default sigmas[0]^2, that of sampling from pure noise; data
    noised to the first level has P + sigmas[0]^2. Settings of a sampler: functools.partial. Time and memory grow with
    the number of draws. Raise ValueError for a power that is not positive, and for a sampler that is not linear in
    state and noise, such as predictor-corrector, whose step depends on their norms.
    """
    power = np.asarray(power, dtype=np.float64)
    if power.ndim != 1 or len(power) == 0 or not np.all(np.isfinite(power) & (power > 0)):
        raise ValueError("a list (F,) of positive powers is needed")
    levels = working_levels(sigmas)
    variance = levels[0] ** 2 if start_variance is None else np.asarray(start_variance, dtype=np.float64)
    denoiser = _exact_denoiser(power)
    keys = _draws(sampler, denoiser, levels, len(power))
    rows = {key: 1 + k for k, key in enumerate(keys)}
    start = torch.zeros(1 + len(rows), 1, 1, len(power), dtype=torch.float64)
    start[0] = 1

    def one_hot(i: int, role: str) -> Tensor:
        z = torch.zeros_like(start)
        z[rows[i, role]] = 1
        return z

    *_, last = sampler(denoiser, start, levels, noise=one_hot)
    response = last.x.flatten(1).square().numpy()  # (1 + draws, F): G^2, then n_k^2
    return (response[0] * variance + response[1:].sum(0)) / power


def _exact_denoiser(power: Array) -> Denoiser:
    """The posterior mean of independent N(0, P) along the last axis of x (B, 1, 1, F)."""
    p = torch.from_numpy(power)
    return lambda x, sigma, label=None: x * (p / (p + sigma**2))


def _draws(sampler: Sampler, denoiser: Denoiser, sigmas: list[float], count: int) -> list[Key]:
    """Step and role of every draw of a run, each once. Raises ValueError if superposition does not hold on the way.

    Three rows: two starts of the first level with some noise each, and their sum.
    """
    keys: dict[Key, None] = {}
    start = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64).view(3, 1, 1, 1).repeat(1, 1, 1, count) * sigmas[0]
    noise = torch.tensor([1.0, -0.5, 0.5], dtype=torch.float64).view(3, 1, 1, 1).expand_as(start)

    def recorded(i: int, role: str) -> Tensor:
        keys[i, role] = None
        return noise

    for step in sampler(denoiser, start, sigmas, noise=recorded):
        _check_superposition(step)
    return list(keys)


def _check_superposition(step: Step) -> None:
    departure = (step.x[0] + step.x[1] - step.x[2]).abs().max()
    if not departure <= SUPERPOSITION_TOLERANCE * step.x.abs().max():
        raise ValueError("This sampler is not linear: its steps depend on the state, so it has no gain per frequency.")
