"""How a view is looked at: noise level, step, enlarged autoencoder, what run B differs in, what was drawn by hand.

All of it changes in the browser alone; the server only meets it in a link, and checks it as it does requests. The
defaults are the page's. Every class raises RequestRefused for a value out of range.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.core.schedules import SCHEDULES
from explorer.schemas.autoencoder_internals import OUTPUTS, SIGMA_RATIOS, WIRING_RANGE
from explorer.schemas.autoencoders import ORDERS
from explorer.schemas.noising import FIRST_SCHEDULE, FIRST_SIGMA, SIGMA_RANGE
from explorer.schemas.sampling import COMPARABLE, MAX_STEPS, NO_DIFFERENCE, SamplingRequest
from explorer.schemas.score_field import ARROWS, DENSITIES, DensityRequest, Points
from explorer.schemas.validation import name, number, one_of, whole_number

STATE_SCALINGS = ("scaled", "clipped")  # how the state of a run is drawn: divided by its size, or cut off


@dataclass(frozen=True)
class NoiseViewState:
    """Position of the first page's slider, and the schedule that gives it a time."""

    sigma: float = FIRST_SIGMA  # data units
    schedule: str = FIRST_SCHEDULE

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", number(self.sigma, *SIGMA_RANGE, "noise level"))
        one_of(self.schedule, tuple(SCHEDULES), "schedule")


@dataclass(frozen=True)
class TrajectoryViewState:
    """Step of run A that is shown, and how its state is drawn."""

    at: int | None = None  # step; None: the last one
    shown: str = "scaled"

    def __post_init__(self) -> None:
        if self.at is not None:
            object.__setattr__(self, "at", whole_number(self.at, 0, MAX_STEPS, "step"))
        one_of(self.shown, STATE_SCALINGS, "way to show the state")


@dataclass(frozen=True)
class Comparison:
    """Field in which run B differs from run A, and its value there; None leaves the value that the page proposes."""

    differs: str = NO_DIFFERENCE
    sampler: str | None = None
    steps: int | None = None
    schedule: str | None = None
    label: str | None = None
    guidance: float | None = None
    seed: int | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        one_of(self.differs, (NO_DIFFERENCE, *COMPARABLE), "difference of run B")
        given = {f: getattr(self, f) for f in COMPARABLE if getattr(self, f) is not None}
        checked = SamplingRequest(size=64, **given)
        for f in given:
            object.__setattr__(self, f, getattr(checked, f))


@dataclass(frozen=True)
class LineupViewState:
    """Autoencoder that is enlarged, and the order of all."""

    autoencoder: str = "conditional"
    order: str = "group"

    def __post_init__(self) -> None:
        name(self.autoencoder, "member")
        one_of(self.order, ORDERS, "order")


@dataclass(frozen=True)
class ScoreFieldViewState:
    """Name by which the arrow is drawn, one of ARROWS."""

    arrow: str = "move"

    def __post_init__(self) -> None:
        one_of(self.arrow, ARROWS, "arrow")


@dataclass(frozen=True)
class DensityViewState:
    """Density of the score field."""

    density: str = "two"
    points: Points = ()  # of a drawing, rounded to hundredths; () is the drawing that the page begins with

    def __post_init__(self) -> None:
        one_of(self.density, DENSITIES, "density")
        if self.points:
            points = DensityRequest("drawn", self.points).points
            object.__setattr__(self, "points", tuple((round(x, 2), round(y, 2)) for x, y in points))
            object.__setattr__(self, "density", "drawn")


@dataclass(frozen=True)
class WiringViewState:
    """Noise level at which the wiring is shown, the level that is passed to the network, and what it predicts."""

    sigma: float = 0.5  # data units; the nearest level that is computed is shown
    sigma_ratio: float = 1.0  # level that is passed over the true one, one of SIGMA_RATIOS
    output: str = "eps"  # one of OUTPUTS
    residual: str = "off"  # or "on": the residual connection

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", number(self.sigma, *WIRING_RANGE, "noise level of the wiring"))
        ratio = one_of(self.sigma_ratio, tuple(SIGMA_RATIOS.tolist()), "told level over the true one")
        object.__setattr__(self, "sigma_ratio", ratio)
        one_of(self.output, OUTPUTS, "output of the network")
        one_of(self.residual, ("off", "on"), "residual connection")
