"""The claim that a score can be learned from noisy points alone, though nobody ever shows it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import Denoiser, score_from_x0
from explorer.core.denoisers.gaussian_mixture import GaussianMixture
from explorer.core.noise import white

MAX_GAP_SPREAD = 1e-6  # of the losses' own standard deviation over thetas
NETWORK_COUNT = 24
HIDDEN_UNITS = 16
SIGMA = 0.8  # data units
NODES_PER_AXIS = {4: 14, 2: 48}  # dimensions -> nodes along each axis of the Gauss-Hermite rule
MEANS = torch.tensor([[-1.0, 0.2], [0.8, 0.6], [0.1, -1.1]], dtype=torch.float64)
STDS = torch.tensor([0.4, 0.5, 0.3], dtype=torch.float64)
WEIGHTS = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
CLOUDS = GaussianMixture(MEANS, STDS**2, WEIGHTS)

Score = Callable[[Tensor], Tensor]  # points (n, 2) -> (n, 2), 1 / data units


@claim(
    "C15", text="A", quote="why this works is not entirely obvious",
    shown="two-dimensional field: the loss a network is trained on and the error of its score fall side by side, and "
    "what lies between them does not move",
    prediction=f"over {NETWORK_COUNT} score networks with random weights, denoising score matching loss less "
    "explicit score "
    f"matching loss has a standard deviation below {MAX_GAP_SPREAD:g} times that of the losses themselves",
)  # fmt: skip
def denoising_score_matching(*, denoiser: Denoiser | None = None) -> Verdict:
    """Measure two losses whose gap should be constant (Vincent 2011, section 4.2).

    DSM = E |s(x) - (x0 - x) / sigma^2|^2, ESM = E |s(x) - grad log p(x)|^2.

    Three round clouds in a plane, float64. DSM is an integral over clean point and noise, of four dimensions, and
    knows no score; ESM one over noisy points, of two, and knows no clean point. Both by Gauss-Hermite rules, so there
    is no sampling error. denoiser: whose score ESM is measured against; by default the exact one.
    """
    truth = CLOUDS if denoiser is None else denoiser
    losses = np.array(
        [(_dsm(score), _esm(score, truth)) for score in random_scores(NETWORK_COUNT)]
    )  # (NETWORK_COUNT, 2)
    gap = losses[:, 0] - losses[:, 1]
    spread = gap.std(ddof=1) / losses[:, 0].std(ddof=1)
    constant = 2 / SIGMA**2 - _esm(torch.zeros_like, truth)  # E |(x0 - x) / sigma^2|^2 less E |grad log p|^2
    measured = {
        "standard deviation of the gap, over that of the losses": spread,
        "standard deviation of the losses, 1 / data units squared": losses[:, 0].std(ddof=1),
        "mean gap, 1 / data units squared": gap.mean(),
        "2 / sigma^2 less the score's mean square, 1 / data units squared": constant,
        "least loss against the score, over the gap": losses[:, 1].min() / gap.mean(),
    }
    return verdict("C15", measured, spread < MAX_GAP_SPREAD)


def _sines(first: Tensor, shift: Tensor, last: Tensor, x: Tensor) -> Tensor:
    return torch.sin(x @ first.T / 2 + shift) @ last.T


def random_scores(count: int) -> Iterator[Score]:
    """Yield networks with one hidden layer of sines and random weights, from a tenth to three times unit strength.

    Sines (Sitzmann et al. 2020, SIREN), because the rules below integrate them to rounding.
    """
    for n, strength in enumerate(np.linspace(0.1, 3.0, count).tolist()):
        first, shift, last = (
            white(s, n, "claims, theta").double() for s in ((HIDDEN_UNITS, 2), (HIDDEN_UNITS,), (2, HIDDEN_UNITS))
        )
        last = strength * last / math.sqrt(HIDDEN_UNITS)
        yield partial(_sines, first, shift, last)


def _dsm(score: Score) -> float:
    """E |s(x0 + sigma eps) + eps / sigma|^2 over clean points and noise."""
    nodes, mass = _rule(4)
    clean, eps = nodes[:, :2], nodes[:, 2:]
    total = 0.0
    for weight, mean, std in zip(WEIGHTS.tolist(), MEANS, STDS.tolist(), strict=True):
        square = (score(mean + std * clean + SIGMA * eps) + eps / SIGMA).square().sum(1)
        total += weight * float(mass @ square)
    return total


def _esm(score: Score, truth: Denoiser) -> float:
    """E |s(x) - grad log p(x)|^2 over noisy points."""
    nodes, mass = _rule(2)
    total = 0.0
    for weight, mean, std in zip(WEIGHTS.tolist(), MEANS, STDS.tolist(), strict=True):
        x = mean + math.hypot(std, SIGMA) * nodes
        total += weight * float(mass @ (score(x) - score_from_x0(truth(x, SIGMA), x, SIGMA)).square().sum(1))
    return total


def _rule(dimensions: int) -> tuple[Tensor, Tensor]:
    """Nodes (n^d, d) and weights (n^d,) of the expectation over standard normals."""
    nodes, mass = np.polynomial.hermite_e.hermegauss(NODES_PER_AXIS[dimensions])
    grids = np.meshgrid(*[np.arange(len(nodes))] * dimensions, indexing="ij")
    index: NDArray[np.int64] = np.stack(grids, -1).reshape(-1, dimensions)
    weights = (mass / mass.sum())[index].prod(1)
    return torch.from_numpy(nodes[index]), torch.from_numpy(weights)
