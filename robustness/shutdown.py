"""T16 and T17: told to stop while people wait, and killed."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.http_client import address, ask, values
from harness.measuring import Bar, Row
from robustness.scale import PLACES, Scale
from robustness.server import measured_server

QUEUED, STEPS = 8, 60


def told_to_stop() -> list[Row]:
    """T16: SIGTERM while four run and eight wait."""
    begun = threading.Barrier(PLACES + 1)

    def running(i: int) -> tuple[object, float]:
        once = iter([begun.wait])
        first = lambda message: next(once, lambda: None)() and False
        told = ask(server.url, "sampling", values("sampling", steps=STEPS, seed=i), address(), until=first)
        return told, time.monotonic()

    def queued(i: int) -> tuple[object, float]:
        told = ask(server.url, "sampling", values("sampling", steps=STEPS, seed=100 + i), address())
        return told, time.monotonic()

    with measured_server() as server, ThreadPoolExecutor(PLACES + QUEUED) as threads:
        server.wait_until_settled()
        asked = [threads.submit(running, i) for i in range(PLACES)]
        begun.wait(60)
        asked += [threads.submit(queued, i) for i in range(QUEUED)]
        time.sleep(1)
        stopped = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        while server.status("/readyz") == 200 and time.monotonic() - stopped < 30:
            time.sleep(0.02)
        noticed = time.monotonic() - stopped
        told = [one.result() for one in asked]
        try:
            code = server.process.wait(30)
        except subprocess.TimeoutExpired:
            code = None
        exit_s = time.monotonic() - stopped
    silent = sum(not one.typed for one, _ in told)
    kinds = [one.kind for one, _ in told]
    note = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return [
        Row("T16 until not ready after SIGTERM", noticed, "s", bar=Bar(1, False)),
        Row("T16 ended without an answer or a sentence", silent, "runs", bar=Bar(0, False), note=note),
        Row("T16 the last of them", max(at for _, at in told) - stopped, "s", bar=Bar(15, False)),
        Row("T16 until the process ends", exit_s, "s", bar=Bar(20, False)),
        Row("T16 exit status", None if code is None else float(abs(code)), "", bar=Bar(0, False)),
    ]


def killed() -> list[Row]:
    """T17: kill -9 in the middle of a run, and a new start in the same place."""
    with tempfile.TemporaryDirectory(prefix="robustness-") as folder:
        temp_dir = Path(folder)
        with measured_server(temp_dir=temp_dir) as server, ThreadPoolExecutor(1) as thread:
            first = server.ready_after_s
            thread.submit(ask, server.url, "sampling", values("sampling", steps=STEPS))
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
    """T16 and T17."""
    return told_to_stop() + killed()
