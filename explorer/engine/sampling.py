"""A run of a sampler as the second page asks for it: every state with its estimate and their spectra."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS, Sampler, Step, keyed_noise
from explorer.core.spectra import octaves, radial
from explorer.images import decoder
from explorer.schemas import OctaveMap, RunDifference, SampledStep, SamplingPlan, SamplingRequest

WITH_ETA = ("ancestral", "pc")  # samplers that take the request's eta


def plan(request: SamplingRequest, source: np.ndarray | None, expected: np.ndarray) -> SamplingPlan:
    """What is known before the first step. source: (H, W, 3) uint8 or None; expected: (R,) the data's power."""
    fitted = None if source is None else decoder.fit(source, request.size)
    k = radial.mean_wavenumbers(request.size, request.size)
    return SamplingPlan(request, request.sigmas, k, expected, fitted)


def start(plan: SamplingPlan) -> Tensor:
    """The state at the first level, (1, 3, H, W): noise alone, or the picture and the noise of the first page."""
    size, from_picture = plan.request.size, plan.picture is not None
    x = float(plan.sigmas[0]) * white((3, size, size), plan.request.seed, "noising" if from_picture else "sample")
    return (x + torch.from_numpy(decoder.to_data(plan.picture)) if from_picture else x)[None]


def run(plan: SamplingPlan, denoiser: Denoiser) -> Iterator[SampledStep]:
    """One SampledStep per level, as they are computed; the caller may stop at any yield."""
    request, x = plan.request, start(plan)
    sampler = sampler_of(request.sampler, request.eta)
    noise = keyed_noise(x.shape[1:], request.seed, [0])
    for step in sampler(denoiser, x, plan.sigmas, noise=noise):
        yield measured(step)


def sampler_of(name: str, eta: float) -> Sampler:
    """The sampler of that name with its eta, where it has one."""
    sampler = SAMPLERS[name]
    return (lambda *args, **kwargs: sampler(*args, eta=eta, **kwargs)) if name in WITH_ETA else sampler


def measured(step: Step) -> SampledStep:
    """A step of one picture with the spectra of state and estimate, mean of the colours."""
    pair = torch.stack([step.x[0], step.x0[0]])
    power = radial.rapsd(pair).mean(1).numpy()
    return SampledStep(step.i, step.sigma, pair[0].numpy(), pair[1].numpy(), power[0], power[1])


def octave_map(steps: Sequence[SampledStep]) -> OctaveMap:
    """Which octaves of the last estimate are fixed at which step. At least two steps."""
    estimates = torch.from_numpy(np.stack([step.x0 for step in steps]))
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


def pairs(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """For each level of a (S,) the index of the level of b (T,) that is nearest in ln sigma; 0 goes with 0."""
    logs = [np.log(np.maximum(levels, 1e-12)) for levels in (a, b)]
    return np.abs(logs[0][:, None] - logs[1][None, :]).argmin(1)


def difference(a: Sequence[SampledStep], b: Sequence[SampledStep]) -> RunDifference:
    """The estimates of two runs of the same size, as far as both have come."""
    chosen = pairs(np.array([step.sigma for step in a]), np.array([step.sigma for step in b]))
    errors = torch.from_numpy(np.stack([step.x0 - b[j].x0 for step, j in zip(a, chosen, strict=True)]))
    return RunDifference(
        pairs=chosen,
        spectrum=radial.rapsd(errors).mean(1).numpy(),
        rms=errors.square().mean((1, 2, 3)).sqrt().numpy(),
    )
