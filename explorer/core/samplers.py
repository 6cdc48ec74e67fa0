"""Samplers: generators of Step that follow the probability-flow ODE from noise to a picture.

    dx / dsigma = (x - D(x; sigma)) / sigma            Karras et al. 2022, eq. 3

A sampler is called as `(denoiser, x, sigmas, *, noise=None)`, x being at level sigmas[0] and sigmas a falling
grid that ends in 0 (`Schedule.sigmas`). It yields exactly one Step per level, the last at 0; the caller
collects, streams or stops. Coefficients are Python floats, the state is float32 (or float64 if x is). A class
label or guidance is part of the denoiser, not of the sampler.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import isfinite
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from explorer.core.denoiser import Denoiser

Noise = Callable[[int], Tensor]  # step i -> standard normal noise like x; keyed, so that a step can be redone


class Step(NamedTuple):
    """The state of a trajectory at one noise level."""

    i: int  # 0 at the noisiest level
    sigma: float  # data units
    x: Tensor  # (B, C, H, W) state, clean picture plus noise of level sigma
    x0: Tensor  # (B, C, H, W) the denoiser's estimate at x; at the last level x itself


class Sampler(Protocol):
    """(denoiser, x at sigmas[0], falling levels that end in 0) -> one Step per level."""

    def __call__(
        self, denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None
    ) -> Iterator[Step]:
        """noise is for samplers that add some; the others ignore it.

        Raises ValueError for a grid that does not fall to 0 and FloatingPointError when the state stops being
        finite.
        """
        ...


# from (denoiser, the current step, its estimate in step.x0, the next level) to the next state
Update = Callable[[Denoiser, Step, float], Tensor]


def euler(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """First order: x' = x0 + (sigma' / sigma) (x - x0). One denoiser call per step.

    The same curve as DDIM with eta = 0 (Song et al. 2021) and as Euler on a rectified flow. Arguments and
    errors: `Sampler`.
    """
    return _trajectory(_euler_update, denoiser, _state(x), _levels(sigmas))


def heun(denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None) -> Iterator[Step]:
    """Second order: Euler, then the mean of the slopes at both ends (Karras et al. 2022, alg. 1, no churn).

    The step to 0 is Euler's, so it makes 2 steps - 1 denoiser calls. Arguments and errors: `Sampler`.
    """
    return _trajectory(_heun_update, denoiser, _state(x), _levels(sigmas))


SAMPLERS: dict[str, Sampler] = {"euler": euler, "heun": heun}


def _euler_update(denoiser: Denoiser, step: Step, after: float) -> Tensor:
    return torch.lerp(step.x0, step.x, after / step.sigma)


def _heun_update(denoiser: Denoiser, step: Step, after: float) -> Tensor:
    guess = torch.lerp(step.x0, step.x, after / step.sigma)
    if after == 0:
        return guess
    half = 0.5 * (after - step.sigma)
    slope = torch.sub(guess, denoiser(guess, after).to(guess.dtype)).mul_(half / after)
    return slope.add_(step.x, alpha=1 + half / step.sigma).sub_(step.x0, alpha=half / step.sigma)


# a decorated generator is in no_grad only while it runs, never while its caller does
@torch.no_grad()
def _trajectory(update: Update, denoiser: Denoiser, x: Tensor, sigmas: list[float]) -> Iterator[Step]:
    for i, (sigma, after) in enumerate(pairwise(sigmas)):
        x0 = denoiser(x, sigma).to(x.dtype)
        _check(x, x0, i, sigma)
        step = Step(i, sigma, x, x0)
        yield step
        x = update(denoiser, step, after)
    _check(x, x, len(sigmas) - 1, 0.0)
    yield Step(len(sigmas) - 1, 0.0, x, x)


def _check(x: Tensor, x0: Tensor, i: int, sigma: float) -> None:
    if x0.shape != x.shape:
        raise ValueError(f"the denoiser turned {tuple(x.shape)} into {tuple(x0.shape)}")
    # one number instead of a mask: a sum is finite if and only if its terms are, short of overflow
    if not isfinite(float(x.sum() + x0.sum())):
        culprit = "the state" if not bool(x.isfinite().all()) else "the denoiser's estimate"
        raise FloatingPointError(f"{culprit} is not finite at step {i} (sigma {sigma:.4g})")


def _state(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


def _levels(sigmas: ArrayLike) -> list[float]:
    levels = np.asarray(sigmas, dtype=np.float64)
    falling = levels.ndim == 1 and len(levels) >= 2 and np.all(np.diff(levels) < 0)  # False for a nan
    if not falling or not isfinite(levels[0]) or levels[-1] != 0:
        raise ValueError("sigmas must fall strictly, from a finite level to 0")
    return levels.tolist()
