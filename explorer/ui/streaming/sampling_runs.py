"""Sampling runs, one or two per request, as parts for the page while they are computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from explorer.engine import Engine, sampling
from explorer.schemas import SampledStep, SamplingPlan, SamplingRequest
from explorer.server.blob_store import BlobStore
from explorer.ui.players.trajectory.payload import difference_part, octaves_part, plan_part, steps_parts
from explorer.ui.streaming.streams import Streams, batch_by_time

MESSAGE_INTERVAL_S = 0.05  # between two messages to the page; faster steps share one
TIMEOUT_MESSAGE = "This took too long here and was stopped; fewer steps or pixels are faster."


@dataclass
class Run:
    """The state of one of the runs that the page shows."""

    name: str  # "A" or "B"
    plan: SamplingPlan
    steps: list[SampledStep] = field(default_factory=list)
    sent: int = 0  # number of steps that have been sent to the page

    @property
    def share(self) -> float:
        """Return the share of the steps that are computed, 0 to 1."""
        return len(self.steps) / len(self.plan.sigmas)


class SamplingRuns:
    """Streams of the parts of one or two sampling runs, encoded as they are computed."""

    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self.engine, self.streams = engine, Streams(blobs, TIMEOUT_MESSAGE)

    def stream(self, requests: list[SamplingRequest], ticket: float, visitor: str) -> Iterator[dict]:
        """Yield the growing answer, as defined in `streams`. Raise RequestRefused when a request is invalid."""
        runs: list[Run] = []
        encode = lambda steps: chain(*map(_unsent, runs)) if steps else _plans(runs)
        items = self._items(runs, requests)
        for answer, _ in self.streams.answers(items, ticket, visitor, encode, lambda: _summary(runs)):
            yield answer

    def _items(self, runs: list[Run], requests: list[SamplingRequest]) -> Iterator[list[SampledStep]]:
        """Plan the runs and yield an empty list, then lists of new steps."""
        runs += [Run(name, self.engine.plan(request)) for name, request in zip("AB", requests, strict=False)]
        yield []
        yield from batch_by_time(self._steps(runs), MESSAGE_INTERVAL_S)

    def _steps(self, runs: list[Run]) -> Iterator[SampledStep]:
        """Yield steps of all runs, always of the run with the smallest share of its steps computed."""
        iterators = {run.name: self.engine.sample(run.plan) for run in runs}
        try:
            while True:
                behind = min(runs, key=lambda run: run.share)
                step = next(iterators[behind.name], None)
                if step is None:
                    return
                behind.steps.append(step)
                yield step
        finally:
            for iterator in iterators.values():
                iterator.close()


def _plans(runs: list[Run]) -> Iterator[bytes]:
    for run in runs:
        nearest = None if run is runs[0] else sampling.nearest_levels(runs[0].plan.sigmas, run.plan.sigmas)
        yield plan_part(run.name, run.plan, nearest)


def _summary(runs: list[Run]) -> Iterator[bytes]:
    for run in runs:
        if len(run.steps) > 1:
            yield octaves_part(run.name, sampling.octave_map(run.steps))
    if len(runs) == 2 and len({run.plan.request.size for run in runs}) == 1 and all(run.steps for run in runs):
        yield difference_part(sampling.difference(runs[0].steps, runs[1].steps))


def _unsent(run: Run) -> list[bytes]:
    new, run.sent = run.steps[run.sent :], len(run.steps)
    return steps_parts(run.name, new)
