"""The claim that the variational autoencoder maps a picture to a distribution, drawn from as z = mu + s eps.

Two estimators of d E f(z) / d mu agree in the mean and differ in scatter (Kingma & Welling 2014, section 2.3):

    pathwise          f'(mu + s eps)
    score function    f(z) (z - mu) / s^2 = f(mu + s eps) eps / s

For f = (z - a)^2 and b = mu - a both have mean 2 b and the variances are 4 s^2 and b^4 / s^2 + 14 b^2 + 15 s^2: the
fourth, third and second moments of eps being 3, 0, 1, and the sixth 15.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from explorer.claims._autoencoders import Load, autoencoder, small_pictures
from explorer.claims._statistics import chi_square_interval
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.networks.autoencoder_conv import Variational
from explorer.core.noise import white, white_batch

CODES_PER_PICTURE = 2048  # codes per picture
FALSE_ALARM = 1e-3  # for both statistics together
GRADIENTS_PER_PICTURE = 128  # draws per picture
EXAMPLE = (1.0, 0.5, -0.5)  # mu, s, a
SAMPLES = 2**20
MAX_VARIANCE_DEVIATION = 0.05  # ten times the scatter of a variance from SAMPLES draws, and more

Draw = Callable[[Variational, Tensor, Tensor], Tensor]  # (autoencoder, picture (1, 3, H, W), eps (n, k)) -> (n, k)


@claim(
    "C42", text="B", quote="maps it to a distribution",
    shown="codes: the cloud of codes of one picture, and samples from the prior",
    prediction="codes drawn with z = mu + s eps have mean mu and variance s^2 within the chi-square interval at false "
    f"alarm {FALSE_ALARM:g}; the pathwise gradient of the reconstruction error scatters less than the score-function "
    "gradient, for every picture; in one dimension both variances are those in closed form within "
    f"{MAX_VARIANCE_DEVIATION:.0%}",
)  # fmt: skip
def reparameterised(
    *, pictures: Tensor | None = None, load: Load = autoencoder, draw: Draw = Variational.draw
) -> Verdict:
    """Measure variances over their expectation, or over each other, no units.

    draw: how codes are drawn; mean and variance are held against the posterior that the autoencoder states.
    """
    x0, vae = small_pictures() if pictures is None else pictures, load("vae")
    mean, variance, intervals = _moments(vae, x0, draw)
    ratio = _gradient_ratio(vae, x0)
    closed = _closed_form()
    measured = {
        "largest pathwise variance over the score function's, reconstruction error": ratio,
        "squared distance of the codes' mean from mu, over its expectation": mean,
        "variance of the codes over s^2": variance,
        **closed,
    }
    inside = all(low <= value <= high for value, (low, high) in zip((mean, variance), intervals, strict=True))
    exact = all(abs(value - 1) <= MAX_VARIANCE_DEVIATION for value in closed.values())
    return verdict("C42", measured, ratio < 1 and inside and exact)


@torch.inference_mode()
def _moments(vae: Variational, x0: Tensor, draw: Draw) -> tuple[float, float, list[tuple[float, float]]]:
    """Squared mean times draws, and variance, of (z - mu) / s over all numbers of all codes, with their intervals."""
    mu, log_variance = (part.double() for part in vae.posterior(x0))
    standard = []
    for i in range(len(x0)):
        eps = white((CODES_PER_PICTURE, mu.shape[1]), 0, "claims, codes", i)
        codes = draw(vae, x0[i : i + 1], eps).double()  # one picture, many eps
        standard.append((codes - mu[i]) / (log_variance[i] / 2).exp())
    found = torch.stack(standard)  # (N, draws, k)
    squared = float(found.mean(1).square().mean() * CODES_PER_PICTURE)
    degrees = (found[:, 0].numel(), found[:, 0].numel() * (CODES_PER_PICTURE - 1))
    return squared, float(found.var(1).mean()), [chi_square_interval(d, FALSE_ALARM / 2) for d in degrees]


def _gradient_ratio(vae: Variational, x0: Tensor) -> float:
    """Total variance over draws of the pathwise gradient by mu, over the score function's; largest of the pictures."""
    with torch.inference_mode():
        mu, log_variance = vae.posterior(x0)
    ratios = []
    for i, (centre, spread) in enumerate(zip(mu.clone(), (log_variance / 2).exp().clone(), strict=True)):
        eps = white_batch(centre.shape, i, "claims, gradients", range(GRADIENTS_PER_PICTURE))
        z = (centre + spread * eps).requires_grad_()
        with torch.enable_grad():
            loss = (vae.decode(z) - x0[i]).square().mean((1, 2, 3))
            (pathwise,) = torch.autograd.grad(loss.sum(), z)
        score = loss.detach()[:, None] * eps / spread
        ratios.append(float(pathwise.double().var(0).sum() / score.double().var(0).sum()))
    return max(ratios)


def _closed_form() -> dict[str, float]:
    """Means and variances of both estimators for f = (z - a)^2, over their closed forms."""
    mu, s, a = EXAMPLE
    eps, b = white((SAMPLES,), 0, "claims, one dimension").double().numpy(), mu - a
    z = mu + s * eps
    pathwise, score = 2 * (z - a), (z - a) ** 2 * (z - mu) / s**2
    return {
        "one dimension: pathwise mean over closed form": float(np.mean(pathwise)) / (2 * b),
        "one dimension: score function's mean over closed form": float(np.mean(score)) / (2 * b),
        "one dimension: pathwise variance over closed form": float(np.var(pathwise)) / (4 * s**2),
        "one dimension: score function's variance over closed form":
            float(np.var(score)) / (b**4 / s**2 + 14 * b**2 + 15 * s**2),
    }  # fmt: skip
