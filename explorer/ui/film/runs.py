"""Runs of one visitor, one or two at a time, turned into parts for the page while they are computed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from explorer.api import RequestRefused, SampledStep, SamplingRequest, whole_number
from explorer.engine import Engine
from explorer.ui.events import DEADLINE
from explorer.ui.film.payload import difference_part, octaves_part, plan_part, steps_parts
from explorer.ui.latest import Latest
from explorer.ui.parts import PartStore

PACE = 0.05  # seconds between two messages to the page; steps that are faster travel together


@dataclass
class Run:
    """One of the runs that a request asks for, as far as it has come."""

    name: str  # "A" or "B"
    request: SamplingRequest
    steps: list[SampledStep] = field(default_factory=list)
    sent: int = 0  # steps that have been handed to the page

    @property
    def share(self) -> float:
        """How far it has come, 0 to 1."""
        return len(self.steps) / (self.request.steps + 1)


class SamplingRuns:
    """Runs one or two requests for a visitor and hands the page their parts as they are computed."""

    def __init__(self, engine: Engine, parts: PartStore) -> None:
        self.engine, self.parts = engine, parts
        self.latest = Latest()

    def stream(self, requests: list[SamplingRequest], ticket: float, visitor: str) -> Iterator[dict]:
        """Yield the growing answer {"generation", "parts", "state"}. Raises RequestRefused."""
        ticket = whole_number(ticket, 0, 2**53, "ticket")
        self.latest.begin(visitor, ticket)
        runs = [Run(name, request) for name, request in zip("AB", requests, strict=False)]
        names = [self.parts.put(part) for part in self._plans(runs)]
        answer = lambda state: {"generation": ticket, "parts": list(names), "state": state}
        yield answer("running")
        for _ in self._paced(runs):
            if not self.latest.is_current(visitor, ticket):
                return  # a newer choice has been made; its answer is on its way
            names += [self.parts.put(part) for run in runs for part in _unsent(run)]
            stopped = self.latest.is_stopped(visitor, ticket)
            if stopped:
                break
            yield answer("running")
        names += [self.parts.put(part) for part in self._summary(runs)]
        yield answer("done")

    def _plans(self, runs: list[Run]) -> Iterator[bytes]:
        for run in runs:
            plan = self.engine.plan(run.request)
            nearest = None if run is runs[0] else self.engine.pairs(runs[0].request, run.request)
            yield plan_part(run.name, plan, nearest)

    def _paced(self, runs: list[Run]) -> Iterator[None]:
        """Take steps of all runs in turns, the one behind first; come up for air often, and at the end."""
        deadline, rested = time.monotonic() + DEADLINE, time.monotonic()
        iterators = {run.name: self.engine.sample(run.request) for run in runs}
        try:
            while True:
                behind = min(runs, key=lambda run: run.share)
                step = next(iterators[behind.name], None)
                if step is None:
                    break
                behind.steps.append(step)
                if time.monotonic() > deadline:
                    raise RequestRefused("This took too long here and was stopped; fewer steps or pixels are faster.")
                if time.monotonic() - rested > PACE:
                    yield
                    rested = time.monotonic()
            yield
        finally:
            for iterator in iterators.values():
                iterator.close()

    def _summary(self, runs: list[Run]) -> Iterator[bytes]:
        for run in runs:
            if len(run.steps) > 1:
                yield octaves_part(run.name, self.engine.octave_map(run.steps))
        if len(runs) == 2 and runs[0].request.size == runs[1].request.size and all(run.steps for run in runs):
            yield difference_part(self.engine.difference(runs[0].steps, runs[1].steps))


def _unsent(run: Run) -> list[bytes]:
    new, run.sent = run.steps[run.sent :], len(run.steps)
    return steps_parts(run.name, new)
