"""Deterministic samplers: the probability-flow ODE from noise to a picture, nothing drawn on the way.

    dx / dsigma = (x - D(x; sigma)) / sigma            Karras et al. 2022, eq. 3

From one level to the next, sigma to sigma', the step to 0 always lands on the estimate.
"""

from collections.abc import Iterator
from math import log

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.samplers.loop import Noise, Step, Update, estimate, trajectory, working_levels, working_state


def euler(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """First order: x' = x0 + (sigma' / sigma) (x - x0). One denoiser call per step.

    The same curve as DDIM with eta = 0 (Song et al. 2021) and as Euler on a rectified flow. Arguments and
    errors: `Sampler`.
    """
    return trajectory(euler_update, denoiser, working_state(x), working_levels(sigmas))


def heun(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """Second order: Euler, then the mean of the slopes at both ends (Karras et al. 2022, alg. 1, no churn).

        x' = x0* + (sigma' / sigma) (x - x0*),   x0* = x0 + (sigma / 2 sigma') (D(x_euler; sigma') - x0)

    which is that mean, sorted by its three pictures. The step to 0 is Euler's, so it makes 2 steps - 1 denoiser
    calls. Arguments and errors: `Sampler`.
    """
    return trajectory(heun_update, denoiser, working_state(x), working_levels(sigmas))


def dpmpp_2m(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """Second order at one call per step: DPM-Solver++(2M), multistep (Lu et al. 2022, alg. 2).

        x' = x0* + (sigma' / sigma) (x - x0*),   x0* = x0 + (h / 2 h_before) (x0 - x0_before)

    with h = ln(sigma / sigma'). The first step and the step to 0 are first order. Arguments and errors: `Sampler`.
    """
    return trajectory(_two_step_update(), denoiser, working_state(x), working_levels(sigmas))


def euler_update(denoiser: Denoiser, step: Step, after: float) -> Tensor:
    """`euler` from one level to the next."""
    return torch.lerp(step.x0, step.x, after / step.sigma)


def heun_update(denoiser: Denoiser, step: Step, after: float) -> Tensor:
    """`heun` from one level to the next."""
    guess = euler_update(denoiser, step, after)
    if after == 0:
        return guess
    x0 = torch.lerp(step.x0, estimate(denoiser, guess, after, step.i), step.sigma / (2 * after))
    return torch.lerp(x0, step.x, after / step.sigma)


def _two_step_update() -> Update:
    before: Step | None = None

    def update(denoiser: Denoiser, step: Step, after: float) -> Tensor:
        nonlocal before
        x0 = step.x0
        if before is not None and after > 0:
            ahead = log(step.sigma / after) / (2 * log(before.sigma / step.sigma))
            x0 = torch.lerp(before.x0, step.x0, 1 + ahead)
        before = step
        return torch.lerp(x0, step.x, after / step.sigma)

    return update
