"""The claims that one model can do at every noise level what others can at one: train sigma against test sigma."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.autoencoders import DAE_SIGMAS
from explorer.claims._autoencoders import Load, autoencoder, error, small_pictures
from explorer.claims._statistics import Array, bootstrap
from explorer.claims.registry import Verdict, claim, verdict
from explorer.claims.skips import excess, excess_falls

MAX_ERROR_RATIO = 1.1  # error of one model for all levels over that of the one trained for this level
_AT = ", ".join(f"{sigma:g}" for sigma in DAE_SIGMAS.values())


@claim(
    "C12", text="A", quote="same network at every point",
    shown="train sigma x test sigma: the row of the noise-conditional model against the diagonal of the specialists",
    prediction=f"at sigma {_AT} the one conditional model errs at most {MAX_ERROR_RATIO:g} times as much as the same "
    "network trained for that level alone",
)  # fmt: skip
def one_network(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure the largest ratio of mean squared errors, no units. The interval comes from resampling the pictures."""
    x0 = small_pictures() if pictures is None else pictures
    matrix = _matrix(load, x0)
    return verdict("C12", _conditional(matrix), _largest(matrix) <= MAX_ERROR_RATIO, _interval(matrix))


@claim(
    "C20", text="A", quote="one single model able to handle many different noise levels",
    shown="train sigma x test sigma: errors relative to the specialist of each level",
    prediction="relative to the specialist of the level tested, a specialist's error rises with every step of its row "
    f"away from the level that it was trained at; the conditional model's is at most {MAX_ERROR_RATIO:g} at sigma "
    f"{_AT}",
)  # fmt: skip
def specialists_and_all(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure the least ratio of a cell to the next nearer to the diagonal, no units; the conditional one as in C12.

    The interval comes from resampling the pictures.
    """
    x0 = small_pictures() if pictures is None else pictures
    matrix = _matrix(load, x0)

    def rise(rows: NDArray[np.int64]) -> float:
        return _least_rise(matrix[:, :, rows].mean(2))

    found = rise(np.arange(len(x0)))
    measured = {"least rise of a specialist's relative error, one step further from its level": found}
    measured |= _conditional(matrix)
    mean = matrix.mean(2)
    relative = mean[:-1] / np.diagonal(mean[:-1])
    measured |= {f"trained at sigma {s:g}, largest relative error": row.max()
                 for s, row in zip(DAE_SIGMAS.values(), relative, strict=True)}  # fmt: skip
    return verdict("C20", measured, found > 1 and _largest(matrix) <= MAX_ERROR_RATIO, bootstrap(rise, len(x0)))


@claim(
    "C40", text="A", quote="do not have bottlenecks",
    shown="conclusion of the page: the three findings side by side",
    prediction=f"C12, C20 and C21 hold together: one conditional model within {MAX_ERROR_RATIO:g} of each "
    "specialist, specialists "
    "that fail elsewhere, and a cost of cut skips at low noise and fine scales that is gone at high noise",
)  # fmt: skip
def conclusion(*, pictures: Tensor | None = None, load: Load = autoencoder) -> Verdict:
    """Measure the deciding numbers of the three together, no units; the interval is that of C12."""
    x0 = small_pictures() if pictures is None else pictures
    matrix = _matrix(load, x0)
    rise = _least_rise(matrix.mean(2))
    skips, holds = excess_falls(excess(load, x0))
    measured = {**_conditional(matrix), "least rise of a specialist's relative error": rise, **skips}
    return verdict("C40", measured, _largest(matrix) <= MAX_ERROR_RATIO and rise > 1 and holds, _interval(matrix))


def _matrix(load: Load, x0: Tensor) -> Array:
    """Errors (6, 5, N): specialists in the order of DAE_SIGMAS and the conditional model, levels, pictures."""
    names = [*(f"dae-{name}" for name in DAE_SIGMAS), "conditional"]
    return np.array([[error(load(name), x0, sigma) for sigma in DAE_SIGMAS.values()] for name in names])


def _ratios(matrix: Array) -> Array:
    """The conditional model's error over the specialist's at every level, (5,)."""
    mean = matrix.mean(2)
    return mean[-1] / np.diagonal(mean[:-1])


def _largest(matrix: Array) -> float:
    return float(_ratios(matrix).max())


def _interval(matrix: Array) -> tuple[float, float]:
    return bootstrap(lambda rows: _largest(matrix[:, :, rows]), matrix.shape[2])


def _conditional(matrix: Array) -> dict[str, float]:
    each = zip(DAE_SIGMAS.values(), _ratios(matrix), strict=True)
    return {
        "largest error of the conditional model over the specialist's": _largest(matrix),
        **{f"conditional over specialist, sigma {sigma:g}": ratio for sigma, ratio in each},
    }


def _least_rise(mean: Array) -> float:
    """Least factor of the relative error (6, 5) between neighbouring cells of a specialist's row, going outwards."""
    relative, factors = mean[:-1] / np.diagonal(mean[:-1]), []
    for i, row in enumerate(relative):
        factors += [*(row[i + 1 :] / row[i:-1]), *(row[:i] / row[1 : i + 1])]
    return float(min(factors))
