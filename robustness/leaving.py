"""T12 and T13: visitors who go away in the middle, and clients who ask and never listen."""

from __future__ import annotations

import time

import httpx
import numpy as np

from harness.http_client import API, PLAIN, address, ask, at_once, values
from harness.measuring import Bar, Row
from harness.server_process import Server
from robustness.load import run
from robustness.scale import Scale
from robustness.server import measured_server

STEPS = 150  # of a run that nobody waits for
TOGETHER = 20  # streams at a time, so that the queue takes all of them
REST_S = 11  # a thread that has been idle for 10 s ends
SETTLED_S = 2  # after the last join, when the queue is as such clients leave it


def storm(server: Server, count: int) -> list[Row]:
    """T12: streams dropped at random messages."""
    rng = np.random.default_rng(12)
    stops = rng.integers(1, 12, count)
    at_once(TOGETHER, lambda i: run(server.url, 100 + i))
    handles = _rested(server)
    slowest = 0.0
    for first in range(0, count, TOGETHER):
        some = stops[first : first + TOGETHER]
        at_once(len(some), lambda i, some=some, first=first: _dropped(server.url, first + i, int(some[i])))
        slowest = max(slowest, server.seconds_until_idle(30))
    files, threads = (now - then for now, then in zip(_rested(server), handles, strict=True))
    note = f"{count} streams"
    return [
        Row("T12 until nothing runs after streams are dropped", slowest, "s", bar=Bar(2, False), note=note),
        Row("T12 open files more than before", files, "", bar=Bar(5, False)),
        Row("T12 threads more than before", threads, "", bar=Bar(5, False), note=f"after {REST_S} s, as before"),
    ]


def _rested(server: Server) -> tuple[int, int]:
    """Files and threads once the threads without work have ended, which they do when one of them is used again."""
    server.seconds_until_idle(60)
    time.sleep(REST_S)
    [run(server.url, 50_000 + i) for i in range(3)]
    server.seconds_until_idle(60)
    return server.handles()


def _dropped(url: str, seed: int, message: int) -> None:
    data = values("sampling", steps=STEPS, seed=10_000 + seed)
    ask(url, "sampling", data, until=lambda n: n >= message)


def silent(server: Server, count: int, calls: int) -> list[Row]:
    """T13: joins without an event stream, and what one who listens waits meanwhile."""

    def began(seed: int) -> float:
        told = ask(server.url, "sampling", values("sampling", seed=seed), until=lambda message: True)
        return told.seconds if told.kind == "left" else float("inf")

    alone = [began(400 + i) for i in range(calls)]
    data = {"data": values("sampling", steps=STEPS, size=128)}
    statuses = []
    for i in range(count):
        data["data"] = values("sampling", steps=STEPS, seed=20_000 + i)
        joined = httpx.post(f"{server.url}{API}/call/sampling", json=data, headers=address(), verify=PLAIN)
        statuses.append(joined.status_code)
    asked = time.monotonic()
    time.sleep(SETTLED_S)
    beside = began(30_000)
    rest = server.seconds_until_idle(60)
    ended = time.monotonic() - asked if rest < float("inf") else rest
    ratio = beside / float(np.median(alone))
    note = f"{count} joined, {statuses.count(200)} taken in; {beside:.3f} s until a run's first message"
    return [
        Row("T13 a listener's start beside clients that never listen", ratio, "x", bar=Bar(2, False), note=note),
        Row("T13 until what nobody listens for is stopped", ended, "s", bar=Bar(10, False)),
    ]


def measure(scale: Scale) -> list[Row]:
    """T12 and T13."""
    with measured_server() as server:
        server.wait_until_settled()
        return storm(server, scale.dropped) + silent(server, scale.silent, scale.lone_calls)
