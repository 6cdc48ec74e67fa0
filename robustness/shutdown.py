"""T16 and T17: stopped while people wait, and killed."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.http_client import Outcome, arguments, call_endpoint
from harness.measuring import Bar, Row
from robustness.scale import CONCURRENT_RUNS, Scale
from robustness.server import measured_server

QUEUED, STEPS = 8, 60


def stopped_under_load() -> list[Row]:
    """Return the rows of T16: SIGTERM while four run and eight wait."""
    begun = threading.Barrier(CONCURRENT_RUNS + 1)

    def running(i: int) -> tuple[Outcome, float]:
        once = iter([begun.wait])
        first = lambda message: next(once, lambda: None)() and False
        data = arguments("sampling", steps=STEPS, seed=i)
        return call_endpoint(server.url, "sampling", data, leave_after=first), time.monotonic()

    def queued(i: int) -> tuple[Outcome, float]:
        data = arguments("sampling", steps=STEPS, seed=100 + i)
        return call_endpoint(server.url, "sampling", data), time.monotonic()

    with measured_server() as server, ThreadPoolExecutor(CONCURRENT_RUNS + QUEUED) as threads:
        server.wait_until_settled()
        calls = [threads.submit(running, i) for i in range(CONCURRENT_RUNS)]
        begun.wait(60)
        calls += [threads.submit(queued, i) for i in range(QUEUED)]
        time.sleep(1)
        stopped = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        while server.status("/readyz") == 200 and time.monotonic() - stopped < 30:
            time.sleep(0.02)
        noticed = time.monotonic() - stopped
        outcomes = [one.result() for one in calls]
        try:
            code = server.process.wait(30)
        except subprocess.TimeoutExpired:
            code = None
        exit_s = time.monotonic() - stopped
    silent = sum(not one.well_formed for one, _ in outcomes)
    kinds = [one.kind for one, _ in outcomes]
    note = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return [
        Row("T16 until not ready after SIGTERM", noticed, "s", bar=Bar(1, False)),
        Row("T16 ended without an answer or a sentence", silent, "runs", bar=Bar(0, False), note=note),
        Row("T16 the last of them", max(at for _, at in outcomes) - stopped, "s", bar=Bar(15, False)),
        Row("T16 until the process ends", exit_s, "s", bar=Bar(20, False)),
        Row("T16 exit status", None if code is None else float(abs(code)), "", bar=Bar(0, False)),
    ]


def killed_under_load() -> list[Row]:
    """Return the rows of T17: kill -9 in the middle of a run, and a new start with the same temporary folder."""
    with tempfile.TemporaryDirectory(prefix="robustness-") as folder:
        temp_dir = Path(folder)
        with measured_server(temp_dir=temp_dir) as server, ThreadPoolExecutor(1) as thread:
            first = server.ready_after_s
            thread.submit(call_endpoint, server.url, "sampling", arguments("sampling", steps=STEPS))
            time.sleep(1)
            server.process.kill()
        left = {path.name for path in temp_dir.glob("server-*")}
        with measured_server(temp_dir=temp_dir) as server:
            again = server.ready_after_s
            unswept = len(left & {path.name for path in temp_dir.glob("server-*")})
    note = f"first start {first:.1f} s, the next {again:.1f} s"
    return [
        Row("T17 a restart after kill -9, over a first start", again - first, "s more", bar=Bar(15, False), note=note),
        Row("T17 folders of the killed server left", unswept, "folders", bar=Bar(0, False)),
    ]


def measure(scale: Scale) -> list[Row]:
    """Return the rows of T16 and T17."""
    return stopped_under_load() + killed_under_load()
