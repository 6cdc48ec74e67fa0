"""Endpoints of noise levels, sampling runs, and experiments on a run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.engine import Engine
from explorer.engine.sampling import octave_map
from explorer.schemas import Branches, BranchRequest, NoisingRequest, SamplingRequest, TransferRequest, UTurnRequest
from explorer.ui.http_api.responses import Answer, Progress, stack_half

Responses = Iterator[Progress | Answer]


def noising(engine: Engine, request: NoisingRequest) -> Responses:
    """One picture under rising noise, and what a model makes of it."""
    noised, parts, done = engine.noise(request), [], 0
    for part in engine.denoise(noised):
        parts.append(part)
        done += len(part.indices)
        yield Progress(done, request.levels)
    order = np.argsort(np.concatenate([part.indices for part in parts]))
    together = lambda name: np.concatenate([getattr(part, name) for part in parts])[order]
    numbers = {
        "sigmas": request.sigmas,
        "mse": together("mse"),
        "crossover": np.interp(request.sigmas, noised.crossover_sigma, noised.crossover),
        "wavenumber": noised.wavenumber,
        "clean_spectrum": noised.clean,
        "noise_spectrum": noised.noise,
        "denoised_spectrum": together("denoised_spectrum"),
        "error_spectrum": together("error_spectrum"),
    }
    arrays = {"x0": noised.x0, "eps": noised.eps, "denoised": (together("error") + noised.x0).astype(np.float16)}
    yield Answer(numbers, arrays)


def sampling(engine: Engine, request: SamplingRequest) -> Responses:
    """One run of a sampler, from noise or from a noised picture down to a clean one."""
    plan, steps = engine.plan(request), []
    for step in engine.sample(plan):
        steps.append(step)
        yield Progress(step.i, request.steps)
    octaves = octave_map(steps)
    numbers = {
        "sigmas": plan.sigmas,
        "wavenumber": plan.wavenumber,
        "expected_spectrum": plan.expected,
        "x0_spectrum": [step.x0_spectrum for step in steps],
        "octave_edges": octaves.edges,
        "octave_shares": octaves.shares,
        "octave_passing": octaves.passing,
        "rank_correlation": octaves.rank_correlation,
        "decided": octaves.decided,
    }
    yield Answer(numbers, {"picture": steps[-1].x0, "estimates": stack_half([step.x0 for step in steps])})


def branch(engine: Engine, request: BranchRequest) -> Responses:
    """Continue one step of a run several times with fresh noise, and see what the siblings agree on."""
    state: Branches | None = None
    for state in engine.branch(request):
        yield Progress(state.done, request.steps)
    assert state is not None  # there is at least one step
    numbers = {
        "sigma": request.sigma, "octave_edges": state.edges, "agreement": state.agreement, "decided": state.decided
    }  # fmt: skip
    arrays = {"siblings": state.siblings, "mean": state.mean, "disagreement": state.disagreement}
    yield Answer(numbers, arrays)


def u_turns(engine: Engine, request: UTurnRequest) -> Responses:
    """Noise a run's picture to rising levels, regenerate it, and see how far the change reaches."""
    turns = []
    for turn in engine.u_turns(request):
        turns.append(turn)
        yield Progress(len(turns), request.levels)
    names = ("sigma", "change", "correlation_length", "agreement", "decided")
    yield Answer({name: [getattr(turn, name) for turn in turns] for name in names})


def transfer(engine: Engine, request: TransferRequest) -> Responses:
    """What a sampler does to each octave when it takes few steps: closed form beside the model."""
    curves = {}
    for curve in engine.transfer(request):
        curves[curve.sampler, curve.steps] = curve
        measured = sum(c.measured is not None for c in curves.values())
        yield Progress(measured, len(request.samplers) * len(request.step_counts))
    names = ("sampler", "steps", "octave", "closed_form", "measured", "error")
    yield Answer({"curves": [{name: getattr(curve, name) for name in names} for curve in curves.values()]})
