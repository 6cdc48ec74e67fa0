"""A density in two dimensions: its score field, walkers in it, and a network that learns the score from points."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from explorer.core.toy2d.densities import PATTERNS, SIGMA_MAX, SIGMA_MIN
from explorer.errors import RequestRefused
from explorer.schemas.validation import as_sequence, check_request, number, one_of, seed_number, whole_number

DENSITIES = (*PATTERNS, "drawn")
SOURCES = ("exact", "learned")
KINDS = ("single", "annealed")  # of walkers: with one noise level, with a falling one
ARROWS = ("move", "noise", "eps", "score")  # names of one arrow: D - x, x - D, (x - D) / sigma, (D - x) / sigma^2
EXTENT = 1.6  # half the side of the square that is shown, data units
MAX_POINTS = 200  # of a drawing
WALKER_COUNT = (10, 2000)  # lowest and highest number of walkers
LEARNING_STEPS = (10, 10_000)  # lowest and highest number of training steps
Points = tuple[tuple[float, float], ...]


def _face() -> Points:
    """Return the drawing to begin with: an outline, two eyes and a mouth."""

    def arc(count: int, radius: float, low: float, high: float) -> list[tuple[float, float]]:
        return [(radius * cos(a), radius * sin(a)) for a in np.linspace(low, high, count)]

    points = [*arc(24, 1.0, 0, 2 * pi * 23 / 24), (-0.35, 0.3), (0.35, 0.3), *arc(7, 0.5, -0.8 * pi, -0.2 * pi)]
    return tuple((round(x, 3), round(y, 3)) for x, y in points)


DRAWING = _face()


@dataclass(frozen=True)
class DensityRequest:
    """One of the patterns, or equal small Gaussians at the points of a drawing.

    Raises RequestRefused for an unknown pattern, and for a drawing without points, with too many or with one outside
    the square.
    """

    density: str = "two"  # one of DENSITIES
    points: Points = DRAWING  # of a drawing, data units; () for a pattern

    def __post_init__(self) -> None:
        one_of(self.density, DENSITIES, "density")
        object.__setattr__(self, "points", _checked_points(self.points) if self.density == "drawn" else ())


def _checked_points(points: object) -> Points:
    listed = as_sequence(points)
    if listed is None or not 1 <= len(listed) <= MAX_POINTS:
        raise RequestRefused(f"Draw some points first: at least one, at most {MAX_POINTS}.")
    return tuple(_checked_point(point) for point in listed)


def _checked_point(point: object) -> tuple[float, float]:
    pair = as_sequence(point)
    if pair is None or len(pair) != 2:
        raise RequestRefused("Every point of the drawing must be two numbers.")
    x, y = (number(value, -EXTENT, EXTENT, "place of a point") for value in pair)
    return x, y


@dataclass(frozen=True)
class LearnRequest:
    """Train a small network on noisy points of a density alone. Raises RequestRefused for a value out of range."""

    plane: DensityRequest = DensityRequest()  # under this name in the HTTP API
    steps: int = 2500
    seed: int = 0

    def __post_init__(self) -> None:
        check_request(self.plane, DensityRequest, "The network needs a density to learn from.")
        object.__setattr__(self, "steps", whole_number(self.steps, *LEARNING_STEPS, "number of steps"))
        object.__setattr__(self, "seed", seed_number(self.seed))


@dataclass(frozen=True)
class WalkRequest:
    """Walkers with one noise level, and with a falling one; both begin in the same pure noise.

    Raises RequestRefused for a value out of range.
    """

    plane: DensityRequest = DensityRequest()  # under this name in the HTTP API
    source: str = "exact"  # whose score moves the walkers; "learned" is the network of LearnRequest(plane)
    sigma: float = 0.05  # the one noise level, data units
    count: int = 300  # walkers of each kind
    seed: int = 0

    def __post_init__(self) -> None:
        check_request(self.plane, DensityRequest, "Walkers need a density to walk in.")
        one_of(self.source, SOURCES, "score")
        checked = {
            "sigma": number(self.sigma, SIGMA_MIN, SIGMA_MAX, "noise level of the walkers"),
            "count": whole_number(self.count, *WALKER_COUNT, "number of walkers"),
            "seed": seed_number(self.seed),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)


@dataclass(frozen=True)
class Density:
    """Equal round Gaussians, and what is known of them before anything is learned or walked."""

    request: DensityRequest
    means: NDArray[np.float64]  # (K, 2), data units
    weights: NDArray[np.float64]  # (K,), they sum to 1
    std: float  # of each Gaussian, data units
    part: NDArray[np.int64]  # (K,) which part (mode or stretch) each belongs to
    shares: NDArray[np.float64]  # (P,) weight of each part
    sigmas: NDArray[np.float64]  # (L,) levels, rising, data units
    move: NDArray[np.float64]  # (L,) root mean square length of D(x) - x over p(x; sigma), data units


@dataclass(frozen=True)
class WalkPlan:
    """All that is known of the walkers before their first move."""

    request: WalkRequest
    sigmas: dict[str, NDArray[np.float64]]  # kind -> (records,) noise level of each record, data units, the last 0
    chance: float  # mean distance of as many independent draws from the weights


@dataclass(frozen=True)
class WalkFrame:
    """Positions of the walkers of one kind at one record."""

    kind: str  # one of KINDS
    i: int  # 0 at the start
    sigma: float  # data units; 0 for the last estimate
    x: NDArray[np.float32]  # (n, 2), data units
    shares: NDArray[np.float64]  # (P,) of the walkers
    distance: float  # total variation, of the shares from the weights
    width: float | None  # root mean square distance from the nearest centre over that of the data; of the last only


@dataclass(frozen=True)
class LearnedScore:
    """The network after some steps; its errors are measured on the same noisy points each time."""

    step: int
    dsm: float  # weighted loss against the clean points, on which it is trained
    explicit: float  # the same against the exact posterior mean, which it never sees
    sigmas: NDArray[np.float64]  # (L,) levels, rising, data units
    error: NDArray[np.float64]  # (L,) rms of (learned - exact) score over rms of the exact score
    field: NDArray[np.float32]  # (L, G, G, 2) D at the points of a grid: row by row from the top, then (x, y)
