"""The claim that every step of sampling makes its input a little less noisy.

x - D(x; sigma) is the noise that a denoiser sees in x. For the posterior mean it is orthogonal to the error, so

    E ||x - D||^2 = d sigma^2 - E ||x0 - D||^2

and the residual stays below sigma: noise that looks like data is not seen. For Gaussian pictures of spectrum P the
share seen at one frequency is sigma^2 / (P + sigma^2), the residual's variance there sigma^4 / (P + sigma^2). That is
the least share: whoever knows more than the spectrum errs less, and so sees more.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer import weights
from explorer.claims._inputs import SIZE, network
from explorer.claims._statistics import Array, bootstrap
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.wiener import Wiener
from explorer.core.noise import white_batch
from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES

RUNS = 8
STEPS = 48  # of Heun's method: its own error in the Wiener filter's residual is then 1 %
MAX_DEVIATION = 0.02  # that error, and three times the scatter of a norm over RUNS runs of 3 * 64 * 64 values
SHOWN_SIGMAS = (0.1, 1.0, 10.0)  # sigma, data units


@claim(
    "C01", text="A", quote="taking a noisy input and making it slightly less noisy",
    shown="stepper: the noise that the denoiser sees at each step beside the level that it is told",
    prediction="from pure noise on, the residual ||x - D(x)|| / sqrt(d) falls at every step of every run; it is at "
    "most sigma and at least that of the Wiener filter, which knows the spectrum alone, both within "
    f"{MAX_DEVIATION:.0%}; in a run of the Wiener filter it is that of the closed form within {MAX_DEVIATION:.0%}",
)  # fmt: skip
def slightly_less_noisy(
    *, denoiser: Denoiser | None = None, wiener: Denoiser | None = None, noise: Tensor | None = None
) -> Verdict:
    """Measure the residual over sigma, rms over runs, no units (Wiener 1949; Karras et al. 2022, alg. 1 for Heun).

    noise: unit noise (N, 3, H, W) that the runs start from. The bounds are of how much is removed, not of whether
    it is noise: for a denoiser that always says black, black is all the data there is, and its ratio is 1. The
    interval comes from resampling the runs.
    """
    start = white_batch((3, SIZE, SIZE), 0, "sample", range(RUNS)) if noise is None else noise
    prior = wiener_filter()
    sigmas = SCHEDULES["karras"].sigmas(STEPS)
    closed = wiener_ratios(prior, sigmas[:-1], start.shape[-1])
    squares = _squared_residuals(network() if denoiser is None else denoiser, start, sigmas)  # (K, N)
    exact = _squared_residuals(prior if wiener is None else wiener, start, sigmas)

    def least(rows: NDArray[np.int64]) -> float:
        return float((_ratios(squares[:, rows], sigmas) / closed).min())

    ratio, off = _ratios(squares, sigmas), np.abs(_ratios(exact, sigmas) / closed - 1)
    seen = np.sqrt(np.maximum(squares, 1e-300))
    lowest, falling = least(np.arange(len(start))), bool((seen[1:] < seen[:-1]).all())
    measured = {
        "least residual, over the Wiener filter's": lowest,
        "largest residual / sigma": ratio.max(),
        "largest residual, over that one step before": (seen[1:] / seen[:-1]).max(),
        "Wiener filter, largest relative difference from the closed form": off.max(),
    }
    for i in (int(np.abs(np.log(sigmas[:-1] / sigma)).argmin()) for sigma in SHOWN_SIGMAS):
        measured[f"residual / sigma at sigma {sigmas[i]:.2g}"] = ratio[i]
        measured[f"the Wiener filter's, at sigma {sigmas[i]:.2g}"] = closed[i]
    between = lowest >= 1 - MAX_DEVIATION and ratio.max() <= 1 + MAX_DEVIATION
    holds = between and falling and off.max() <= MAX_DEVIATION
    return verdict("C01", measured, holds, bootstrap(least, len(start)))


def wiener_ratios(prior: Wiener, sigmas: Array, side: int) -> Array:
    """Return sqrt(mean over bins and channels of sigma^2 / (P + sigma^2)) for each sigma (K,), pictures side x side."""
    power = prior.power(side, side).numpy()  # (C, side, side // 2 + 1)
    bins = np.full(power.shape[-1], 2.0)  # a column stands for its mirror image too
    bins[0] = 1.0
    if side % 2 == 0:
        bins[-1] = 1.0
    return np.sqrt([np.average((s**2 / (power + s**2)).mean((0, 1)), weights=bins) for s in sigmas])


@torch.inference_mode()
def _squared_residuals(denoiser: Denoiser, start: Tensor, sigmas: Array) -> Array:
    """Mean of (x - D)^2 at every level above 0 of every run, (K, N) float64."""
    steps = SAMPLERS["heun"](denoiser, start * float(sigmas[0]), sigmas)
    rows = [(step.x.double() - step.x0.double()).square().mean((1, 2, 3)).numpy() for step in steps]
    return np.array(rows[:-1])


def _ratios(squares: Array, sigmas: Array) -> Array:
    """Root mean square residual over sigma at each level, (K, N) -> (K,)."""
    return np.sqrt(squares.mean(1)) / sigmas[:-1]


@lru_cache(maxsize=1)
def wiener_filter() -> Wiener:
    """Return the shipped Wiener filter, made of the mean spectrum of the training pictures."""
    tensors = weights.state_dict("wiener")
    return Wiener(tensors["psd"], tensors["mean"])
