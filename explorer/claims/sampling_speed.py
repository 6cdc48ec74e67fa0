"""Claims about sampling in few steps: what it costs, octave by octave.

On Gaussian pictures a deterministic sampler is a filter whose power gain is known exactly for any number of steps, and
what it puts out is Gaussian again, so that the scatter of its power is known too. The intervals here are that scatter,
widened for the number of values that are compared (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer import weights
from explorer.claims._statistics import Array, bootstrap, chi_square_interval
from explorer.claims.registry import Verdict, claim, verdict
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.wiener import Wiener
from explorer.core.noise import white_batch
from explorer.core.samplers.registry import SAMPLER_INFO, SAMPLERS, Sampler
from explorer.core.schedules import SCHEDULES
from explorer.core.spectra.annuli import counts, radii
from explorer.core.spectra.radial import octave_edges, octave_means, rapsd
from explorer.core.spectra.sampler_gain import power_gain

CHECKED_SAMPLERS = ("euler", "heun")
STEP_COUNTS = (5, 10, 20, 40)
RUNS = tuple((name, steps) for name in CHECKED_SAMPLERS for steps in STEP_COUNTS)
GRID = SCHEDULES["karras"]
PICTURES, SIDE = 32, 64  # pictures sampled; pixels
FALSE_ALARM = 1e-3  # probability that exact samplers fail the claim


class Expected(NamedTuple):
    """What a run puts out if theory is right, per octave, coarsest first."""

    data: Array  # (n,) power of the data
    gain: Array  # (n,) output power over data power
    degrees: Array  # (n,) the scatter of one picture's power is that of a chi-square with so many degrees of freedom


@claim(
    "C39", text="A", quote="faster and more flexible sampling procedure",
    shown="gain per octave against the number of steps, closed form beside measured",
    prediction=f"sampled from pure noise in {', '.join(map(str, STEP_COUNTS))} steps by Euler and by Heun, Gaussian "
    "pictures "
    "have in every octave the power of the data times the closed-form gain, within the scatter of the mean of "
    f"{PICTURES} pictures; exact samplers fail once in {1 / FALSE_ALARM:.0f}",
)  # fmt: skip
def gain_of_few_steps(*, denoiser: Denoiser | None = None, samplers: Mapping[str, Sampler] = SAMPLERS) -> Verdict:
    """Measure the power put out over that of the data, per octave, against `power_gain`; no units.

    The data are Gaussian pictures with the shipped spectrum of photographs, and the denoiser is the one exact for them
    unless another is given; the curve followed is Karras et al. 2022, eq. 3. A gain below 1 is detail that few steps
    leave out, above 1 too much of it. The interval comes from resampling the pictures.
    """
    prior = cast(Wiener, weights.load("wiener"))
    expected = [_expected(prior, SAMPLERS[name], steps) for name, steps in RUNS]
    used = prior if denoiser is None else denoiser
    eps = white_batch((3, SIDE, SIDE), 0, "start", range(PICTURES))
    power = np.stack([_output_power(used, samplers[name], steps, eps) for name, steps in RUNS])  # (runs, pictures, n)
    predicted = np.stack([run.gain * run.data for run in expected])  # (runs, n)

    def ratios(rows: NDArray[np.int64]) -> Array:
        return power[:, rows].mean(1) / predicted

    ratio = ratios(np.arange(PICTURES))
    alarm = FALSE_ALARM / ratio.size
    bounds = np.array([[chi_square_interval(PICTURES * d, alarm) for d in run.degrees] for run in expected])
    outside = int(((ratio < bounds[..., 0]) | (ratio > bounds[..., 1])).sum())
    measured = {
        "measured gain over closed form, mean": ratio.mean(),
        "gains outside their interval": outside,
        **_per_octave(ratio, bounds),
        **_finest_gains(ratio, expected),
    }
    interval = bootstrap(lambda rows: float(ratios(rows).mean()), PICTURES)
    return verdict("C39", measured, outside == 0, interval)


def _expected(prior: Wiener, sampler: Sampler, steps: int) -> Expected:
    """Closed form in every FFT bin, summed over the octaves and colours as `octave_means` of `rapsd` does it.

    The octave's power is sum_b w_b p_b chi^2_b; two moments make it a chi-square of (sum w p)^2 / sum (w p)^2 degrees.
    """
    half = prior.power(SIDE, SIDE).numpy()  # (C, SIDE, SIDE // 2 + 1)
    gain = power_gain(sampler, GRID.sigmas(steps), half.ravel()).reshape(half.shape)
    n = counts(SIDE, SIDE)
    ring = radii(SIDE, SIDE)
    inner = ring < len(n)
    weight = (octave_means(np.eye(len(n)), SIDE, SIDE) / n[:, None])[ring[inner]]  # (bins, octaves)
    mirror = np.abs(np.fft.fftfreq(SIDE, 1 / SIDE)).astype(int)  # column of the half plane for each of the whole
    data, output = half[:, :, mirror][:, inner], (gain * half)[:, :, mirror][:, inner]  # (C, bins)
    put_out = (output @ weight).sum(0)
    degrees = put_out**2 / (output**2 @ weight**2).sum(0)
    return Expected((data @ weight).mean(0), put_out / (data @ weight).sum(0), degrees)


@torch.inference_mode()
def _output_power(denoiser: Denoiser, sampler: Sampler, steps: int, eps: Tensor) -> Array:
    """Power in each octave of pictures sampled from pure noise eps (N, C, H, W), mean of the colours: (N, n)."""
    sigmas = GRID.sigmas(steps)
    *_, last = sampler(denoiser, sigmas[0] * eps, sigmas)
    return octave_means(rapsd(last.x.double()).mean(1).numpy(), SIDE, SIDE)


def _per_octave(ratio: Array, bounds: Array) -> dict[str, float]:
    """The value furthest from 1 of each octave, of all runs, and the furthest that is allowed there."""
    numbers = {}
    for octave, (low, high) in enumerate(pairwise(octave_edges(SIDE, SIDE))):
        name = f"waves of {1 / low:.0f} to {1 / high:.0f} pixels"
        numbers[f"largest departure from the closed form, {name}"] = np.abs(ratio[:, octave] - 1).max()
        numbers[f"allowed, {name}"] = np.abs(bounds[:, octave] - 1).max()
    return numbers


def _finest_gains(ratio: Array, expected: list[Expected]) -> dict[str, float]:
    """Gain in the finest octave, measured and in closed form, of every run."""
    numbers = {}
    for (name, steps), row, theory in zip(RUNS, ratio, expected, strict=True):
        title = f"finest octave, {SAMPLER_INFO[name].title}, {steps} steps"
        numbers[f"gain, {title}"] = row[-1] * theory.gain[-1]
        numbers[f"closed form, {title}"] = theory.gain[-1]
    return numbers
