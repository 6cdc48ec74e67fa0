"""The few statistics that several claims share. numpy float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from explorer.core.noise import generator

Array = NDArray[np.float64]
RESAMPLES = 400


def rank_correlation(x: Array, y: Array) -> float:
    """Return Spearman's rho of two samples (n,), ties at their mean rank; 0 where one of them does not vary."""
    x, y = stats.rankdata(x), stats.rankdata(y)
    x, y = x - x.mean(), y - y.mean()
    power = (x @ x) * (y @ y)
    return float(x @ y / np.sqrt(power)) if power > 0 else 0.0


def bootstrap(statistic: Callable[[NDArray[np.int64]], float], count: int) -> tuple[float, float]:
    """Return the 95 % percentile interval (Efron 1979) of statistic(rows), `count` rows drawn with replacement."""
    stream = generator(0, "bootstrap")
    values = [statistic(stream.integers(count, size=count)) for _ in range(RESAMPLES)]
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def chi_square_interval(degrees: float, outside: float = 0.05) -> tuple[float, float]:
    """Return where the mean of `degrees` squared standard normals lies, but for a probability `outside`."""
    low, high = stats.chi2.ppf((outside / 2, 1 - outside / 2), degrees) / degrees
    return float(low), float(high)
