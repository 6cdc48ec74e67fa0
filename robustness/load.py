"""T10, T18, T26: fifty users at once for minutes; health, readiness and the event loop meanwhile."""

from __future__ import annotations

import statistics
import time

import numpy as np

from harness.http_client import Outcome, arguments, call_endpoint, latency_quantile, run_concurrently, visitor_headers
from harness.measuring import Bar, Row
from robustness.probing import probe_health
from robustness.scale import CONCURRENT_RUNS, MAX_LOAD_FACTOR, Scale
from robustness.server import measured_server

STEPS = 3  # of the runs, at 64 pixels with the network
RETRY_DELAY_S = 1.0  # of a user whom the full queue has refused
METRICS = (
    "explorer_rows_waiting", "explorer_rows_in_flight", "explorer_events_running",
    'explorer_events_total{outcome="done"}', 'explorer_event_seconds_bucket{le="+Inf"}',
)  # fmt: skip


def run(url: str, seed: int, headers: dict[str, str] | None = None) -> Outcome:
    """Run a short sampling with this seed; by default as a new visitor."""
    return call_endpoint(url, "sampling", arguments("sampling", steps=STEPS, seed=seed), headers)


def users(url: str, count: int, duration: float) -> list[tuple[int, Outcome]]:
    """Return (seed, outcome) of all calls of so many users, each calling again at once, from an address of its own."""
    end = time.monotonic() + duration

    def user(number: int) -> list[tuple[int, Outcome]]:
        own_outcomes, headers = [], visitor_headers()
        while time.monotonic() < end:
            seed = number * 1_000_000 + len(own_outcomes)
            own_outcomes.append((seed, run(url, seed, headers)))
            if own_outcomes[-1][1].kind == "refused":
                time.sleep(RETRY_DELAY_S)
        return own_outcomes

    return [one for some in run_concurrently(count, user) for one in some]


def crossed(outcomes: list[tuple[int, Outcome]]) -> int:
    """Return the number of answers that belong to somebody else's request."""
    return sum(one.kind == "complete" and one.content["request"]["seed"] != seed for seed, one in outcomes)


def load_rows(outcomes: list[tuple[int, Outcome]], unloaded: float, count: int) -> list[Row]:
    """Return the rows of T10: answers lost, crossed or malformed, and the latency over the unloaded median in s."""
    answers = [one for _, one in outcomes]
    full = sum(one.kind == "refused" for one in answers)
    done = sum(one.kind == "complete" for one in answers)
    lost, malformed = sum(one.kind == "lost" for one in answers), sum(not one.well_formed for one in answers)
    failed = sum(one.kind == "error" for one in answers)
    p50, p95 = (latency_quantile(answers, share) for share in (0.5, 0.95))
    note = f"{count} users, {done} answers, {full} times sent away, p50 {p50:.2f} s, p95 {p95:.2f} s, "
    note += f"unloaded median {unloaded:.3f} s"
    factor = p95 / (unloaded * max(1.0, count / CONCURRENT_RUNS))
    return [
        Row(
            "T10 lost, crossed, failed or untyped",
            lost + crossed(outcomes) + malformed + failed,
            "answers",
            bar=Bar(0, False),
        ),
        Row(
            "T10 p95 over what a queue without merging would take",
            factor,
            "x",
            bar=Bar(MAX_LOAD_FACTOR, False),
            note=note,
        ),
    ]


def measure(scale: Scale) -> list[Row]:
    """Return the rows of T10, T18 and T26."""
    with measured_server() as server:
        warming = server.seen_warming_up
        server.wait_until_settled()
        unloaded = statistics.median(run(server.url, i).seconds for i in range(scale.lone_calls))
        with probe_health(server.url) as probes:
            outcomes = users(server.url, scale.load_users, scale.load_s)
        missing = [name for name in METRICS if name not in server.metrics()]
    p99, most = 1000 * float(np.quantile(probes, 0.99)), 1000 * max(probes)
    return [
        *load_rows(outcomes, unloaded, scale.load_users),
        Row("T18 /healthz under this load, p99", p99, "ms", bar=Bar(50, False), note=f"{len(probes)} probes"),
        Row("T18 ready only after a warm-up run", float(warming), "", bar=Bar(1, True)),
        Row("T18 metrics missing", len(missing), "names", bar=Bar(0, False), note=", ".join(missing)),
        Row("T26 lag of the event loop, p99", p99, "ms", bar=Bar(250, False)),
        Row("T26 lag of the event loop, most", most, "ms", bar=Bar(1000, False)),
    ]
