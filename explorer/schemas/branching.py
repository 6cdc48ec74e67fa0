"""Continuing one state of a run several times: siblings, and what they have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import RequestRefused
from explorer.schemas.sampling import START_RANGE, SamplingRequest
from explorer.schemas.validation import check_request, number, one_of, seed_number, whole_number

ORIGINS = ("step", "picture")
MAX_SIBLINGS = 16
MAX_BRANCH_STEPS = 100
MAX_TURN_LEVELS = 16


@dataclass(frozen=True)
class BranchRequest:
    """Continue from one level of a run `count` times, each time with fresh noise.

    From a "step", all siblings start from the stored state x and the noise that the sampler adds on the way is fresh,
    so the sampler is ancestral whatever the run's own is. From the "picture" (the last one of the run, or the
    uploaded one), fresh noise of that level is added to it and the run's own sampler goes back down: a U-turn.
    Raises RequestRefused for a value out of range.
    """

    run: SamplingRequest = SamplingRequest()
    step: int = 12  # of the run; its noise level is where the siblings start
    origin: str = "step"  # one of ORIGINS
    count: int = 6  # siblings
    steps: int = 20  # from that level down to 0
    seed: int = 0

    def __post_init__(self) -> None:
        check_request(self.run, SamplingRequest, "A branch needs a run to start from.")
        one_of(self.origin, ORIGINS, "origin of the branches")
        checked = {
            "step": whole_number(self.step, 0, self.run.steps - 1, "step to branch from"),
            "count": whole_number(self.count, 2, MAX_SIBLINGS, "number of branches"),
            "steps": whole_number(self.steps, 1, MAX_BRANCH_STEPS, "number of steps"),
            "seed": seed_number(self.seed, "seed of the branches"),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)

    @property
    def sigma(self) -> float:
        """The level at which the siblings start, data units."""
        return float(self.run.sigmas[self.step])


@dataclass(frozen=True)
class Branches:
    """The siblings after some steps, and where they agree."""

    request: BranchRequest
    done: int  # steps taken so far
    siblings: NDArray[np.float32]  # (n, 3, H, W) estimates of the clean picture; the pictures at the last step
    mean: NDArray[np.float32]  # (3, H, W)
    disagreement: NDArray[np.float64]  # (H, W) standard deviation among the siblings, data units
    edges: NDArray[np.float64]  # (octaves + 1,) cycles per pixel, rising
    agreement: NDArray[np.float64]  # (octaves,) share of the siblings' power that they have in common, coarse first
    decided: float  # feature size in pixels down to which they agree by one half or more; may be inf


@dataclass(frozen=True)
class UTurnRequest:
    """The last picture of a run, noised to each of several levels and regenerated `count` times.

    Raises RequestRefused for a value out of range.
    """

    run: SamplingRequest = SamplingRequest()
    levels: int = 7  # spaced evenly in ln sigma from low to high
    low: float = 0.1  # data units
    high: float = 20.0  # data units
    count: int = 4  # siblings at each level
    steps: int = 12  # from each level down to 0
    seed: int = 0

    def __post_init__(self) -> None:
        check_request(self.run, SamplingRequest, "A U-turn needs a run whose picture it starts from.")
        checked = {
            "levels": whole_number(self.levels, 2, MAX_TURN_LEVELS, "number of levels"),
            "low": number(self.low, *START_RANGE, "lowest level"),
            "high": number(self.high, *START_RANGE, "highest level"),
            "count": whole_number(self.count, 2, MAX_SIBLINGS, "number of branches"),
            "steps": whole_number(self.steps, 1, MAX_BRANCH_STEPS, "number of steps"),
            "seed": seed_number(self.seed, "seed of the branches"),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)
        if self.low >= self.high:
            raise RequestRefused("The lowest level must be below the highest.")

    @property
    def sigmas(self) -> NDArray[np.float64]:
        """The levels (levels,), rising, data units."""
        return np.geomspace(self.low, self.high, self.levels)


@dataclass(frozen=True)
class UTurn:
    """What changes when the picture is noised to one level and regenerated."""

    sigma: float  # data units
    change: float  # root mean square of regenerated minus original, data units
    correlation_length: float  # of the change, pixels
    agreement: NDArray[np.float64]  # (octaves,) share of the siblings' power that they have in common, coarse first
    decided: float  # feature size in pixels down to which they agree; may be inf
