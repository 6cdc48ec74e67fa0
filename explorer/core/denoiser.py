"""The denoiser contract, and the conversions among x0, eps, score, v and flow.

A denoiser is any callable `D(x, sigma, label=None) -> x0`, the posterior mean E[x0 | x] of

    x = x0 + sigma * eps,   eps ~ N(0, I),   x0 in data units [-1, 1].

Every other convention is x_t = a x0 + s eps with known a and s: VE has a = 1, VP a^2 + s^2 = 1, rectified flow
a = 1 - t and s = t. Its VE-equivalent level is s / a, and x = x_t / a. The kinds of prediction are related by the
algebra below, which holds for any a > 0 and s > 0:

    eps   = (x_t - a x0) / s                        Ho et al. 2020, eq. 11
    score = -eps / s = (a x0 - x_t) / s^2           Tweedie; Vincent 2011, eq. 9
    v     = a eps - s x0                            Salimans & Ho 2022, appendix D
    flow  = eps - x0                                Lipman et al. 2023; Liu et al. 2023
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

Scale = float | Tensor  # a or s: a number, or a tensor that broadcasts against x_t, e.g. (B, 1, 1, 1)
Conversion = Callable[[Tensor, Tensor, Scale, Scale], Tensor]


class Denoiser(Protocol):
    """D(x, sigma, label) -> x0: the interface between models and everything that uses one."""

    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return the estimate x0 of the clean picture, (B, C, H, W), data units.

        x: (B, C, H, W) float32, data units plus noise. sigma: () or (B,), standard deviation of the noise in x, data
        units. label: (B,) int64, or None for any class.
        """
        ...


def broadcast_sigma(sigma: Tensor | float, x: Tensor) -> Tensor:
    """Return sigma, a number or () or (B,), as (B, 1, ..., 1), in the type and on the device of x (B, ...).

    Raise ValueError for any other shape, which would otherwise broadcast over pixels without an error.
    """
    sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
    if sigma.ndim > 1 or (sigma.ndim == 1 and len(sigma) != len(x)):
        raise ValueError(f"sigma must be () or (B,) = ({len(x)},), got {tuple(sigma.shape)}")
    return sigma.expand(len(x)).view(-1, *[1] * (x.ndim - 1))  # (B, 1, ..., 1)


TO_X0: dict[str, Conversion] = {
    "x0": lambda pred, x_t, a, s: pred,
    "eps": lambda pred, x_t, a, s: (x_t - s * pred) / a,
    "score": lambda pred, x_t, a, s: (x_t + s * s * pred) / a,
    "v": lambda pred, x_t, a, s: (a * x_t - s * pred) / (a * a + s * s),
    "flow": lambda pred, x_t, a, s: (x_t - s * pred) / (a + s),
}

FROM_X0: dict[str, Conversion] = {
    "x0": lambda x0, x_t, a, s: x0,
    "eps": lambda x0, x_t, a, s: (x_t - a * x0) / s,
    "score": lambda x0, x_t, a, s: (a * x0 - x_t) / (s * s),
    "v": lambda x0, x_t, a, s: a * ((x_t - a * x0) / s) - s * x0,
    "flow": lambda x0, x_t, a, s: (x_t - a * x0) / s - x0,
}


def convert(value: Tensor, source: str, target: str, x_t: Tensor, a: Scale, s: Scale) -> Tensor:
    """Return a prediction of one kind at x_t = a x0 + s eps as another kind, shape of value.

    source, target: "x0", "eps", "score", "v" or "flow". value, x_t: same shape. a, s: numbers or tensors that
    broadcast. Raise ValueError for an unknown kind. At s = 0 only x0 is defined; the others divide by zero.
    """
    for kind in (source, target):
        if kind not in TO_X0:
            raise ValueError(f"unknown prediction {kind!r}: one of {', '.join(TO_X0)}")
    if source == target:
        return value
    return FROM_X0[target](TO_X0[source](value, x_t, a, s), x_t, a, s)


def eps_from_x0(x0: Tensor, x: Tensor, sigma: Tensor | float) -> Tensor:
    """Return the noise (x - x0) / sigma implied by an estimate x0 of x = x0 + sigma eps (VE), shape of x.

    It is also the slope dx/dsigma of the probability-flow ODE (Karras et al. 2022, eq. 3).
    """
    return FROM_X0["eps"](x0, x, 1.0, broadcast_sigma(sigma, x))


def score_from_x0(x0: Tensor, x: Tensor, sigma: Tensor | float) -> Tensor:
    """Return grad_x log p(x; sigma) = (x0 - x) / sigma^2 (VE; Tweedie's formula), shape of x, 1 / data units."""
    return FROM_X0["score"](x0, x, 1.0, broadcast_sigma(sigma, x))
