"""Siblings that continue from one state of a run, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.core.noise import white_batch
from explorer.core.samplers.registry import SAMPLERS, Step, keyed_noise
from explorer.core.schedules import SCHEDULES
from explorer.core.spectra import agreement, octaves, radial
from explorer.engine.sampling import sampler_with_eta
from explorer.schemas import Branches, BranchRequest, UTurn, UTurnRequest


def branches(request: BranchRequest, origin: Tensor, denoiser: Denoiser) -> Iterator[Branches]:
    """Yield the siblings after every step.

    origin: (3, H, W), the stored state, or the picture to which fresh noise is added.
    """
    shape, rows = tuple(origin.shape), range(request.count)
    x = origin.expand(request.count, *shape)
    sampler = SAMPLERS["ddpm"]
    if request.origin == "picture":
        x = x + request.sigma * white_batch(shape, request.seed, "branch", rows)
        sampler = sampler_with_eta(request.run.sampler, request.run.eta)
    sigmas = SCHEDULES[request.run.schedule].sigmas(request.steps, request.sigma)
    for step in sampler(denoiser, x, sigmas, noise=keyed_noise(shape, request.seed, rows)):
        yield _measure_siblings(request, step)


def _measure_siblings(request: BranchRequest, step: Step) -> Branches:
    siblings, (h, w) = step.x0, step.x0.shape[-2:]
    shared = agreement.agreement_per_octave(siblings)
    return Branches(
        request=request,
        done=step.i,
        siblings=siblings.numpy(),
        mean=siblings.mean(0).numpy(),
        disagreement=agreement.disagreement_map(siblings),
        edges=radial.octave_edges(h, w),
        agreement=shared,
        decided=octaves.decided_size(shared, h, w),
    )


def u_turns(request: UTurnRequest, picture: Tensor, denoiser: Denoiser) -> Iterator[UTurn]:
    """Yield one UTurn per level, rising. picture: (3, H, W), data units."""
    shape, rows = tuple(picture.shape), range(request.count)
    sampler = sampler_with_eta(request.run.sampler, request.run.eta)
    for i, sigma in enumerate(request.sigmas.tolist()):
        x = picture + sigma * white_batch(shape, request.seed, f"u-turn {i}", rows)
        sigmas = SCHEDULES[request.run.schedule].sigmas(request.steps, sigma)
        *_, last = sampler(denoiser, x, sigmas, noise=keyed_noise(shape, request.seed, rows))
        yield _measure_turn(sigma, picture, last.x)


def _measure_turn(sigma: float, picture: Tensor, siblings: Tensor) -> UTurn:
    change, shared = siblings - picture, agreement.agreement_per_octave(siblings)
    return UTurn(
        sigma=sigma,
        change=float(change.double().square().mean().sqrt()),
        correlation_length=agreement.correlation_length(change),
        agreement=shared,
        decided=octaves.decided_size(shared, *picture.shape[-2:]),
    )
