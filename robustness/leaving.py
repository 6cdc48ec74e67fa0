"""T12 and T13: visitors who go away in the middle, and clients who ask and never listen."""

from __future__ import annotations

import time

import httpx
import numpy as np

from harness.http_client import API, SHARED_SSL_CONTEXT, arguments, call_endpoint, run_concurrently, visitor_headers
from harness.measuring import Bar, Row
from harness.server_process import Server
from robustness.load import run
from robustness.scale import Scale
from robustness.server import measured_server

ABANDONED_STEPS = 150  # of a run that nobody waits for
STREAMS_AT_ONCE = 20  # so that the queue takes all of them
THREAD_EXPIRY_S = 11  # a thread that has been idle for 10 s ends
SETTLE_S = 2  # after the last join, when the queue is as such clients leave it


def storm(server: Server, count: int) -> list[Row]:
    """Return the rows of T12: streams dropped at random messages."""
    rng = np.random.default_rng(12)
    stops = rng.integers(1, 12, count)
    run_concurrently(STREAMS_AT_ONCE, lambda i: run(server.url, 100 + i))
    handles = _rested(server)
    slowest = 0.0
    for first in range(0, count, STREAMS_AT_ONCE):
        some = stops[first : first + STREAMS_AT_ONCE]
        run_concurrently(len(some), lambda i, some=some, first=first: _dropped(server.url, first + i, int(some[i])))
        slowest = max(slowest, server.seconds_until_idle(30))
    files, threads = (now - then for now, then in zip(_rested(server), handles, strict=True))
    note = f"{count} streams"
    return [
        Row("T12 until nothing runs after streams are dropped", slowest, "s", bar=Bar(2, False), note=note),
        Row("T12 open files more than before", files, "", bar=Bar(5, False)),
        Row(
            "T12 threads more than before", threads, "", bar=Bar(5, False), note=f"after {THREAD_EXPIRY_S} s, as before"
        ),
    ]


def _rested(server: Server) -> tuple[int, int]:
    """Files and threads once the threads without work have ended, which they do when one of them is used again."""
    server.seconds_until_idle(60)
    time.sleep(THREAD_EXPIRY_S)
    [run(server.url, 50_000 + i) for i in range(3)]
    server.seconds_until_idle(60)
    return server.handles()


def _dropped(url: str, seed: int, message: int) -> None:
    data = arguments("sampling", steps=ABANDONED_STEPS, seed=10_000 + seed)
    call_endpoint(url, "sampling", data, leave_after=lambda n: n >= message)


def silent(server: Server, count: int, calls: int) -> list[Row]:
    """Return the rows of T13: joins without an event stream, and how long a listener waits meanwhile."""

    def began(seed: int) -> float:
        data = arguments("sampling", seed=seed)
        outcome = call_endpoint(server.url, "sampling", data, leave_after=lambda message: True)
        return outcome.seconds if outcome.kind == "left" else float("inf")

    alone = [began(400 + i) for i in range(calls)]
    statuses = []
    for i in range(count):
        data, headers = {"data": arguments("sampling", steps=ABANDONED_STEPS, seed=20_000 + i)}, visitor_headers()
        joined = httpx.post(f"{server.url}{API}/call/sampling", json=data, headers=headers, verify=SHARED_SSL_CONTEXT)
        statuses.append(joined.status_code)
    joined_at = time.monotonic()
    time.sleep(SETTLE_S)
    beside = began(30_000)
    rest = server.seconds_until_idle(60)
    ended = time.monotonic() - joined_at if rest < float("inf") else rest
    ratio = beside / float(np.median(alone))
    note = f"{count} joined, {statuses.count(200)} taken in; {beside:.3f} s until a run's first message"
    return [
        Row("T13 a listener's start beside clients that never listen", ratio, "x", bar=Bar(2, False), note=note),
        Row("T13 until what nobody listens for is stopped", ended, "s", bar=Bar(10, False)),
    ]


def measure(scale: Scale) -> list[Row]:
    """Return the rows of T12 and T13."""
    with measured_server() as server:
        server.wait_until_settled()
        return storm(server, scale.dropped) + silent(server, scale.silent, scale.lone_calls)
