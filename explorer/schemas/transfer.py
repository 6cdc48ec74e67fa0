"""What a sampler does to each octave of the spectrum when it takes N steps: closed form beside the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.errors import RequestRefused
from explorer.schemas.validation import MODELS, name, number, one_of, whole_number

STEP_COUNTS = (5, 10, 20, 40)
NONLINEAR = ("pc",)  # its step size depends on the state, so there is no gain in closed form


@dataclass(frozen=True)
class TransferRequest:
    """The gain per octave of some samplers at several numbers of steps."""

    samplers: tuple[str, ...] = ("euler", "heun")
    step_counts: tuple[int, ...] = STEP_COUNTS
    schedule: str = "karras"
    model: str = "network"
    label: str = "any"
    guidance: float = 1.0
    seed: int = 0
    count: int = 8  # samples that are drawn to measure a gain
    size: int = 64

    def __post_init__(self) -> None:
        samplers = self.samplers if isinstance(self.samplers, tuple | list) else (self.samplers,)
        if not 1 <= len(samplers) <= 3:
            raise RequestRefused("Choose one to three samplers.")
        for sampler in samplers:
            one_of(sampler, tuple(s for s in SAMPLERS if s not in NONLINEAR), "sampler")
        counts = self.step_counts if isinstance(self.step_counts, tuple | list) else (self.step_counts,)
        if not 1 <= len(counts) <= 6:
            raise RequestRefused("Choose one to six numbers of steps.")
        one_of(self.schedule, tuple(SCHEDULES), "schedule")
        one_of(self.model, MODELS, "model")
        one_of(self.size, (64, 128), "size")
        name(self.label, "class")
        checked = {
            "samplers": tuple(samplers),
            "step_counts": tuple(whole_number(n, 2, 100, "number of steps") for n in counts),
            "guidance": number(self.guidance, 0, 20, "guidance weight"),
            "seed": whole_number(self.seed, 0, 2**53, "seed"),
            "count": whole_number(self.count, 2, 32, "number of samples"),
            "size": int(self.size),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)


@dataclass(frozen=True)
class TransferCurve:
    """The gain of one sampler at one number of steps: power that comes out over power of the data, per frequency."""

    sampler: str
    steps: int
    octave: np.ndarray  # (n,) middle of each octave, cycles per pixel, rising
    closed_form: np.ndarray  # (n,) for Gaussian pictures with the training pictures' spectrum
    measured: np.ndarray | None  # (n,) on the model's samples; None while it is being drawn
    error: np.ndarray | None  # (n,) standard error of `measured`
