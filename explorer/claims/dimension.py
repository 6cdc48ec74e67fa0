"""The claims about the Jacobian J = dD / dx: what a denoiser has learnt of how values belong together.

A step of the input changes the posterior mean by J, and sigma^2 J is the posterior covariance (Robbins 1956 and
Miyasawa 1961; Stein 1981 for the trace): the trace counts the directions in which the data may still vary, each by
the share of it that gets through the noise.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from explorer.claims._autoencoders import Load, autoencoder, error, small_pictures
from explorer.claims._inputs import noise_like
from explorer.claims._statistics import Array, bootstrap
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.ideal import Ideal
from explorer.core.noise import generator

SIGMAS = (0.1, 0.25, 0.5, 1.0, 2.0)  # data units
PIXELS = tuple((i, j) for i in (6, 16, 25) for j in (6, 16, 25))  # whose rows of J are taken, in every colour
PROBES_PER_PICTURE = 4  # per picture
TINY_SIDE = 8  # of the pictures whose exact J is taken
EXACT_SIGMAS = (1.4, 2.8, 5.6)  # data units; below, one picture has all of the posterior
RELATIVE_STEP = 1e-4  # step of the difference quotient, in units of sigma: float64 rounds at 1e-12 of it
MAX_VARIANCE_DEVIATION = 1e-6


@claim(
    "C44", text="B", quote="learn the relationship between input values",
    shown="line-up: a pixel of the output is clicked, and what of the input it looks at is drawn",
    prediction="a pixel of the noise-conditional model's output depends on other pixels than its own: their share of "
    f"the row of the Jacobian rises with every noise level, {', '.join(f'{s:g}' for s in SIGMAS)}, and is above 0.01 "
    "at the lowest; the masking autoencoder fills lost pixels with less error than the mean of those that are left",
)  # fmt: skip
def relations(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure the share of |row of J|^2 off its own pixel, no units; and a ratio of errors at lost pixels.

    The interval, of the share at the lowest level, comes from resampling the pictures.
    """
    x0 = small_pictures() if pictures is None else pictures
    shares = np.array([_elsewhere(load("conditional"), x0, sigma) for sigma in SIGMAS])  # (levels, pictures)
    mean, fill = shares.mean(1), _filled(load("dae-mask"), x0)
    measured = {
        "share of other pixels at the lowest level": mean[0],
        "least rise from level to level": np.diff(mean).min(),
        "lost pixels: masking autoencoder's error over that of their mean": fill,
        **{f"share of other pixels, sigma {sigma:g}": share for sigma, share in zip(SIGMAS, mean, strict=True)},
    }
    holds = mean[0] > 0.01 and np.diff(mean).min() > 0 and fill < 1
    return verdict("C44", measured, holds, bootstrap(lambda rows: float(shares[0, rows].mean()), len(x0)))


@claim(
    "C47", text="B", quote="map the input data in a lower-dimensional manifold",
    shown="line-up: the number of directions that a denoiser keeps, by noise level",
    prediction="for the exact denoiser of the example pictures sigma^2 times the trace of its Jacobian is the variance "
    f"of the posterior within {MAX_VARIANCE_DEVIATION:g}; the trace of the noise-conditional model, its effective "
    "dimension, falls with every noise level and is below a tenth of the numbers of a picture at the highest",
)  # fmt: skip
def effective_dimension(
    *, pictures: Tensor | None = None, load: Load = autoencoder, exact: Denoiser | None = None
) -> Verdict:
    """Measure traces over the numbers of a picture, no units (Hutchinson 1990 for the estimate from random signs).

    exact: put in place of the exact denoiser of the pictures at 8x8. Beside the network's trace stands what its error
    says, MSE / sigma^2: equal for the posterior mean. The interval comes from resampling the pictures.
    """
    x0, conditional = small_pictures() if pictures is None else pictures, load("conditional")
    off = _largest_departure(x0, exact)
    traces = np.array([_trace(conditional, x0, sigma) for sigma in SIGMAS])  # (levels, pictures)
    mean, values = traces.mean(1), x0[0].numel()
    measured = {
        "largest effective dimension over that one level before": (mean[1:] / mean[:-1]).max(),
        "exact denoiser, largest relative difference from the posterior variance": off,
        f"effective dimension at sigma {SIGMAS[-1]:g}, share of all": mean[-1] / values,
    }
    for sigma, trace in zip(SIGMAS, mean, strict=True):
        measured |= {
            f"effective dimension, sigma {sigma:g}": trace,
            f"what the error says, sigma {sigma:g}": error(conditional, x0, sigma).mean() / sigma**2 * values,
        }
    ratio = measured["largest effective dimension over that one level before"]
    holds = ratio < 1 and off <= MAX_VARIANCE_DEVIATION and mean[-1] < values / 10

    def largest(rows: NDArray[np.int64]) -> float:
        some = traces[:, rows].mean(1)
        return float((some[1:] / some[:-1]).max())

    return verdict("C47", measured, holds, bootstrap(largest, len(x0)))


