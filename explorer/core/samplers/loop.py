"""What every sampler is made of: the record of one level, the noise it may draw, and the loop over the levels.

A sampler is called as `(denoiser, x, sigmas, *, noise=None)`, x being at level sigmas[0] and sigmas a falling
grid that ends in 0 (`Schedule.sigmas`). It yields exactly one Step per level, the last at 0; the caller
collects, streams or stops. Coefficients are Python floats, the state is float32 (or float64 if x is). A class
label or guidance is part of the denoiser, not of the sampler.
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

# (step i that is being left, role) -> standard normal noise like x; keyed, so that a step can be redone
Noise = Callable[[int, str], Tensor]


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
        """noise is for samplers that add some, which refuse to run without; the others ignore it.

        Raises ValueError for a grid that does not fall to 0, for noise that is missing or has another shape than
        x, and FloatingPointError when the state stops being finite.
        """
        ...


# from (denoiser, the current step, its estimate in step.x0, the next level) to the next state
Update = Callable[[Denoiser, Step, float], Tensor]


def trajectory(update: Update, denoiser: Denoiser, x: Tensor, sigmas: list[float]) -> Iterator[Step]:
    """Yield the state and its estimate at each level, calling update between one level and the next."""
    _check_finite(x, x, 0, sigmas[0])
    step, no_grad = None, torch.no_grad()
    for i, sigma in enumerate(sigmas[:-1]):
        with no_grad:  # only while something is computed here, never while the caller does
            x = x if step is None else update(denoiser, step, sigma)
            step = Step(i, sigma, x, estimate(denoiser, x, sigma, i))
        yield step
    with no_grad:
        x = update(denoiser, step, 0.0)
    _check_finite(x, x, step.i + 1, 0.0)
    yield Step(step.i + 1, 0.0, x, x)


def estimate(denoiser: Denoiser, x: Tensor, sigma: float, i: int) -> Tensor:
    """D(x; sigma) in the precision of x, (B, C, H, W); i is the step, for the message.

    Samplers call the denoiser through this alone: a start and estimates that are finite make states that are, so
    these are looked at only at both ends and for the message. Raises ValueError and FloatingPointError.
    """
    x0 = denoiser(x, sigma).to(x.dtype)
    if x0.shape != x.shape:
        raise ValueError(f"the denoiser turned {tuple(x.shape)} into {tuple(x0.shape)}")
    _check_finite(x, x0, i, sigma)
    return x0


def working_state(x: Tensor) -> Tensor:
    """x in the precision that a trajectory is computed in: float64 if it is, else float32."""
    return x if x.dtype == torch.float64 else x.float()


def working_levels(sigmas: ArrayLike) -> list[float]:
    """The grid as Python floats. Raises ValueError unless it falls strictly from a finite level to 0."""
    levels = np.asarray(sigmas, dtype=np.float64)
    falling = levels.ndim == 1 and len(levels) >= 2 and np.all(np.diff(levels) < 0)  # False for a nan
    if not falling or not isfinite(levels[0]) or levels[-1] != 0:
        raise ValueError("sigmas must fall strictly, from a finite level to 0")
    return levels.tolist()


def keyed_noise(shape: Sequence[int], seed: int, pictures: Iterable[int]) -> Noise:
    """Noise whose row b is a function of (shape, seed, pictures[b], step, role) alone.

    shape: of one picture, (C, H, W). pictures: the number of each picture of the batch, so that picture 3 gets
    the same noise alone as among sixteen.
    """
    numbers = list(pictures)
    return lambda i, role: white_batch(shape, seed, f"{role}, step {i}", numbers)


def draw_noise(noise: Noise, i: int, role: str, x: Tensor) -> Tensor:
    """The noise of step i for one role, in dtype and on device of x. Raises ValueError for another shape."""
    z = noise(i, role)
    if z.shape != x.shape:
        raise ValueError(f"noise {tuple(z.shape)} does not fit a state {tuple(x.shape)}")
    return z.to(x)


def require_noise(noise: Noise | None, sampler: str) -> Noise:
    """Return the noise. Raises ValueError when there is none."""
    if noise is None:
        raise ValueError(f"{sampler} adds noise: pass noise=, for example keyed_noise(shape, seed, pictures)")
    return noise


def check_range(name: str, value: float, low: float = 0.0, high: float = float("inf")) -> float:
    """Return value as a float. Raises ValueError unless low <= value <= high; infinity is always refused."""
    if not (isfinite(value) and low <= value <= high):
        limit = f"from {low:g} to {high:g}" if isfinite(high) else f"a finite number of at least {low:g}"
        raise ValueError(f"{name} must be {limit}, got {value}")
    return float(value)


def _check_finite(x: Tensor, x0: Tensor, i: int, sigma: float) -> None:
    # one number instead of a mask: a sum is finite if and only if its terms are, short of overflow
    if not isfinite(x0.sum().item()):
        culprit = "the state" if not bool(x.isfinite().all()) else "the denoiser's estimate"
        raise FloatingPointError(f"{culprit} is not finite at step {i} (sigma {sigma:.4g})")
