"""Deterministic samplers: solvers of the probability-flow ODE.

    dx / dsigma = (x - D(x; sigma)) / sigma            Karras et al. 2022, eq. 3

A step goes from sigma to sigma_next; the step to 0 always ends at the estimate x0 = D(x; sigma).
"""

from collections.abc import Iterator
from math import log

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.samplers.loop import Noise, Step, Update, estimate, trajectory, working_levels, working_state


def euler(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """Yield the Steps of Euler's method, first order, one denoiser call per step.

        x_next = x0 + (sigma_next / sigma) (x - x0)

    Equal to DDIM with eta = 0 (Song, Meng & Ermon 2021) and to Euler on a rectified flow. Arguments and errors:
    `Sampler`.
    """
    return trajectory(euler_update, denoiser, working_state(x), working_levels(sigmas))


def heun(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """Yield the Steps of Heun's method, second order (Karras et al. 2022, alg. 1, without churn).

        x_next = x0* + (sigma_next / sigma) (x - x0*)
        x0* = x0 + (sigma / (2 sigma_next)) (D(x_euler; sigma_next) - x0)

    which is a step along the mean of the slopes at both ends. The step to 0 is Euler's, so a run makes 2 steps - 1
    denoiser calls. Arguments and errors: `Sampler`.
    """
    return trajectory(heun_update, denoiser, working_state(x), working_levels(sigmas))


def dpmpp_2m(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """Yield the Steps of DPM-Solver++(2M): multistep, second order, one call per step (Lu et al. 2022, alg. 2).

        x_next = x0* + (sigma_next / sigma) (x - x0*),   x0* = x0 + (h / (2 h_last)) (x0 - x0_last)

    with h = ln(sigma / sigma_next) and `last` for the step before. The first step and the step to 0 are first order.
    Arguments and errors: `Sampler`.
    """
    return trajectory(_multistep_update(), denoiser, working_state(x), working_levels(sigmas))


def euler_update(denoiser: Denoiser, step: Step, sigma_next: float) -> Tensor:
    """Return x at sigma_next by one step of `euler`."""
    return torch.lerp(step.x0, step.x, sigma_next / step.sigma)


def heun_update(denoiser: Denoiser, step: Step, sigma_next: float) -> Tensor:
    """Return x at sigma_next by one step of `heun`."""
    x_euler = euler_update(denoiser, step, sigma_next)
    if sigma_next == 0:
        return x_euler
    x0 = torch.lerp(step.x0, estimate(denoiser, x_euler, sigma_next, step.i), step.sigma / (2 * sigma_next))
    return torch.lerp(x0, step.x, sigma_next / step.sigma)


def _multistep_update() -> Update:
    last: Step | None = None

    def update(denoiser: Denoiser, step: Step, sigma_next: float) -> Tensor:
        nonlocal last
        x0 = step.x0
        if last is not None and sigma_next > 0:
            extrapolation = log(step.sigma / sigma_next) / (2 * log(last.sigma / step.sigma))  # h / (2 h_last)
            x0 = torch.lerp(last.x0, step.x0, 1 + extrapolation)
        last = step
        return torch.lerp(x0, step.x, sigma_next / step.sigma)

    return update
