"""T11: two hundred at once at a queue of 32; who is sent away, how soon, and what it is like afterwards."""

from __future__ import annotations

import time

from harness.http_client import arguments, call_endpoint, latency_quantile, run_concurrently
from harness.measuring import Bar, Row
from robustness.load import run
from robustness.scale import Scale
from robustness.server import measured_server

STEPS = 20


def measure(scale: Scale) -> list[Row]:
    """Return the rows of T11: the refusals, what became of the accepted, a lone visitor before and after."""
    long = lambda seed: call_endpoint(server.url, "sampling", arguments("sampling", steps=STEPS, seed=seed))
    with measured_server() as server:
        server.wait_until_settled()
        before = [run(server.url, i) for i in range(scale.lone_calls)]
        outcomes = run_concurrently(scale.burst, lambda i: long(5000 + i))
        time.sleep(scale.recovery_s)
        after = [run(server.url, 9000 + i) for i in range(scale.lone_calls)]
    refused = [one for one in outcomes if one.kind == "refused"]
    wrong = [one for one in refused if one.status not in (429, 503) or not one.well_formed]
    unfinished = [one for one in outcomes if one.kind not in ("complete", "refused")]
    ratio = latency_quantile(after, 0.95) / latency_quantile(before, 0.95)
    note = f"{len(outcomes)} asked at once, {len(refused)} sent away"
    said = "; ".join(sorted({f"{one.kind}: {one.content}" for one in unfinished}))
    slowest = max((one.seconds for one in refused), default=0.0)
    return [
        Row("T11 sent away without 503, 429 and a sentence", len(wrong), "answers", bar=Bar(0, False), note=note),
        Row("T11 slowest to be sent away", slowest, "s", bar=Bar(1, False)),
        Row("T11 accepted and not finished", len(unfinished), "runs", bar=Bar(0, False), note=said),
        Row(f"T11 p95 {scale.recovery_s:g} s after the burst", ratio, "x", bar=Bar(1.2, False)),
    ]
