"""A probe in a process of its own, which no load generator holds up: how soon /healthz answers, ten times a second."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from harness import ROOT

PROBE_INTERVAL_S = 0.1
NO_ANSWER_S = 1e9  # stands for a request that was not answered


@contextmanager
def probe_health(url: str) -> Iterator[list[float]]:
    """Probe /healthz while this is open; afterwards the yielded list holds the seconds that each answer took."""
    taken: list[float] = []
    command = [sys.executable, "-m", "robustness.probing", url]
    probe = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    probe.stdout.readline()  # it has begun
    try:
        yield taken
    finally:
        taken += json.loads(probe.communicate("\n")[0])


def probe(url: str) -> list[float]:
    """Probe until a line comes in on stdin; return the seconds of each answer, NO_ANSWER_S for none."""
    over, taken = threading.Event(), []
    threading.Thread(target=lambda: (sys.stdin.readline(), over.set()), daemon=True).start()
    with httpx.Client(base_url=url, timeout=30) as client:
        client.get("/healthz")
        print("begun", flush=True)
        while not over.wait(PROBE_INTERVAL_S):
            began = time.perf_counter()
            try:
                client.get("/healthz").raise_for_status()
                taken.append(time.perf_counter() - began)
            except httpx.HTTPError:
                taken.append(NO_ANSWER_S)
    return taken


if __name__ == "__main__":
    print(json.dumps(probe(sys.argv[1])))
