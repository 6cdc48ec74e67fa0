"""A running explorer for tests and benchmarks: the real app.py in a process of its own, on a free port."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def metrics(url: str) -> dict[str, float]:
    """Name -> number of a server's /metrics."""
    with urllib.request.urlopen(url + "/metrics", timeout=30) as answer:
        return {m[1]: float(m[2]) for m in re.finditer(r"^(\S+) (\S+)$", answer.read().decode(), re.M)}


def settled(url: str, wait: float = 180) -> None:
    """Wait until what a server prepares after its start is done. RuntimeError when it does not come to that."""
    began, passes = time.monotonic(), -1.0
    while passes != (passes := metrics(url)["explorer_passes_total"]):
        if time.monotonic() - began > wait:
            raise RuntimeError("The server does not come to rest.")
        time.sleep(2)


@contextmanager
def running_app(*options: str, wait: float = 120) -> Iterator[str]:
    """The address of a server that is ready; it is stopped at the end. RuntimeError when it does not start."""
    port = free_port()
    command = [sys.executable, str(ROOT / "app.py"), "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + wait
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    raise RuntimeError(f"app.py did not start: {process.stdout.read().decode()}") from None
                time.sleep(0.3)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
