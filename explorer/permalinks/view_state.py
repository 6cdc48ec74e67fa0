"""How a view is looked at: noise level, step, enlarged member, what run B differs in, what was drawn by hand.

A person moves these in the browser alone; the server only meets them in a link, and checks them as it does requests.
Their defaults are the page's.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.core.schedules import SCHEDULES
from explorer.schemas.noising import SIGMA_RANGE
from explorer.schemas.sampling import MOST_STEPS, SamplingRequest
from explorer.schemas.score_field import DENSITIES, DensityRequest, Points
from explorer.schemas.validation import name, number, one_of, whole_number

COMPARED = ("sampler", "steps", "schedule", "label", "guidance", "seed", "model")
ORDERS = ("group", "best", "code")
ARROWS = ("move", "noise", "eps", "score")
WIRING_RANGE = (0.05, 5.0)  # noise levels at which the wiring is computed, data units
TOLD = tuple(2.0**n for n in range(-3, 4))  # told level over true level
OUTPUTS = ("eps", "score", "v", "x0")


@dataclass(frozen=True)
class NoiseViewState:
    """Where the slider of the first page is, and the schedule that gives it a time."""

    sigma: float = 0.5  # data units
    schedule: str = "cosine-vp"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", number(self.sigma, *SIGMA_RANGE, "noise level"))
        one_of(self.schedule, tuple(SCHEDULES), "schedule")


@dataclass(frozen=True)
class TrajectoryViewState:
    """Which step of run A is shown, and how its state is."""

    at: int | None = None  # None: the last one
    shown: str = "scaled"

    def __post_init__(self) -> None:
        if self.at is not None:
            object.__setattr__(self, "at", whole_number(self.at, 0, MOST_STEPS, "step"))
        one_of(self.shown, ("scaled", "clipped"), "way to show the state")


@dataclass(frozen=True)
class Comparison:
    """What run B differs in, and its value there; None leaves the value that the page proposes."""

    differs: str = "nothing"
    sampler: str | None = None
    steps: int | None = None
    schedule: str | None = None
    label: str | None = None
    guidance: float | None = None
    seed: int | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        one_of(self.differs, ("nothing", *COMPARED), "difference of run B")
        given = {f: getattr(self, f) for f in COMPARED if getattr(self, f) is not None}
        checked = SamplingRequest(size=64, **given)
        for f in given:
            object.__setattr__(self, f, getattr(checked, f))


@dataclass(frozen=True)
class LineupViewState:
    """Which member is enlarged, and the order of all."""

    member: str = "conditional"
    order: str = "group"

    def __post_init__(self) -> None:
        name(self.member, "member")
        one_of(self.order, ORDERS, "order")


@dataclass(frozen=True)
class ScoreFieldViewState:
    """Which of its four names the arrow is drawn by."""

    arrow: str = "move"

    def __post_init__(self) -> None:
        one_of(self.arrow, ARROWS, "arrow")


@dataclass(frozen=True)
class DensityViewState:
    """The density of the plane. points: of a drawing, whole hundredths; () is the drawing that the page begins with."""

    density: str = "two"
    points: Points = ()  # where there are any, the density is drawn

    def __post_init__(self) -> None:
        one_of(self.density, DENSITIES, "density")
        if self.points:
            places = DensityRequest("drawn", self.points).points
            object.__setattr__(self, "points", tuple((round(x, 2), round(y, 2)) for x, y in places))
            object.__setattr__(self, "density", "drawn")


@dataclass(frozen=True)
class WiringViewState:
    """At which noise level the wiring is shown, what the network is told of it, and what comes out."""

    sigma: float = 0.5  # data units; the nearest level that is computed is shown
    told: float = 1.0
    output: str = "eps"
    residual: str = "off"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", number(self.sigma, *WIRING_RANGE, "noise level of the wiring"))
        object.__setattr__(self, "told", float(one_of(self.told, TOLD, "told level over the true one")))
        one_of(self.output, OUTPUTS, "output of the network")
        one_of(self.residual, ("off", "on"), "residual connection")