def _elsewhere(denoiser: Denoiser, x0: Tensor, sigma: float) -> Array:
    """Share of |dD_i / dx|^2 outside pixel i, mean over PIXELS and colours, by picture (N,)."""
    x = (x0 + sigma * noise_like(x0, 0)).requires_grad_()
    shares = []
    with torch.enable_grad():
        estimate = denoiser(x, sigma)
        for i, j in PIXELS:
            for colour in range(x.shape[1]):
                (row,) = torch.autograd.grad(estimate[:, colour, i, j].sum(), x, retain_graph=True)
                square = row.double().square()
                shares.append(1 - square[:, :, i, j].sum(1) / square.sum((1, 2, 3)))
    return torch.stack(shares).mean(0).numpy()


def _trace(denoiser: Denoiser, x0: Tensor, sigma: float) -> Array:
    """Estimate of tr J by picture, (N,): mean of v . J v over random signs v."""
    x = (x0 + sigma * noise_like(x0, 0)).requires_grad_()
    traces = []
    with torch.enable_grad():
        estimate = denoiser(x, sigma)
        for probe in range(PROBES_PER_PICTURE):
            signs = generator(0, "claims, probes", probe).integers(2, size=tuple(x.shape)) * 2.0 - 1
            v = torch.from_numpy(signs).float()
            (product,) = torch.autograd.grad((estimate * v).sum(), x, retain_graph=True)
            traces.append((product * v).double().sum((1, 2, 3)))
    return torch.stack(traces).mean(0).numpy()


def _largest_departure(x0: Tensor, exact: Denoiser | None) -> float:
    """Of sigma^2 tr J from the posterior variance of a noisy picture at 8x8, relative; tr J in full."""
    small = avg_pool2d(x0.double(), x0.shape[-1] // TINY_SIDE)
    ideal, off = Ideal(small), []
    denoiser = ideal if exact is None else exact
    for sigma in EXACT_SIGMAS:
        x = small[:1] + sigma * noise_like(small[:1], 0).double()
        step = RELATIVE_STEP * sigma * torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape[1:])  # one value each
        change = (denoiser(x + step, sigma) - denoiser(x - step, sigma)) * step
        trace = float(change.sum()) / (2 * (RELATIVE_STEP * sigma) ** 2)
        weights = ideal.weights(x, sigma)[0]
        mean = torch.tensordot(weights, small, 1)
        variance = float((weights * (small - mean).square().sum((1, 2, 3))).sum())
        off.append(abs(sigma**2 * trace / variance - 1))
    return max(off)


@torch.inference_mode()
def _filled(denoiser: Denoiser, x0: Tensor) -> float:
    """Squared error at masked pixels over that of the mean colour of the pixels left, half of them being masked."""
    kept = torch.stack([torch.from_numpy(generator(0, "mask", i).random((1, *x0.shape[2:]))) for i in range(len(x0))])
    kept = (kept >= 0.5).float()  # (N, 1, H, W)
    mean = (x0 * kept).sum((2, 3), keepdim=True) / kept.sum((2, 3), keepdim=True)
    filled, lost = denoiser(x0 * kept, 0.5), 1 - kept
    return float(((filled - x0) * lost).square().sum() / ((mean - x0) * lost).square().sum())
