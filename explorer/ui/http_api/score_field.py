"""Endpoints of a score field in the plane: walkers that follow it, and a network that learns it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.engine import Engine
from explorer.engine.score_field import density
from explorer.schemas.score_field import KINDS, LearnedScore, LearnRequest, WalkRequest
from explorer.ui.http_api.responses import Answer, Progress

Responses = Iterator[Progress | Answer]


def walk(engine: Engine, request: WalkRequest) -> Responses:
    """Walkers in a density of the plane, with one noise level and with a falling one."""
    known, plan = density(request.plane), engine.score_fields.plan(request)
    frames = {kind: [] for kind in KINDS}
    records = sum(len(plan.sigmas[kind]) for kind in KINDS)
    for done, frame in enumerate(engine.score_fields.walk(plan), 1):
        frames[frame.kind].append(frame)
        yield Progress(done, records)
    numbers = {"means": known.means, "weights": known.weights, "std": known.std, "chance": plan.chance}
    for kind, some in frames.items():
        numbers[kind] = {name: [getattr(frame, name) for frame in some] for name in ("sigma", "distance", "width")}
    yield Answer(numbers, {kind: np.stack([frame.x for frame in some]) for kind, some in frames.items()})


def learn_score(engine: Engine, request: LearnRequest) -> Responses:
    """Teach a small network the score of a density from noisy points alone; `walk` can use it afterwards."""
    reports: list[LearnedScore] = []
    for report in engine.score_fields.learn(request):
        reports.append(report)
        yield Progress(report.step, request.steps)
    numbers = {name: [getattr(report, name) for report in reports] for name in ("step", "dsm", "explicit", "error")}
    yield Answer({"sigmas": reports[-1].sigmas, **numbers}, {"field": reports[-1].field})
