"""Health, readiness and metrics of the server, the three routes that report them, and graceful shutdown.

/healthz  200 while the event loop runs
/readyz   200 from the end of the warm-up run through the model until shutdown begins, else 503
/metrics  counts and times as Prometheus text, without data that identifies a visitor
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from explorer.engine import Engine
from explorer.errors import RequestRefused
from explorer.schemas import NoisingRequest

LATENCY_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)  # upper bounds of the buckets
IDLE_BEFORE_EXIT_S = 0.7  # without a running event, after which all handlers are taken to have ended
DRAIN_POLL_S = 0.02
SHUTTING_DOWN_MESSAGE = "The explorer is being restarted; please try again in a minute."


class Health:
    """State and counters of one server; safe to use from many threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._ready, self._draining = threading.Event(), threading.Event()
        self._lock, self._running = threading.Lock(), 0
        disable_created_metrics()  # a counter's creation time is of no use here
        self._registry = registry = CollectorRegistry()
        ready = Gauge("explorer_ready", "1 while new visitors are served", registry=registry)
        ready.set_function(lambda: self._ready.is_set() and not self.draining)
        running = Gauge("explorer_events_running", "Events that are being computed", registry=registry)
        running.set_function(lambda: self.running)
        self._events = Counter("explorer_events", "Events that have ended, by outcome", ["outcome"], registry=registry)
        self._seconds = Histogram(
            "explorer_event_seconds", "Seconds of each event", buckets=LATENCY_BUCKETS_S, registry=registry
        )
        registry.register(ModelCollector(engine))
        self.routes = [
            Route("/healthz", lambda request: PlainTextResponse("ok\n")),
            Route("/readyz", self._readiness),
            Route("/metrics", lambda request: Response(self.metrics(), media_type=CONTENT_TYPE_PLAIN_0_0_4)),
        ]

    @property
    def draining(self) -> bool:
        """Return whether the server is shutting down and refuses new events."""
        return self._draining.is_set()

    @property
    def running(self) -> int:
        """Return the number of events that are being computed."""
        with self._lock:
            return self._running

    def warm_up(self) -> None:
        """Compute and cache the answer that the first page opens with, then report readiness.

        The answers for the other example pictures follow, at lower priority than requests of visitors.
        """
        try:
            for _ in self.engine.denoise(self.engine.noise(NoisingRequest())):
                if self.draining:
                    return
            self._ready.set()
            self.engine.prepare_examples(lambda: self.draining)
        except RequestRefused:
            if not self.draining:  # while draining, the model may have been closed meanwhile
                raise

    def drain(self, timeout_s: float) -> bool:
        """Refuse new events and wait for the running ones; return whether they ended within `timeout_s` seconds.

        Between two messages of one handler no event is counted as running, so the wait ends only after
        IDLE_BEFORE_EXIT_S without one.
        """
        self._draining.set()
        end, last_busy = time.monotonic() + timeout_s, time.monotonic()
        while time.monotonic() < end:
            if self.running:
                last_busy = time.monotonic()
            elif time.monotonic() - last_busy > IDLE_BEFORE_EXIT_S:
                return True
            time.sleep(DRAIN_POLL_S)
        return False

    def event_started(self) -> None:
        """Count an event as running."""
        with self._lock:
            self._running += 1

    def event_finished(self, outcome: str, seconds: float) -> None:
        """Count the end of an event with its outcome ("done", "refused", "failed" or "left") and duration."""
        with self._lock:
            self._running -= 1
        self._events.labels(outcome).inc()
        self._seconds.observe(seconds)

    def metrics(self) -> str:
        """Return all counts as Prometheus text, version 0.0.4."""
        return generate_latest(self._registry).decode()

    def _readiness(self, request: Request) -> Response:
        if self.draining:
            return PlainTextResponse(SHUTTING_DOWN_MESSAGE + "\n", 503)
        return PlainTextResponse("ready\n") if self._ready.is_set() else PlainTextResponse("warming up\n", 503)


class ModelCollector(Collector):
    """Metrics of the model's batcher, and of its replicas if there are any."""

    def __init__(self, engine: Engine) -> None:
        self._models = engine.models

    def collect(self) -> Iterator[Metric]:
        """Yield the current metrics; with replicas, the batcher's rows and passes exclude those of the replicas."""
        batcher = self._models.batcher.stats()
        yield GaugeMetricFamily("explorer_rows_waiting", "Rows that wait for a pass", batcher.waiting)
        yield GaugeMetricFamily("explorer_rows_in_flight", "Rows in the running pass", batcher.in_flight)
        yield CounterMetricFamily("explorer_passes", "Passes of the network", batcher.passes)
        yield CounterMetricFamily("explorer_rows", "Rows that have been computed", batcher.rows)
        if self._models.replicas is None:
            return
        replicas = self._models.replicas.stats()
        yield GaugeMetricFamily("explorer_replicas_live", "Replicas that take calls", replicas.live)
        yield GaugeMetricFamily("explorer_replicas_rows_in_flight", "Rows that replicas compute", replicas.in_flight)
        yield CounterMetricFamily("explorer_replicas_rows", "Rows answered by replicas", replicas.rows)
        yield CounterMetricFamily("explorer_replicas_calls_repeated", "Calls asked again", replicas.repeated)
