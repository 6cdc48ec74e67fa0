"""Langevin samplers: at each level, moves along the score with fresh noise, which sample p(x; sigma).

    x <- x + step score + sqrt(2 step) z,   score = (D(x; sigma) - x) / sigma^2

The stationary distribution is p(x; sigma) up to a bias in step: for Gaussian pictures the variance is
V / (1 - step / (2 V)) instead of V = P + sigma^2 (step = h / 2). With the dimensionless rate = step / sigma^2, both
samplers below use the move x <- x + rate (D - x) + sigma sqrt(2 rate) z.
"""

from collections.abc import Iterator
from math import sqrt
from operator import index

import torch
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
from explorer.core.samplers.ode import euler_update
from explorer.core.samplers.stochastic import ancestral_update


def langevin(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: ArrayLike,
    *,
    noise: Noise | None = None,
    inner: int = 10,
    rate: float = 0.1,
) -> Iterator[Step]:
    """Yield the Steps of annealed Langevin dynamics: `inner` moves at each level (NCSN; Song & Ermon 2019, alg. 1).

        step_i = rate sigma_i^2 = lr (sigma_i / sigma_L)^2,   lr = rate sigma_L^2,   sigma_L the last level above 0

    NCSN has rate 0.1, 100 inner moves and geometric levels (lr is half the paper's epsilon: its step is twice ours).
    Levels that decrease faster than the moves converge leave excess noise. The last state is the estimate at sigma_L;
    the state itself would have a floor of sigma_L^2 in its spectrum. 1 + inner denoiser calls per step. Raise
    ValueError for inner < 1 and for a rate outside [0, 1]; other arguments and errors: `Sampler`.
    """
    levels = working_levels(sigmas)
    update = _annealed_update(require_noise(noise, "langevin"), _count(inner), check_range("rate", rate, high=1.0))
    return trajectory(update, denoiser, working_state(x), levels)


def predictor_corrector(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: ArrayLike,
    *,
    noise: Noise | None = None,
    eta: float = 1.0,
    corrections: int = 1,
    snr: float = 0.16,
) -> Iterator[Step]:
    """Yield the Steps of predictor-corrector sampling: `ancestral`, then Langevin moves at the new level.

        step = 2 (snr |z| / |score|)^2, for each picture separately

    so that snr is the ratio of the move along the score to the noise; Gaussian pictures converge to variance
    (1 + snr^2) V. eta = 0 predicts with `euler`. The last state is the prediction, uncorrected. 1 + corrections
    denoiser calls per step. Source: Song et al. 2021, alg. 2, 4 and appendix G. Raise ValueError for settings below 0
    (corrections: below 1); other arguments and errors: `Sampler`.
    """
    levels = working_levels(sigmas)
    noise = require_noise(noise, "predictor-corrector")
    predict = euler_update if check_range("eta", eta) == 0 else ancestral_update(noise, eta)
    update = _corrected_update(predict, noise, _count(corrections), check_range("snr", snr))
    return trajectory(update, denoiser, working_state(x), levels)


def _annealed_update(noise: Noise, inner: int, rate: float) -> Update:
    def update(denoiser: Denoiser, step: Step, sigma_next: float) -> Tensor:
        if sigma_next == 0:
            return step.x0
        x, noise_scale = step.x, sigma_next * sqrt(2 * rate)
        for j in range(inner):
            x0 = estimate(denoiser, x, sigma_next, step.i)
            x = torch.lerp(x, x0, rate).add_(draw_noise(noise, step.i, f"langevin {j}", x), alpha=noise_scale)
        return x

    return update


def _corrected_update(predict: Update, noise: Noise, corrections: int, snr: float) -> Update:
    def update(denoiser: Denoiser, step: Step, sigma_next: float) -> Tensor:
        x = predict(denoiser, step, sigma_next)
        for j in range(corrections if sigma_next > 0 else 0):
            z = draw_noise(noise, step.i, f"corrector {j}", x)
            drift = estimate(denoiser, x, sigma_next, step.i).sub(x)  # sigma^2 score
            root = sqrt(2) * snr * sigma_next * _norms(z) / _norms(drift)  # sqrt(rate), (B, 1, 1, 1)
            x = x + (root * root).to(x) * drift + (sqrt(2) * sigma_next * root).to(x) * z
        return x

    return update


def _norms(x: Tensor) -> Tensor:
    """Norm of each picture, float64 (B, 1, ..., 1); computed one by one, so independent of the batch."""
    norms = [torch.linalg.vector_norm(row, dtype=torch.float64) for row in x]
    return torch.stack(norms).view(-1, *[1] * (x.ndim - 1))


def _count(value: int) -> int:
    if index(value) < 1:
        raise ValueError(f"at least one Langevin move per level is needed, got {value}")
    return index(value)
