"""One run of a sampler, from noise or from a noised picture down to a clean one: request, steps and octave map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.errors import RequestRefused
from explorer.schemas.validation import MODELS, SIZES, name, number, one_of, whole_number

STARTS = ("noise", "picture")
START_RANGE = (0.05, 80.0)  # sigma at which a run from a picture may start, data units
MOST_STEPS = 200
MOST_VALUES = MOST_STEPS * 256 * 256  # steps times pixels: every state of a run is kept


@dataclass(frozen=True)
class SamplingRequest:
    """One trajectory; the same request gives the same pictures."""

    model: str = "network"
    sampler: str = "heun"
    steps: int = 30
    schedule: str = "karras"
    label: str = "any"  # a class of the network's card
    guidance: float = 1.0  # weight of the class against 'any'; 1 means none
    eta: float = 1.0  # amount of fresh noise of the ancestral and the predictor-corrector sampler
    seed: int = 0
    size: int = 64  # side of the picture, pixels
    start: str = "noise"  # or "picture": the picture, noised to `sigma`
    picture: str = "mountains"  # used when start is "picture"
    sigma: float = 1.0  # level at which a run from a picture starts, data units

    def __post_init__(self) -> None:
        one_of(self.model, MODELS, "model")
        one_of(self.sampler, tuple(SAMPLERS), "sampler")
        one_of(self.schedule, tuple(SCHEDULES), "schedule")
        one_of(self.start, STARTS, "start")
        one_of(self.size, SIZES, "size")
        checked = {
            "size": int(self.size),
            "steps": whole_number(self.steps, 1, MOST_STEPS, "number of steps"),
            "seed": whole_number(self.seed, 0, 2**53, "seed"),
            "guidance": number(self.guidance, 0, 20, "guidance weight"),
            "eta": number(self.eta, 0, 1, "eta"),
            "sigma": number(self.sigma, *START_RANGE, "noise level to start from"),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)
        name(self.label, "class")
        name(self.picture, "picture")
        if self.steps * self.size**2 > MOST_VALUES:
            raise RequestRefused(f"At {self.size} pixels a run has at most {MOST_VALUES // self.size**2} steps.")

    @property
    def sigmas(self) -> np.ndarray:
        """The falling noise levels (steps + 1,), the last one 0, data units."""
        schedule = SCHEDULES[self.schedule]
        return schedule.sigmas(self.steps, None if self.start == "noise" else self.sigma)


@dataclass(frozen=True)
class SamplingPlan:
    """What is known before the first step."""

    request: SamplingRequest
    sigmas: np.ndarray  # (steps + 1,) falling to 0, data units
    wavenumber: np.ndarray  # (R,) cycles per pixel
    expected: np.ndarray  # (R,) power P of the training pictures; the Wiener expectation of x0 is P^2 / (P + sigma^2)
    picture: np.ndarray | None  # (H, W, 3) uint8: what was noised; None when the run starts from noise


@dataclass(frozen=True)
class SampledStep:
    """The run at one noise level."""

    i: int  # 0 at the noisiest level
    sigma: float  # data units; 0 at the last step
    x: np.ndarray  # (3, H, W) float32 the state: clean picture plus noise of level sigma
    x0: np.ndarray  # (3, H, W) float32 the model's estimate of the clean picture; at the last step x itself
    x_spectrum: np.ndarray  # (R,) power of x
    x0_spectrum: np.ndarray  # (R,) power of x0

    @property
    def eps(self) -> np.ndarray:
        """The noise that the model predicts, (x - x0) / sigma, (3, H, W); 0 at the last step."""
        return (self.x - self.x0) / self.sigma if self.sigma > 0 else np.zeros_like(self.x)


@dataclass(frozen=True)
class OctaveMap:
    """Which octaves of the last picture are fixed at which step, coarse ones first."""

    edges: np.ndarray  # (n + 1,) cycles per pixel, rising
    shares: np.ndarray  # (S, n) share of the last picture's content in the octave that the estimate already has
    passing: np.ndarray  # (n,) step from which the share stays at one half or above; nan where it never does
    rank_correlation: float  # of octave and passing step; 1 when coarse octaves always come first
    decided: np.ndarray  # (S,) feature size in pixels down to which every octave is at least half fixed; may be inf


@dataclass(frozen=True)
class RunDifference:
    """Two runs of the same size, compared step by step; each step of A with the step of B nearest in noise level."""

    pairs: np.ndarray  # (S,) step of B for each step of A
    spectrum: np.ndarray  # (S, R) power of the difference of the two estimates
    rms: np.ndarray  # (S,) root mean square of that difference, data units
