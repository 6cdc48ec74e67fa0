"""Two-dimensional densities: mixtures of isotropic Gaussians centred on the points of a pattern.

Adding Gaussian noise leaves such a mixture, so density, score and denoiser at every noise level have a closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from torch import Tensor

from explorer.core.denoisers.gaussian_mixture import GaussianMixture
from explorer.core.noise import generator

SIGMA_MIN, SIGMA_MAX = 0.03, 3.0  # data units: below any pattern's detail, above its whole width
MAX_PARTS = 8  # of a pattern without separate modes
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pattern:
    """A mixture of isotropic Gaussians of one width, divided into parts (modes or segments) with shares of weight."""

    means: Array  # (K, 2), data units
    weights: Array  # (K,), sum 1
    std: float  # of each Gaussian along each axis, data units
    part: NDArray[np.int64]  # (K,) index of each Gaussian's part, from 0 without gaps

    @property
    def mixture(self) -> GaussianMixture:
        """The density as a Denoiser of points (B, 2), with `score` and `log_density`."""
        variances = torch.full((len(self.means),), self.std**2, dtype=torch.float64)
        return GaussianMixture(torch.from_numpy(self.means), variances, torch.from_numpy(self.weights))

    @property
    def shares(self) -> Array:
        """The weight of each part, (P,)."""
        return np.bincount(self.part, weights=self.weights).astype(np.float64)

    @property
    def sigma_data(self) -> float:
        """Root mean square of a coordinate, data units."""
        return sqrt(float(self.weights @ (self.means**2).mean(1)) + self.std**2)

    def sample(self, count: int, seed: int, role: str, index: int = 0) -> Tensor:
        """Return clean points (count, 2) float64, data units, a function of the arguments alone."""
        stream = generator(seed, role, index)
        component = np.searchsorted(np.cumsum(self.weights), stream.random(count) * self.weights.sum())
        centre = self.means[np.minimum(component, len(self.means) - 1)]
        return torch.from_numpy(centre + self.std * stream.standard_normal((count, 2)))

    def nearest(self, x: Tensor) -> NDArray[np.int64]:
        """Return the index of the Gaussian with the nearest centre for each point (n, 2): (n,); ties: the first."""
        return torch.cdist(x.double(), torch.from_numpy(self.means)).argmin(1).numpy()


def _two() -> Pattern:
    return Pattern(np.array([[-0.75, -0.5], [0.75, 0.5]]), np.array([0.8, 0.2]), 0.12, np.arange(2))


def _ring() -> Pattern:
    angle = pi / 2 - np.arange(8) * pi / 4  # from the top, clockwise
    return Pattern(np.stack([np.cos(angle), np.sin(angle)], 1), np.arange(1, 9) / 36, 0.08, np.arange(8))


def _spiral() -> Pattern:
    """Two turns with centres evenly spaced along the curve."""
    angle = np.sqrt(np.linspace(0.04, 1, 64)) * 4 * pi
    radius = angle / (4 * pi) * 1.15
    means = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return Pattern(means, np.full(64, 1 / 64), 0.05, np.arange(64) * MAX_PARTS // 64)


def _grid() -> Pattern:
    axis = np.linspace(-0.9, 0.9, 4)
    means = np.stack(np.meshgrid(axis, -axis), -1).reshape(-1, 2)  # row by row, from the top
    return Pattern(means, np.full(16, 1 / 16), 0.07, np.arange(16))


PATTERNS: dict[str, Callable[[], Pattern]] = {"two": _two, "ring": _ring, "spiral": _spiral, "grid": _grid}
POINT_STD = 0.06  # data units, of the Gaussian at each drawn point


def pattern_from_points(points: Sequence[Sequence[float]]) -> Pattern:
    """Return equal Gaussians at points (K, 2), in at most MAX_PARTS clusters (complete linkage) as parts.

    points: data units. Raise ValueError when there is none.
    """
    means = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if len(means) == 0:
        raise ValueError("a drawing needs at least one point")
    part = fcluster(linkage(means, "complete"), MAX_PARTS, "maxclust") - 1 if len(means) > 1 else np.zeros(1)
    order = np.unique(part, return_index=True)[1].argsort().argsort()  # parts in the order of their first point
    return Pattern(means, np.full(len(means), 1 / len(means)), POINT_STD, order[part.astype(int)])
