"""The claim that one log-likelihood has two gradients: one says how to change the input, the other the model.

The model is a mixture of Gaussians of equal variance; V is that variance plus sigma^2. Second derivatives of
ln sum_k exp f_k are a mean of those of the f_k plus a variance, so log p is bent downwards by at most 1 / V in x and
in the means, and by at most 1 / 2 in the logits of the weights. Gradient ascent with step V / 2 = 1 / 4 therefore
raises it by at least 3/4 of step |gradient|^2, wherever it stands.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import score_from_x0
from explorer.core.denoisers.gaussian_mixture import GaussianMixture
from explorer.core.noise import generator

SIGMA = 0.5  # data units
VARIANCE = 0.25  # of every component, data units squared
STEP_SIZE = 0.25
STEPS = 12
POINTS = 256
MIN_RISE_SHARE = 0.5  # share of step |gradient|^2 that counts as a rise (Armijo 1966)


class Walk(NamedTuple):
    """What STEPS steps of gradient ascent did."""

    rise: float  # least rise of log p in a step, over step |gradient|^2
    gain: float  # rise of log p over all steps, mean of the points, nats
    moved: float  # largest change of what the gradient is taken by
    rest: float  # largest change of everything else


@claim(
    "C11", text="A", quote="the former tells you how to change the input itself",
    shown="two-dimensional field: a switch between walking the points up the score and fitting the mixture to them",
    prediction=f"{STEPS} steps of gradient ascent raise log p each time by at least {MIN_RISE_SHARE:g} of step "
    "|gradient|^2: up "
    "the score at every point, while no parameter changes by a bit; up the gradient by the parameters in the mean over "
    "the points, while no point changes by a bit",
)  # fmt: skip
def input_or_model(*, model: type[GaussianMixture] = GaussianMixture) -> Verdict:
    """Measure rises of log p, changes in data units (logits: none), of points in a plane (Vincent 2011, eq. 9).

    The score is (D - x) / sigma^2 of the model as a denoiser, the other gradient that of its log density by automatic
    differentiation. log p, and the gradients that its rise is compared with, are always those of a GaussianMixture.
    """
    points = torch.from_numpy(generator(0, "claims, ascent").uniform(-2.5, 2.5, (POINTS, 2)))
    walk, fit = _change_input(model, points.clone()), _change_parameters(model, points.clone())
    measured = {
        "least rise over step |gradient|^2, input changed": walk.rise,
        "least rise over step |gradient|^2, parameters changed": fit.rise,
        "largest change of a parameter while the input is changed": walk.rest,
        "largest change of the input while parameters are changed": fit.rest,
        "mean log p gained by changing the input": walk.gain,
        "mean log p gained by changing the parameters": fit.gain,
        "largest change of the input while it is changed": walk.moved,
        "largest change of a parameter while these are changed": fit.moved,
    }
    alone = walk.rest == fit.rest == 0 and min(walk.moved, fit.moved) > 0
    return verdict("C11", measured, min(walk.rise, fit.rise) >= MIN_RISE_SHARE and alone)


def _change_input(model: type[GaussianMixture], x: Tensor) -> Walk:
    """Ascend in x (B, 2)."""
    mixture, true = _mixture(model, _start()), _mixture(GaussianMixture, _start())
    first, before, rises = x.clone(), [part.clone() for part in _parts(mixture)], []
    for _ in range(STEPS):
        after = x + STEP_SIZE * score_from_x0(mixture(x, SIGMA), x, SIGMA)
        slope = true.score(x, SIGMA).square().sum(1)
        rises.append((true.log_density(after, SIGMA) - true.log_density(x, SIGMA)) / (STEP_SIZE * slope))
        x = after
    gain = (true.log_density(x, SIGMA) - true.log_density(first, SIGMA)).mean()
    return Walk(float(torch.stack(rises).min()), float(gain), _change([first], [x]), _change(before, _parts(mixture)))


@torch.enable_grad()
def _change_parameters(model: type[GaussianMixture], x: Tensor) -> Walk:
    """Ascend in means and logits, of the mean log density of x (B, 2)."""
    parameters, points, rises = _start(), x.clone(), []
    for _ in range(STEPS):
        for p in parameters:
            p.requires_grad_()
        true = _mixture(GaussianMixture, parameters).log_density(points, SIGMA).mean()
        slope = sum(g.square().sum() for g in torch.autograd.grad(true, parameters))
        uphill = torch.autograd.grad(_mixture(model, parameters).log_density(x, SIGMA).mean(), parameters)
        parameters = [(p + STEP_SIZE * g).detach() for p, g in zip(parameters, uphill, strict=True)]
        after = _mixture(GaussianMixture, parameters).log_density(points, SIGMA).mean()
        rises.append(float((after - true.detach()) / (STEP_SIZE * slope)))
    first = _mixture(GaussianMixture, _start()).log_density(points, SIGMA).mean()
    return Walk(min(rises), float(after - first), _change(_start(), parameters), _change([points], [x]))


def _start() -> list[Tensor]:
    """Means (3, 2) and logits of the weights (3,) before anything is changed."""
    means = torch.tensor([[-1.0, 0.0], [1.0, 0.5], [0.0, -1.2]], dtype=torch.float64)
    return [means, torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64).log()]


def _mixture(model: type[GaussianMixture], parameters: list[Tensor]) -> GaussianMixture:
    means, logits = parameters
    return model(means, torch.full((len(means),), VARIANCE), logits.softmax(0))


def _parts(mixture: GaussianMixture) -> list[Tensor]:
    """All that a mixture of isotropic components knows."""
    return [mixture.means, mixture.variances, mixture.log_weights]


def _change(before: list[Tensor], after: list[Tensor]) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(before, after, strict=True))
