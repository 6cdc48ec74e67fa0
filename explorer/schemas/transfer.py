"""Gain of a sampler in each octave of the spectrum when it takes N steps: in closed form and measured on the model."""

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
    as_list,
    name,
    number,
    one_of,
    seed_number,
    whole_number,
)

STEP_COUNTS = (5, 10, 20, 40)
NONLINEAR = ("pc",)  # samplers without a gain in closed form: the step size of these depends on the state
TRANSFER_SIZES = (64, 128)  # pixels
MAX_SAMPLERS = 3
MAX_STEP_COUNTS = 6
MAX_COUNTED_STEPS = 100
MAX_SAMPLES = 32  # that are drawn to measure one gain


@dataclass(frozen=True)
class TransferRequest:
    """Gains per octave of some samplers at several numbers of steps. Raises RequestRefused for a value out of range."""

    samplers: tuple[str, ...] = ("euler", "heun")  # one to three of SAMPLERS without NONLINEAR
    step_counts: tuple[int, ...] = STEP_COUNTS  # one to six
    schedule: str = "karras"  # one of SCHEDULES
    model: str = "network"  # one of MODELS
    label: str = "any"  # a class of the network's card
    guidance: float = 1.0  # weight of the class against 'any'; 1 means none
    seed: int = 0
    count: int = 8  # samples that are drawn to measure a gain
    size: int = 64  # side of the samples, pixels; one of TRANSFER_SIZES

    def __post_init__(self) -> None:
        samplers, counts = as_list(self.samplers), as_list(self.step_counts)
        if not 1 <= len(samplers) <= MAX_SAMPLERS:
            raise RequestRefused("Choose one to three samplers.")
        linear = tuple(sampler for sampler in SAMPLERS if sampler not in NONLINEAR)
        checked_samplers = tuple(one_of(sampler, linear, "sampler") for sampler in samplers)
        if not 1 <= len(counts) <= MAX_STEP_COUNTS:
            raise RequestRefused("Choose one to six numbers of steps.")
        one_of(self.schedule, tuple(SCHEDULES), "schedule")
        one_of(self.model, MODELS, "model")
        one_of(self.size, TRANSFER_SIZES, "size")
        name(self.label, "class")
        checked = {
            "samplers": checked_samplers,
            "step_counts": tuple(whole_number(n, 2, MAX_COUNTED_STEPS, "number of steps") for n in counts),
            "guidance": number(self.guidance, 0, MAX_GUIDANCE, "guidance weight"),
            "seed": seed_number(self.seed),
            "count": whole_number(self.count, 2, MAX_SAMPLES, "number of samples"),
            "size": int(self.size),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)


@dataclass(frozen=True)
class TransferCurve:
    """Gain of one sampler at one number of steps: power that comes out over power of the data, per octave."""

    sampler: str
    steps: int
    octave: NDArray[np.float64]  # (n,) middle of each octave, cycles per pixel, rising
    closed_form: NDArray[np.float64]  # (n,) for Gaussian pictures with the training pictures' spectrum
    measured: NDArray[np.float64] | None  # (n,) on the model's samples; None while they are being drawn
    error: NDArray[np.float64] | None  # (n,) standard error of `measured`
