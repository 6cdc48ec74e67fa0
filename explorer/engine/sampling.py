"""A run of a sampler: its plan, every state with its estimate and their spectra, and what is measured on whole runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS, Sampler, Step, keyed_noise
from explorer.core.spectra import octaves, radial
from explorer.images import decoder
from explorer.schemas import OctaveMap, RunDifference, SampledStep, SamplingPlan, SamplingRequest

SAMPLERS_WITH_ETA = ("ancestral", "pc")
MIN_LOG_SIGMA = 1e-12  # data units; stands for level 0 where a logarithm is taken


def make_plan(
    request: SamplingRequest, source: NDArray[np.uint8] | None, training_spectrum: NDArray[np.float64]
) -> SamplingPlan:
    """Return all that is known of a run before its first step.

    source: (H, W, 3), the picture that the run starts from, or None. training_spectrum: (R,) power of the training
    pictures at the annuli of the request's size.
    """
    fitted = None if source is None else decoder.fit(source, request.size)
    k = radial.mean_wavenumbers(request.size, request.size)
    return SamplingPlan(request, request.sigmas, k, training_spectrum, fitted)


def first_state(plan: SamplingPlan) -> Tensor:
    """Return the state at the first level, (1, 3, H, W): noise alone, or picture plus the noise of the first page."""
    size, role = plan.request.size, "sample" if plan.picture is None else "noising"
    x = float(plan.sigmas[0]) * white((3, size, size), plan.request.seed, role)
    return (x if plan.picture is None else x + torch.as_tensor(decoder.to_data(plan.picture)))[None]


def run(plan: SamplingPlan, denoiser: Denoiser) -> Iterator[SampledStep]:
    """Yield one SampledStep per level as they are computed; the caller may stop at any yield."""
    request, x = plan.request, first_state(plan)
    sampler = sampler_with_eta(request.sampler, request.eta)
    for step in sampler(denoiser, x, plan.sigmas, noise=keyed_noise(x.shape[1:], request.seed, [0])):
        yield measure_step(step)


def sampler_with_eta(name: str, eta: float) -> Sampler:
    """Return the sampler of that name; eta is bound where it takes one."""
    sampler: Callable[..., Iterator[Step]] = SAMPLERS[name]
    return partial(sampler, eta=eta) if name in SAMPLERS_WITH_ETA else SAMPLERS[name]


def measure_step(step: Step) -> SampledStep:
    """Return a step of one picture, (1, 3, H, W), with the spectra of state and estimate, mean of the colours."""
    pair = torch.stack([step.x[0], step.x0[0]])
    power = radial.rapsd(pair).mean(1).numpy()
    return SampledStep(step.i, step.sigma, pair[0].numpy(), pair[1].numpy(), power[0], power[1])


def octave_map(steps: Sequence[SampledStep]) -> OctaveMap:
    """Return at which step each octave of the last estimate is fixed; of at least two steps."""
    estimates = torch.as_tensor(np.stack([step.x0 for step in steps]))
    h, w = estimates.shape[-2:]
    shares = octaves.fixed_shares(estimates, estimates[-1])
    passing = octaves.passing_steps(shares)
    return OctaveMap(
        edges=radial.octave_edges(h, w),
        shares=shares,
        passing=passing,
        rank_correlation=octaves.rank_correlation(passing),
        decided=np.array([octaves.decided_size(row, h, w) for row in shares]),
    )


def nearest_levels(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return for each level of a (S,) the index of the level of b (T,) nearest in ln sigma, (S,); 0 goes with 0."""
    logs = [np.log(np.maximum(levels, MIN_LOG_SIGMA)) for levels in (a, b)]
    nearest: NDArray[np.intp] = np.abs(logs[0][:, None] - logs[1][None, :]).argmin(1)
    return nearest


def difference(a: Sequence[SampledStep], b: Sequence[SampledStep]) -> RunDifference:
    """Compare the estimates of two runs of the same size, as far as both have come."""
    pairs = nearest_levels(np.array([step.sigma for step in a]), np.array([step.sigma for step in b]))
    indices: list[int] = pairs.tolist()
    errors = torch.as_tensor(np.stack([step.x0 - b[j].x0 for step, j in zip(a, indices, strict=True)]))
    return RunDifference(
        pairs=pairs,
        spectrum=radial.rapsd(errors).mean(1).numpy(),
        rms=errors.square().mean((1, 2, 3)).sqrt().numpy(),
    )
