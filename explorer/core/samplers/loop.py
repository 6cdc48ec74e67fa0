"""The parts that all samplers share: the record of one level, keyed noise, and the loop over the levels.

A sampler is called as `(denoiser, x, sigmas, *, noise=None)`, with x at level sigmas[0] and sigmas a decreasing grid
that ends in 0 (`Schedule.sigmas`). It yields exactly one Step per level, the last at 0; the caller collects, streams or
stops. Coefficients are Python floats, the state is float32 (or float64 if x is). A class label and guidance belong to
the denoiser, not to the sampler.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isfinite
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.noise import white_batch

# (index i of the step being left, role) -> standard normal noise like x; keyed, so that a step can be repeated
Noise = Callable[[int, str], Tensor]


class Step(NamedTuple):
    """The state of a trajectory at one noise level."""

    i: int  # 0 at the noisiest level
    sigma: float  # data units
    x: Tensor  # (B, C, H, W) noisy state
    x0: Tensor  # (B, C, H, W) D(x; sigma); at the last level x itself


class Sampler(Protocol):
    """(denoiser, x at sigmas[0], decreasing levels that end in 0) -> one Step per level."""

    def __call__(
        self, denoiser: Denoiser, x: Tensor, sigmas: ArrayLike, *, noise: Noise | None = None
    ) -> Iterator[Step]:
        """Yield the Steps of a run.

        x: (B, C, H, W), data units. sigmas: (steps + 1,), data units. noise: required by samplers that add noise,
        ignored by the others. Raise ValueError for a grid that does not decrease to 0 and for noise that is missing or
        not of x's shape; FloatingPointError when the state is no longer finite.
        """
        ...


# (denoiser, current step, sigma_next) -> x at sigma_next
Update = Callable[[Denoiser, Step, float], Tensor]


def trajectory(update: Update, denoiser: Denoiser, x: Tensor, sigmas: list[float]) -> Iterator[Step]:
    """Yield one Step per level, with `update` giving the state at each next level. Errors: `Sampler`."""
    _check_finite(x, x, 0, sigmas[0])
    step: Step | None = None
    no_grad = torch.no_grad()
    for i, sigma in enumerate(sigmas[:-1]):
        with no_grad:  # not across the yield, where it would reach the caller's code
            x = x if step is None else update(denoiser, step, sigma)
            step = Step(i, sigma, x, estimate(denoiser, x, sigma, i))
        yield step
    assert step is not None  # there are at least two levels
    with no_grad:
        x = update(denoiser, step, 0.0)
    _check_finite(x, x, step.i + 1, 0.0)
    yield Step(step.i + 1, 0.0, x, x)


def estimate(denoiser: Denoiser, x: Tensor, sigma: float, i: int) -> Tensor:
    """Return D(x; sigma), shape and type of x (B, C, H, W); i: index of the step, for the message.

    Samplers call the denoiser only through this function. Raise ValueError for an estimate of another shape, and
    FloatingPointError for one that is not finite; finite estimates make finite states, so states are checked only at
    both ends.
    """
    x0 = denoiser(x, sigma).to(x.dtype)
    if x0.shape != x.shape:
        raise ValueError(f"the denoiser turned {tuple(x.shape)} into {tuple(x0.shape)}")
    _check_finite(x, x0, i, sigma)
    return x0


def working_state(x: Tensor) -> Tensor:
    """Return x in the precision of the trajectory: float64 if x is, else float32."""
    return x if x.dtype == torch.float64 else x.float()


def working_levels(sigmas: ArrayLike) -> list[float]:
    """Return the grid as Python floats. Raise ValueError unless it decreases strictly from a finite level to 0."""
    levels = np.asarray(sigmas, dtype=np.float64)
    decreasing = levels.ndim == 1 and len(levels) >= 2 and np.all(np.diff(levels) < 0)  # False for a nan
    if not decreasing or not isfinite(levels[0]) or levels[-1] != 0:
        raise ValueError("sigmas must fall strictly, from a finite level to 0")
    return levels.tolist()


def keyed_noise(shape: Sequence[int], seed: int, pictures: Iterable[int]) -> Noise:
    """Return a noise function whose row b depends only on (shape, seed, pictures[b], step, role).

    shape: of one picture, (C, H, W). pictures: the index of each picture of the batch, so that picture 3 gets the same
    noise by itself as among sixteen.
    """
    numbers = list(pictures)
    return lambda i, role: white_batch(shape, seed, f"{role}, step {i}", numbers)


def draw_noise(noise: Noise, i: int, role: str, x: Tensor) -> Tensor:
    """Return the noise of step i for one role, type and device of x. Raise ValueError for another shape than x's."""
    z = noise(i, role)
    if z.shape != x.shape:
        raise ValueError(f"noise {tuple(z.shape)} does not fit a state {tuple(x.shape)}")
    return z.to(x)


def require_noise(noise: Noise | None, sampler: str) -> Noise:
    """Return the noise function. Raise ValueError when it is None; sampler: name for the message."""
    if noise is None:
        raise ValueError(f"{sampler} adds noise: pass noise=, for example keyed_noise(shape, seed, pictures)")
    return noise


def check_range(name: str, value: float, low: float = 0.0, high: float = float("inf")) -> float:
    """Return value as a float. Raise ValueError unless low <= value <= high; infinity is always refused."""
    if not (isfinite(value) and low <= value <= high):
        limit = f"from {low:g} to {high:g}" if isfinite(high) else f"a finite number of at least {low:g}"
        raise ValueError(f"{name} must be {limit}, got {value}")
    return float(value)


def _check_finite(x: Tensor, x0: Tensor, i: int, sigma: float) -> None:
    # one number instead of a mask: short of overflow, a sum is finite if and only if its terms are
    if not isfinite(x0.sum().item()):
        culprit = "the state" if not bool(x.isfinite().all()) else "the denoiser's estimate"
        raise FloatingPointError(f"{culprit} is not finite at step {i} (sigma {sigma:.4g})")
