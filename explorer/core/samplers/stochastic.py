"""Stochastic samplers that put back, at every step, part of the noise they took away.

Each step goes down too far and then up again, so that the level comes out right: with x0 = D(x; sigma) and
fresh z ~ N(0, I), a picture of level sigma becomes one of level sigma' < sigma.

All noise comes from `noise(step, role)`, never from a global generator; without it they raise ValueError.
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

MAX_CHURN = sqrt(2) - 1  # the noise power at most doubles: Karras et al. 2022, alg. 2


def ancestral(
    denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None, eta: float = 1.0
) -> Iterator[Step]:
    """Euler down to s_down, then fresh noise up to sigma'. One denoiser call per step.

        s_up = min(sigma', eta sigma' sqrt(sigma^2 - sigma'^2) / sigma),   s_down = sqrt(sigma'^2 - s_up^2)
        x' = x0 + (s_down / sigma) (x - x0) + s_up z

    DDIM with this eta (Song, Meng & Ermon 2021, eq. 16), in sigma; eta = 0 is `euler`, bit for bit, and needs no
    noise; eta = 1 is `ddpm`. Raises ValueError for a negative eta; other arguments and errors: `Sampler`.
    """
    levels = working_levels(sigmas)
    if check_range("eta", eta) == 0:
        return trajectory(euler_update, denoiser, working_state(x), levels)
    update = ancestral_update(require_noise(noise, "the ancestral sampler"), eta)
    return trajectory(update, denoiser, working_state(x), levels)


def ddpm(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """A draw from the exact posterior q(x' | x, x0) of the noising chain (Ho et al. 2020, eq. 6 and 7).

        mean x0 + (sigma'^2 / sigma^2) (x - x0),   variance sigma'^2 (sigma^2 - sigma'^2) / sigma^2

    The VP chain is this one times 1 / sqrt(1 + sigma^2), which changes no picture; and s_down = sigma'^2 / sigma
    when eta = 1, so it is `ancestral` with eta = 1 and the same code. Arguments and errors: `Sampler`.
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
    """Noise up to sigma_hat = (1 + gamma) sigma, then `heun` down from there (Karras et al. 2022, alg. 2).

        gamma = min(s_churn / steps, sqrt(2) - 1) if s_min <= sigma <= s_max else 0
        x_hat = x + sqrt(sigma_hat^2 - sigma^2) s_noise z

    s_churn = 0 is `heun`, bit for bit, and needs no noise. A Step shows x and D(x; sigma) at the level of the
    grid, before the churn, which costs a third denoiser call where there is any. Defaults: ImageNet 64 in the
    paper's table 5. Raises ValueError for a negative setting; other arguments and errors: `Sampler`.
    """
    levels = working_levels(sigmas)
    settings = {"s_churn": s_churn, "s_min": s_min, "s_noise": s_noise}
    for name, value in settings.items():
        check_range(name, value)
    if not s_max >= s_min:  # infinity is the paper's own default, and nan is refused
        raise ValueError(f"s_max must be at least s_min = {s_min}, got {s_max}")
    gamma = min(s_churn / (len(levels) - 1), MAX_CHURN)
    if gamma == 0:
        return trajectory(heun_update, denoiser, working_state(x), levels)
    update = _churn_update(require_noise(noise, "churn"), gamma, s_min, s_max, s_noise)
    return trajectory(update, denoiser, working_state(x), levels)


def split_level(sigma: float, after: float, eta: float) -> tuple[float, float]:
    """(s_down, s_up) of a step from sigma to after, s_down^2 + s_up^2 = after^2; the formula is `ancestral`'s."""
    up = min(after, eta * after * sqrt(sigma**2 - after**2) / sigma)
    return sqrt(after**2 - up**2), up


def ancestral_update(noise: Noise, eta: float) -> Update:
    """`ancestral` from one level to the next, with fresh noise of role "ancestral"."""

    def update(denoiser: Denoiser, step: Step, after: float) -> Tensor:
        down, up = split_level(step.sigma, after, eta)
        x = euler_update(denoiser, step, down)
        return x if up == 0 else x.add_(draw_noise(noise, step.i, "ancestral", x), alpha=up)

    return update


def _churn_update(noise: Noise, gamma: float, s_min: float, s_max: float, s_noise: float) -> Update:
    def update(denoiser: Denoiser, step: Step, after: float) -> Tensor:
        if not s_min <= step.sigma <= s_max:
            return heun_update(denoiser, step, after)
        sigma = step.sigma * (1 + gamma)  # sigma_hat
        added = sqrt(sigma**2 - step.sigma**2) * s_noise
        x = step.x.add(draw_noise(noise, step.i, "churn", step.x), alpha=added)
        x0 = estimate(denoiser, x, sigma, step.i)
        return heun_update(denoiser, Step(step.i, sigma, x, x0), after)

    return update
