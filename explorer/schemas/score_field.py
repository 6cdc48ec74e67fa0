"""A density in the plane: its field, walkers in it, and a network that learns its score from noisy points."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np

from explorer.core.toy2d.densities import PATTERNS, SIGMA_MAX, SIGMA_MIN
from explorer.errors import RequestRefused
from explorer.schemas.validation import number, one_of, whole_number

DENSITIES = (*PATTERNS, "drawn")
EXTENT = 1.6  # half the side of the square that is shown, data units
MAX_POINTS = 200
Points = tuple[tuple[float, float], ...]


def _face() -> Points:
    """A drawing to begin with: an outline, two eyes and a mouth."""
    arc = lambda n, r, low, high: [(r * cos(a), r * sin(a)) for a in np.linspace(low, high, n)]
    points = [*arc(24, 1.0, 0, 2 * pi * 23 / 24), (-0.35, 0.3), (0.35, 0.3), *arc(7, 0.5, -0.8 * pi, -0.2 * pi)]
    return tuple((round(x, 3), round(y, 3)) for x, y in points)


DRAWING = _face()


@dataclass(frozen=True)
class DensityRequest:
    """Which density: one of the patterns, or equal small Gaussians at the points of a drawing."""

    density: str = "two"
    points: Points = DRAWING  # of a drawing only; otherwise forgotten

    def __post_init__(self) -> None:
        one_of(self.density, DENSITIES, "density")
        object.__setattr__(self, "points", _points(self.points) if self.density == "drawn" else ())


def _points(points: object) -> Points:
    if not isinstance(points, tuple | list) or not 1 <= len(points) <= MAX_POINTS:
        raise RequestRefused(f"Draw some points first: at least one, at most {MAX_POINTS}.")
    if not all(isinstance(point, tuple | list) and len(point) == 2 for point in points):
        raise RequestRefused("Every point of the drawing must be two numbers.")
    return tuple(tuple(number(value, -EXTENT, EXTENT, "place of a point") for value in point) for point in points)


@dataclass(frozen=True)
class LearnRequest:
    """Teach a small network the score of the density from noisy points alone."""

    plane: DensityRequest = DensityRequest()
    steps: int = 2500
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.plane, DensityRequest):
            raise RequestRefused("The network needs a density to learn from.")
        object.__setattr__(self, "steps", whole_number(self.steps, 10, 10_000, "number of steps"))
        object.__setattr__(self, "seed", whole_number(self.seed, 0, 2**53, "seed"))


SOURCES = ("exact", "learned")
KINDS = ("single", "annealed")


@dataclass(frozen=True)
class WalkRequest:
    """Walkers with one noise level, and with a falling one; both begin in the same pure noise."""

    plane: DensityRequest = DensityRequest()
    source: str = "exact"  # whose score moves them; "learned" is the network of LearnRequest(plane)
    sigma: float = 0.05  # the one noise level, data units
    count: int = 300
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.plane, DensityRequest):
            raise RequestRefused("Walkers need a density to walk in.")
        one_of(self.source, SOURCES, "score")
        checked = {
            "sigma": number(self.sigma, SIGMA_MIN, SIGMA_MAX, "noise level of the walkers"),
            "count": whole_number(self.count, 10, 2000, "number of walkers"),
            "seed": whole_number(self.seed, 0, 2**53, "seed"),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)


@dataclass(frozen=True)
class Density:
    """A density: equal round Gaussians, and what is known of it before anything is learned or walked."""

    request: DensityRequest
    means: np.ndarray  # (K, 2), data units
    weights: np.ndarray  # (K,), they sum to 1
    std: float  # of each Gaussian, data units
    part: np.ndarray  # (K,) int64, which part (mode or stretch) each belongs to
    shares: np.ndarray  # (P,) weight of each part
    sigmas: np.ndarray  # (L,) levels, rising, data units
    move: np.ndarray  # (L,) root mean square length of D(x) - x over p(x; sigma), data units


@dataclass(frozen=True)
class WalkPlan:
    """What is known of the walkers before their first move."""

    request: WalkRequest
    sigmas: dict[str, np.ndarray]  # kind -> (records,) noise level of each record, data units, the last 0
    chance: float  # mean distance of as many independent draws from the weights


@dataclass(frozen=True)
class WalkFrame:
    """Where the walkers of one kind are at one record."""

    kind: str  # of KINDS
    i: int  # 0 at the start
    sigma: float  # data units; 0 for the last estimate
    x: np.ndarray  # (n, 2) float32, data units
    shares: np.ndarray  # (P,) of the walkers
    distance: float  # total variation, of the shares from the weights
    width: float | None  # root mean square distance from the nearest centre over that of the data; of the last only


@dataclass(frozen=True)
class LearnedScore:
    """What the network knows after some steps; errors are measured on the same noisy points each time."""

    step: int
    dsm: float  # weighted loss against the clean points, which is what it is trained on
    explicit: float  # the same against the exact posterior mean, which it never sees
    sigmas: np.ndarray  # (L,) levels, rising, data units
    error: np.ndarray  # (L,) rms of (learned - exact) score over rms of the exact score
    field: np.ndarray  # (L, G, G, 2) float32, D at the points of a grid: row by row from the top, then (x, y)
