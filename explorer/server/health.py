"""How the server stands: alive, ready, draining; what it counts; three routes that say so, and a graceful end.

/healthz  200 as long as the event loop runs
/readyz   200 once a warm-up run has been through the model and until the server is told to stop, else 503
/metrics  counts and times as Prometheus text; nothing in them names a visitor
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from explorer.engine import Engine
from explorer.errors import RequestRefused
from explorer.schemas import NoisingRequest

LATENCY_BUCKETS_S = (
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    120.0,
)  # seconds, upper ends of the latency classes
IDLE_BEFORE_EXIT_S = 0.7  # seconds without any message after which nothing runs any more
SHUTTING_DOWN_MESSAGE = "The explorer is being restarted; please try again in a minute."


class Health:
    """State and counters of one server; safe to use from many threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._ready, self._draining = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._outcomes: Counter[str] = Counter()
        self._classes = [0] * (len(LATENCY_BUCKETS_S) + 1)
        self._seconds, self._running = 0.0, 0
        self.routes = [
            Route("/healthz", lambda request: PlainTextResponse("ok\n")),
            Route("/readyz", self._readiness),
            Route("/metrics", lambda request: PlainTextResponse(self.metrics())),
        ]

    @property
    def draining(self) -> bool:
        """Whether the server has been told to stop: nothing new is begun."""
        return self._draining.is_set()

    @property
    def running(self) -> int:
        """Events that are being computed now."""
        with self._lock:
            return self._running

    def warm_up(self) -> None:
        """Compute what the first page opens with, which is then kept; the server is ready afterwards.

        What it shows for the other examples follows, behind everything that visitors ask for.
        """
        try:
            for _ in self.engine.denoise(self.engine.noise(NoisingRequest())):
                if self.draining:
                    return
            self._ready.set()
            self.engine.prepare_examples(lambda: self.draining)
        except RequestRefused:
            if not self.draining:  # else the model has been closed meanwhile
                raise

    def drain(self, patience: float) -> bool:
        """Begin nothing new and wait until what runs has ended, at most `patience` seconds; whether it has.

        Between two messages of one handler nothing seems to run, so it must have been quiet for a while.
        """
        self._draining.set()
        end, busy = time.monotonic() + patience, time.monotonic()
        while time.monotonic() < end:
            if self.running:
                busy = time.monotonic()
            elif time.monotonic() - busy > IDLE_BEFORE_EXIT_S:
                return True
            time.sleep(0.02)
        return False

    def event_started(self) -> None:
        """An event has been taken up by a handler."""
        with self._lock:
            self._running += 1

    def event_finished(self, outcome: str, seconds: float) -> None:
        """It has ended, as "done", "refused", "failed" or "left"."""
        with self._lock:
            self._running -= 1
            self._outcomes[outcome] += 1
            self._classes[bisect_left(LATENCY_BUCKETS_S, seconds)] += 1
            self._seconds += seconds

    def metrics(self) -> str:
        """All counts as Prometheus text, version 0.0.4."""
        batcher = self.engine.models.batcher.stats()
        with self._lock:
            lines = [
                f"explorer_ready {int(self._ready.is_set() and not self.draining)}",
                f"explorer_events_running {self._running}",
                f"explorer_rows_waiting {batcher.waiting}",
                f"explorer_rows_in_flight {batcher.in_flight}",
                f"explorer_passes_total {batcher.passes}",
                f"explorer_rows_total {batcher.rows}",
            ]
            lines += self._of_replicas()
            lines += [f'explorer_events_total{{outcome="{name}"}} {n}' for name, n in sorted(self._outcomes.items())]
            below = 0
            for bound, count in zip([*map(str, LATENCY_BUCKETS_S), "+Inf"], self._classes, strict=True):
                below += count
                lines.append(f'explorer_event_seconds_bucket{{le="{bound}"}} {below}')
            lines += [f"explorer_event_seconds_sum {self._seconds:.6f}", f"explorer_event_seconds_count {below}"]
        return "\n".join(lines) + "\n"

    def _of_replicas(self) -> list[str]:
        """Lines of a server whose network runs elsewhere; the rows and passes above are those of all else then."""
        if self.engine.models.replicas is None:
            return []
        replicas = self.engine.models.replicas.stats()
        return [
            f"explorer_replicas_live {replicas.live}",
            f"explorer_replicas_rows_in_flight {replicas.in_flight}",
            f"explorer_replicas_rows_total {replicas.rows}",
            f"explorer_replicas_calls_repeated_total {replicas.repeated}",
        ]

    def _readiness(self, request: Request) -> Response:
        if self.draining:
            return PlainTextResponse(SHUTTING_DOWN_MESSAGE + "\n", 503)
        return PlainTextResponse("ready\n") if self._ready.is_set() else PlainTextResponse("warming up\n", 503)
