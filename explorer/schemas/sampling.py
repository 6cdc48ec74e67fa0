"""One run of a sampler, from noise or from a noised picture down to a clean one: request, plan, steps, octave map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.errors import RequestRefused
from explorer.schemas.validation import (
    MAX_GUIDANCE,
    MODELS,
    SIZES,
    name,
    number,
    one_of,
    seed_number,
    whole_number,
)

STARTS = ("noise", "picture")
START_RANGE = (0.05, 80.0)  # sigma at which a run from a picture may start, data units
MAX_STEPS = 200
MAX_STEP_PIXELS = MAX_STEPS * 256 * 256  # steps times pixels: every state of a run is held in memory
COMPARABLE = ("sampler", "steps", "schedule", "label", "guidance", "seed", "model")  # fields that run B may differ in
NO_DIFFERENCE = "nothing"  # in which run B differs from run A: there is no run B


@dataclass(frozen=True)
class SamplingRequest:
    """One trajectory; the same request gives the same pictures. Raises RequestRefused for a value out of range."""

    model: str = "network"  # one of MODELS
    sampler: str = "heun"  # one of SAMPLERS
    steps: int = 30
    schedule: str = "karras"  # one of SCHEDULES
    label: str = "any"  # a class of the network's card
    guidance: float = 1.0  # weight of the class against 'any'; 1 means none
    eta: float = 1.0  # amount of fresh noise of the ancestral and the predictor-corrector sampler, 0 to 1
    seed: int = 0
    size: int = 64  # side of the picture, pixels; one of SIZES
    start: str = "noise"  # or "picture": the picture, noised to `sigma`
    picture: str = "mountains"  # used when start is "picture"
    sigma: float = 1.0  # level at which a run from a picture starts, data units

    def __post_init__(self) -> None:
        one_of(self.model, MODELS, "model")
        one_of(self.sampler, tuple(SAMPLERS), "sampler")
        one_of(self.schedule, tuple(SCHEDULES), "schedule")
        one_of(self.start, STARTS, "start")
        checked = {
            "size": one_of(self.size, SIZES, "size"),
            "steps": whole_number(self.steps, 1, MAX_STEPS, "number of steps"),
            "seed": seed_number(self.seed),
            "guidance": number(self.guidance, 0, MAX_GUIDANCE, "guidance weight"),
            "eta": number(self.eta, 0, 1, "eta"),
            "sigma": number(self.sigma, *START_RANGE, "noise level to start from"),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)
        name(self.label, "class")
        name(self.picture, "picture")
        if self.steps * self.size**2 > MAX_STEP_PIXELS:
            raise RequestRefused(f"At {self.size} pixels a run has at most {MAX_STEP_PIXELS // self.size**2} steps.")

    @property
    def sigmas(self) -> NDArray[np.float64]:
        """Falling noise levels (steps + 1,), the last one 0, data units."""
        schedule = SCHEDULES[self.schedule]
        return schedule.sigmas(self.steps, None if self.start == "noise" else self.sigma)


@dataclass(frozen=True)
class SamplingPlan:
    """All that is known of a run before its first step; `Engine.plan` makes it, `Engine.sample` follows it."""

    request: SamplingRequest
    sigmas: NDArray[np.float64]  # (steps + 1,) falling to 0, data units
    wavenumber: NDArray[np.float64]  # (R,) cycles per pixel
    expected: NDArray[np.float64]  # (R,) power P of the training pictures; Wiener expectation of x0: P^2/(P + sigma^2)
    picture: NDArray[np.uint8] | None  # (H, W, 3) that is noised; None when the run starts from noise


@dataclass(frozen=True)
class SampledStep:
    """State and estimate of a run at one noise level."""

    i: int  # 0 at the noisiest level
    sigma: float  # data units; 0 at the last step
    x: NDArray[np.float32]  # (3, H, W) state: clean picture plus noise of level sigma
    x0: NDArray[np.float32]  # (3, H, W) estimate of the clean picture; at the last step x itself
    x_spectrum: NDArray[np.float32]  # (R,) power of x
    x0_spectrum: NDArray[np.float32]  # (R,) power of x0

    @property
    def eps(self) -> NDArray[np.float32]:
        """The predicted noise (x - x0) / sigma, (3, H, W); 0 at the last step."""
        return (self.x - self.x0) / self.sigma if self.sigma > 0 else np.zeros_like(self.x)


@dataclass(frozen=True)
class OctaveMap:
    """At which step each octave of the last picture is fixed, coarse octaves first."""

    edges: NDArray[np.float64]  # (n + 1,) cycles per pixel, rising
    shares: NDArray[np.float64]  # (S, n) share of the last picture's content in the octave that the estimate has
    passing: NDArray[np.float64]  # (n,) step from which the share stays at one half or above; nan where it never does
    rank_correlation: float  # of octave and passing step; 1 when coarse octaves always come first
    decided: NDArray[np.float64]  # (S,) feature size in pixels down to which every octave is half fixed; may be inf


@dataclass(frozen=True)
class RunDifference:
    """Two runs of the same size, compared step by step; each step of A with the step of B nearest in noise level."""

    pairs: NDArray[np.intp]  # (S,) step of B for each step of A
    spectrum: NDArray[np.float32]  # (S, R) power of the difference of the two estimates
    rms: NDArray[np.float32]  # (S,) root mean square of that difference, data units
