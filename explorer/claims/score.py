"""Claims that a denoiser is a score: exactly of the noisy density, and of the clean one as the noise vanishes.

In two dimensions and float64, where density and posterior mean are known in closed form.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from explorer.claims._inputs import SCALES
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import Denoiser, convert, score_from_x0
from explorer.core.denoisers.wiener import GaussianMixture, Ideal
from explorer.core.noise import generator

MAX_SCORE_DIFFERENCE = 1e-8  # 1 / data units
STEP_SIZE = 3e-4  # of the finite differences: truncation h^4 and rounding 1 / h both stay near 1e-11
POINTS = 256
EXPONENT, MAX_EXPONENT_DEVIATION = 2.0, 0.05
SMALL_SIGMAS = tuple(np.geomspace(0.01, 0.08, 7).tolist())  # data units; features of the density are ten times as large

# (1, 0), (cos 30, sin 30), ...: a data set of twelve points, each "picture" being (1, 1, 2)
CIRCLE = torch.tensor([(math.cos(i * math.pi / 6), math.sin(i * math.pi / 6)) for i in range(12)], dtype=torch.float64)
# three smooth, overlapping clouds whose standard deviations are 0.6 to 1
CLOUDS = GaussianMixture(
    torch.tensor([[-1.0, 0.0], [1.0, 0.5], [0.0, -1.2]]),
    torch.tensor([[[0.5, 0.1], [0.1, 0.4]], [[0.4, 0.0], [0.0, 0.8]], [[1.0, -0.2], [-0.2, 0.5]]]),
    torch.tensor([0.5, 0.3, 0.2]),
)


@claim(
    "C10", text="A", quote="score function ... gradient of the log-likelihood w.r.t. the input",
    shown="two-dimensional field: the arrows of the ideal denoiser on the density of the noisy data",
    prediction="(a x0_hat - x_t) / s^2 of the ideal denoiser equals the gradient of log p(x_t) by finite differences "
    f"within {MAX_SCORE_DIFFERENCE:g}, for VE, VP and flow",
)  # fmt: skip
def score_function(*, denoiser: Denoiser | None = None) -> Verdict:
    """Test Tweedie's formula (Vincent 2011, eq. 9; Efron 2011), in 1 / data units, on twelve points in a plane."""
    ideal = Ideal(CIRCLE.reshape(-1, 1, 1, 2))
    denoiser = ideal if denoiser is None else denoiser
    stream = generator(0, "claims, score")
    measured = {}
    for kind, scales in SCALES.items():
        worst = 0.0
        for a, s in scales:
            x0 = ideal.images[stream.integers(len(CIRCLE), size=POINTS)]
            x_t = a * x0 + s * torch.from_numpy(stream.standard_normal(x0.shape))  # (B, 1, 1, 2)
            score = convert(denoiser(x_t / a, s / a), "x0", "score", x_t, a, s)
            worst = max(worst, float((score - _gradient(ideal, x_t, a, s)).abs().max()))
        measured[f"largest difference, {kind}"] = worst
    return verdict("C10", measured, max(measured.values()) < MAX_SCORE_DIFFERENCE)


def _gradient(ideal: Ideal, x_t: Tensor, a: float, s: float) -> Tensor:
    """grad log p(x_t), p(x_t) = p_VE(x_t / a; s / a) / a^2, by central differences of fourth order."""
    gradient = torch.zeros_like(x_t)
    for axis in range(x_t.shape[-1]):
        shift = torch.zeros(x_t.shape[-1], dtype=torch.float64)
        shift[axis] = STEP_SIZE
        for weight, times in ((1, -2), (-8, -1), (8, 1), (-1, 2)):
            gradient[..., 0, 0, axis] += weight * ideal.log_density((x_t + times * shift) / a, s / a) / (12 * STEP_SIZE)
    return gradient


@claim(
    "C22", text="A", quote="these two things are equivalent",
    shown="two-dimensional field: arrows of a denoiser for one small noise level on the density of the clean data",
    prediction="(r(x) - x) / sigma^2 of a denoiser r for a single sigma approaches the gradient of the clean log "
    f"density like sigma^{EXPONENT:g}, exponent within {MAX_EXPONENT_DEVIATION:g}; from that of the noisy density it "
    f"differs by less than {MAX_SCORE_DIFFERENCE:g}",
)  # fmt: skip
def denoiser_and_score(*, denoiser: Denoiser | None = None) -> Verdict:
    """Measure rms differences over points, 1 / data units (Vincent 2011; Alain & Bengio 2014, theorem 1).

    log p_sigma = log p + sigma^2 / 2 (laplacian p) / p + ..., hence the exponent; its interval is that of the fit.
    """
    denoiser = CLOUDS if denoiser is None else denoiser
    stream = generator(0, "claims, clouds")
    x = torch.from_numpy(stream.uniform(-2.5, 2.5, size=(POINTS, 2)))
    clean, noisy = [], []
    for sigma in SMALL_SIGMAS:
        score = score_from_x0(denoiser(x, sigma), x, sigma)
        clean.append(float((score - CLOUDS.score(x, 0.0)).square().mean().sqrt()))
        noisy.append(float((score - CLOUDS.score(x, sigma)).abs().max()))
    fit = stats.linregress(np.log(SMALL_SIGMAS), np.log(np.maximum(clean, 1e-300)))
    margin = stats.t.ppf(0.975, len(SMALL_SIGMAS) - 2) * fit.stderr
    measured = {
        "exponent of sigma, clean density": fit.slope,
        "largest difference, noisy density": max(noisy),
        f"difference at sigma {SMALL_SIGMAS[0]:.2g}, clean density": clean[0],
        f"difference at sigma {SMALL_SIGMAS[-1]:.2g}, clean density": clean[-1],
    }
    holds = abs(fit.slope - EXPONENT) <= MAX_EXPONENT_DEVIATION and max(noisy) < MAX_SCORE_DIFFERENCE
    return verdict("C22", measured, holds, (fit.slope - margin, fit.slope + margin))
