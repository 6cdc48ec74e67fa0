"""The claim that one denoiser for every noise level is what makes sampling work: from much noise down to little.

Langevin moves at one small noise level never cross between modes that lie far apart, and leave in each as many walkers
as began near it. Where noise joins the modes the share of each is right, and falling slowly the level takes it along.
"""

from __future__ import annotations

from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.claims._statistics import bootstrap
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.gaussian_mixture import GaussianMixture
from explorer.core.noise import white
from explorer.core.samplers.langevin import langevin

# two modes 14 standard deviations apart, a fifth of the data in one of them (Song & Ermon 2019, section 3.2.2)
MODES = GaussianMixture(torch.tensor([[5.0, 5.0], [-5.0, -5.0]]), torch.ones(2), torch.tensor([0.8, 0.2]))
SIGMAS = tuple(np.geomspace(20.0, 1.0, 10).tolist())  # sigma, data units
MOVES_PER_LEVEL = 100  # moves per level (NCSN; Song & Ermon 2019, section 5)
WALKERS = 2048
SINGLE_LEVELS = (1, 5, 9)  # levels that are tried alone as well; the last of them decides
MAX_DISTANCE_SHARE = 0.5  # of the single level's distance: a small gain would not make a key ingredient


@claim(
    "C23", text="A", quote="single model ... key ingredient",
    shown="two-dimensional field: walkers at one noise level beside walkers whose level falls, modes of unequal weight",
    prediction="after annealed Langevin dynamics the shares of walkers per mode are less than "
    f"{MAX_DISTANCE_SHARE:g} times as far from the modes' weights (total variation distance) as after the same "
    "number of moves at "
    f"sigma {SIGMAS[-1]:g} alone; the 95 % interval of {MAX_DISTANCE_SHARE:g} times the latter less the former is "
    "above 0",
)  # fmt: skip
def annealed_langevin(*, mixture: GaussianMixture = MODES, denoiser: Denoiser | None = None) -> Verdict:
    """Measure the total variation distance of shares from weights, 0 to 1 (Song & Ermon 2019, alg. 1 and figure 3).

    All begin in the same pure noise and make the same number of moves. A middle level alone comes near the weights
    too, but not the modes: what one step makes of so much noise is too narrow. Hence the width beside it, the median
    squared distance of final estimates from their modes over that of the data; near 1 / (1 + sigma^2) where noise does
    not join the modes. The interval comes from resampling the walkers.
    """
    denoiser, moves = mixture if denoiser is None else denoiser, MOVES_PER_LEVEL * (len(SIGMAS) - 1)
    runs = {
        f"sigma {SIGMAS[i]:.2g} alone": _estimates(denoiser, (SIGMAS[0], SIGMAS[i], 0.0), moves) for i in SINGLE_LEVELS
    }
    runs["annealed"] = _estimates(denoiser, (*SIGMAS, 0.0), MOVES_PER_LEVEL)
    mode = {name: _nearest_mode(mixture, x0) for name, x0 in runs.items()}
    *_, single, annealed = mode.values()

    def difference(rows: NDArray[np.int64]) -> float:
        return MAX_DISTANCE_SHARE * _distance(mixture, single[rows]) - _distance(mixture, annealed[rows])

    interval = bootstrap(difference, WALKERS)
    measured = {
        f"distance from the weights: {MAX_DISTANCE_SHARE:g} of one level alone less annealed": difference(
            np.arange(WALKERS)
        ),
        "its interval's lower end": interval[0],
        **{f"distance from the weights, {name}": _distance(mixture, found) for name, found in mode.items()},
        **{f"width of the modes, {name}": _width(mixture, x0, mode[name]) for name, x0 in runs.items()},
    }
    return verdict("C23", measured, interval[0] > 0, interval)


def _estimates(denoiser: Denoiser, sigmas: tuple[float, ...], inner: int) -> Tensor:
    """Final estimates (WALKERS, 2) of Langevin dynamics that begins in pure noise of level sigmas[0]."""
    shape = (WALKERS, 2)
    start = white(shape, 0, "claims, walkers").double() * sigmas[0]
    steps = langevin(denoiser, start, sigmas, noise=lambda i, role: white(shape, 0, f"{role}, step {i}"), inner=inner)
    *_, last = steps
    return last.x


def _nearest_mode(mixture: GaussianMixture, x: Tensor) -> NDArray[np.int64]:
    return torch.cdist(x, mixture.means).argmin(1).numpy()


def _distance(mixture: GaussianMixture, mode: NDArray[np.int64]) -> float:
    """Half of sum_k |share_k - weight_k|, mode (n,) being that of each walker."""
    share = np.bincount(mode, minlength=len(mixture.means)) / len(mode)
    return float(np.abs(share - mixture.log_weights.exp().numpy()).sum() / 2)


def _width(mixture: GaussianMixture, x: Tensor, mode: NDArray[np.int64]) -> float:
    """Median squared distance of x (n, 2) from its mode's mean, over that of a round Gaussian in the plane."""
    square = (x - mixture.means[mode]).square().sum(1)
    return float(square.median() / (2 * log(2) * mixture.variances.mean()))
