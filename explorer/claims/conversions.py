"""Claims that different predictions are one prediction: x0 and eps, with and without the residual connection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from explorer.claims._inputs import SCALES, example_pictures, network, noise_like
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import Denoiser, convert, eps_from_x0

FLOAT32_EPS = float(np.finfo(np.float32).eps)  # 1.2e-7
# By counting the roundings: every operation adds at most half a FLOAT32_EPS of its result.
MAX_SUM_ROUNDINGS = 2.0  # in FLOAT32_EPS of |x_t| + |s eps_hat|; three operations on s eps_hat and one on x_t make 1.5
MAX_ROUND_TRIP_ROUNDINGS = (
    8.0  # in FLOAT32_EPS of (|x_t| + |s eps_hat| + |a x0_hat|) / a; ten to fourteen operations make 5 to 7
)
MAX_WIRED_ROUNDINGS = (
    2.0  # in FLOAT32_EPS of |noise_hat| + |x0_hat|; three operations on one and one on the other make 1.5
)
MAX_RATIO_DEVIATION = 1e-4  # distance of an error ratio from what is predicted
SIGMAS = (0.1, 1.0, 5.0)

Convert = Callable[[Tensor, str, str, Tensor, float, float], Tensor]


@claim(
    "C17", text="A", quote="predicting eps_t or x are equivalent",
    shown="one prediction, four views: x0, eps, score and v of the same network output",
    prediction="a x0_hat + s eps_hat = x_t to float32 rounding; x0 is had back from eps, score, v and flow to "
    f"float32 rounding; squared error of eps over that of x0 = SNR, and = 1 for noise that is not scaled to unit "
    f"variance, within {MAX_RATIO_DEVIATION:g}; VE, VP and flow, three noise levels each",
)  # fmt: skip
def equivalent_predictions(
    *, pictures: Tensor | None = None, denoiser: Denoiser | None = None, conversion: Convert = convert
) -> Verdict:
    """Measure conversions of the network's estimate (Ho et al. 2020, eq. 11; Salimans & Ho 2022, appendix D).

    Differences in units of float32 rounding of the terms; error ratios relative to what is predicted.
    """
    x0 = example_pictures() if pictures is None else pictures
    denoiser = network() if denoiser is None else denoiser
    eps = noise_like(x0, 0)
    sums, trips, ratios, unscaled = [], [], [], []
    for a, s in (pair for pairs in SCALES.values() for pair in pairs):
        x_t = a * x0 + s * eps
        with torch.inference_mode():
            x0_hat = denoiser(x_t / a, s / a)
        eps_hat = conversion(x0_hat, "x0", "eps", x_t, a, s)
        terms = x_t.abs() + (s * eps_hat).abs()
        sums.append(_largest((a * x0_hat + s * eps_hat - x_t) / terms))
        for kind in ("eps", "score", "v", "flow"):
            back = conversion(conversion(x0_hat, "x0", kind, x_t, a, s), kind, "x0", x_t, a, s)
            trips.append(_largest((back - x0_hat) * a / (terms + (a * x0_hat).abs())))
        error = _power(x0_hat - x0)
        ratios.append(_power(eps_hat - eps) / error / (a / s) ** 2)
        if a == 1:
            unscaled.append(_power(s * eps_hat - s * eps) / error)  # the text's own noise: variance sigma^2
    far, far_unscaled = (max(values, key=lambda r: abs(r - 1)) for values in (ratios, unscaled))
    return verdict(
        "C17",
        {
            "a x0_hat + s eps_hat - x_t, in roundings": max(sums),
            "x0_hat through eps, score, v or flow and back, in roundings": max(trips),
            "error ratio eps : x0, over SNR": far,
            "error ratio noise : x0, noise of variance sigma^2": far_unscaled,
        },
        max(sums) <= MAX_SUM_ROUNDINGS and max(trips) <= MAX_ROUND_TRIP_ROUNDINGS
        and abs(far - 1) <= MAX_RATIO_DEVIATION and abs(far_unscaled - 1) <= MAX_RATIO_DEVIATION,
    )  # fmt: skip


@claim(
    "C18", text="A", quote="new residual connection ... scale factor of -1",
    shown="wiring toggle: the same network with and without a connection from input to output",
    prediction="a network that predicts the noise, its input taken off its output, gives -x0_hat to float32 rounding: "
    "net(x_t) - x_t = -x0_hat",
)  # fmt: skip
def residual_connection(
    *, pictures: Tensor | None = None, denoiser: Denoiser | None = None, connection: float = -1.0
) -> Verdict:
    """Measure net(x_t) + connection x_t against -x0_hat, noise of variance sigma^2 as in text A (Dieleman 2022, VE).

    In units of float32 rounding of the terms. The opposite sign is wired up beside it.
    """
    x0 = example_pictures() if pictures is None else pictures
    denoiser = network() if denoiser is None else denoiser
    right, opposite = [], []
    for seed, sigma in enumerate(SIGMAS):
        x_t = x0 + sigma * noise_like(x0, seed)
        with torch.inference_mode():
            x0_hat = denoiser(x_t, sigma)
        net = sigma * eps_from_x0(x0_hat, x_t, sigma)  # what a noise predictor of the same knowledge says
        terms = net.abs() + x0_hat.abs()
        right.append(_largest((net + connection * x_t + x0_hat) / terms))
        opposite.append(_largest((net - connection * x_t + x0_hat) / terms))
    measured = {
        "net(x_t) - x_t + x0_hat, in roundings": max(right),
        "the same with the opposite sign, in roundings": max(opposite),
    }
    return verdict("C18", measured, max(right) <= MAX_WIRED_ROUNDINGS)


def _largest(relative: Tensor) -> float:
    """Largest magnitude, in units of float32 rounding; 0 / 0 counts as 0."""
    return float(relative.nan_to_num().abs().max()) / FLOAT32_EPS


def _power(x: Tensor) -> float:
    return float(x.double().square().sum())
