"""Stochastic samplers: every step removes more noise than needed and adds fresh noise up to the level wanted.

With x0 = D(x; sigma) and fresh z ~ N(0, I), a state of level sigma becomes one of level sigma_next < sigma.

All noise comes from `noise(step, role)`, never from a global generator; without it these samplers raise ValueError.
Runs with different numbers of steps share no prefix: to branch, start from a stored state.
"""

from collections.abc import Iterator
from math import sqrt

from numpy.typing import ArrayLike
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.samplers.loop import (
    Noise,
    Step,
    Update,
    check_range,
    draw_noise,
    estimate,
    require_noise,
    trajectory,
    working_levels,
    working_state,
)
from explorer.core.samplers.ode import euler_update, heun_update

MAX_GAMMA = sqrt(2) - 1  # the noise power at most doubles: Karras et al. 2022, alg. 2


def ancestral(
    denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None, eta: float = 1.0
) -> Iterator[Step]:
    """Yield the Steps of ancestral sampling: Euler to sigma_down, then noise up to sigma_next; one call per step.

        sigma_up = min(sigma_next, eta sigma_next sqrt(sigma^2 - sigma_next^2) / sigma)
        sigma_down = sqrt(sigma_next^2 - sigma_up^2)
        x_next = x0 + (sigma_down / sigma) (x - x0) + sigma_up z

    DDIM with this eta (Song, Meng & Ermon 2021, eq. 16), in sigma. eta = 0 is `euler`, bit for bit, and needs no noise;
    eta = 1 is `ddpm`. Raise ValueError for a negative eta; other arguments and errors: `Sampler`.
    """
    levels = working_levels(sigmas)
    if check_range("eta", eta) == 0:
        return trajectory(euler_update, denoiser, working_state(x), levels)
    update = ancestral_update(require_noise(noise, "the ancestral sampler"), eta)
    return trajectory(update, denoiser, working_state(x), levels)


def ddpm(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """Yield the Steps of DDPM: draws from the posterior q(x_next | x, x0) (Ho et al. 2020, eq. 6 and 7).

        mean x0 + (sigma_next^2 / sigma^2) (x - x0),   variance sigma_next^2 (sigma^2 - sigma_next^2) / sigma^2

    The VP chain is this one times 1 / sqrt(1 + sigma^2). With eta = 1, sigma_down = sigma_next^2 / sigma, so this is
    `ancestral` with eta = 1. Arguments and errors: `Sampler`.
    """
    return ancestral(denoiser, x, sigmas, noise=noise, eta=1.0)


def churn(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: ArrayLike,
    *,
    noise: Noise | None = None,
    s_churn: float = 40.0,
    s_min: float = 0.05,
    s_max: float = 50.0,
    s_noise: float = 1.003,
) -> Iterator[Step]:
    """Yield the Steps of EDM's sampler: noise up to sigma_hat, then `heun` to sigma_next (Karras et al. 2022, alg. 2).

        gamma = min(s_churn / steps, sqrt(2) - 1) if s_min <= sigma <= s_max else 0
        sigma_hat = (1 + gamma) sigma,   x_hat = x + sqrt(sigma_hat^2 - sigma^2) s_noise z

    s_min, s_max: data units. s_churn = 0 is `heun`, bit for bit, and needs no noise. A Step holds x and D(x; sigma) at
    the level of the grid, before the churn, at the cost of a third denoiser call where gamma > 0. The defaults are
    those for ImageNet 64 in the paper's table 5. Raise ValueError for a negative setting; other arguments and errors:
    `Sampler`.
    """
    levels = working_levels(sigmas)
    settings = {"s_churn": s_churn, "s_min": s_min, "s_noise": s_noise}
    for name, value in settings.items():
        check_range(name, value)
    if not s_max >= s_min:  # infinity is the paper's own default, and nan is refused
        raise ValueError(f"s_max must be at least s_min = {s_min}, got {s_max}")
    gamma = min(s_churn / (len(levels) - 1), MAX_GAMMA)
    if gamma == 0:
        return trajectory(heun_update, denoiser, working_state(x), levels)
    update = _churn_update(require_noise(noise, "churn"), gamma, s_min, s_max, s_noise)
    return trajectory(update, denoiser, working_state(x), levels)


def split_level(sigma: float, sigma_next: float, eta: float) -> tuple[float, float]:
    """Return (sigma_down, sigma_up) of a step, sigma_down^2 + sigma_up^2 = sigma_next^2; formula: `ancestral`."""
    sigma_up = min(sigma_next, eta * sigma_next * sqrt(sigma**2 - sigma_next**2) / sigma)
    return sqrt(sigma_next**2 - sigma_up**2), sigma_up


def ancestral_update(noise: Noise, eta: float) -> Update:
    """Return the update of `ancestral`, which draws noise of role "ancestral"."""

    def update(denoiser: Denoiser, step: Step, sigma_next: float) -> Tensor:
        sigma_down, sigma_up = split_level(step.sigma, sigma_next, eta)
        x = euler_update(denoiser, step, sigma_down)
        return x if sigma_up == 0 else x.add_(draw_noise(noise, step.i, "ancestral", x), alpha=sigma_up)

    return update


def _churn_update(noise: Noise, gamma: float, s_min: float, s_max: float, s_noise: float) -> Update:
    def update(denoiser: Denoiser, step: Step, sigma_next: float) -> Tensor:
        if not s_min <= step.sigma <= s_max:
            return heun_update(denoiser, step, sigma_next)
        sigma_hat = step.sigma * (1 + gamma)
        added = sqrt(sigma_hat**2 - step.sigma**2) * s_noise
        x_hat = step.x.add(draw_noise(noise, step.i, "churn", step.x), alpha=added)
        x0 = estimate(denoiser, x_hat, sigma_hat, step.i)
        return heun_update(denoiser, Step(step.i, sigma_hat, x_hat, x0), sigma_next)

    return update
