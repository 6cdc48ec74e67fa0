"""A real server process for measuring: what it holds, what it says of itself, and how it ends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from harness.app_server import ROOT, free_port, metrics, settled
from harness.http_client import PLAIN

OPTIONS = ("--device", "cpu", "--no-browser")  # the number type is what the server chooses


class Server:
    """app.py on a free port of 127.0.0.1, with a folder of its own for temporary files; a context manager.

    What X-Forwarded-For says is believed, so that a client can stand for many addresses.
    """

    def __init__(self, *options: str, place: Path | None = None) -> None:
        self._kept = None if place else tempfile.TemporaryDirectory(prefix="robustness-")
        self.place = place or Path(self._kept.name)
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        surroundings = {**os.environ, "GRADIO_TEMP_DIR": str(self.place), "FORWARDED_ALLOW_IPS": "127.0.0.1"}
        self.began = time.monotonic()
        command = [sys.executable, str(ROOT / "app.py"), "--port", str(port), *OPTIONS, *options]
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=self.log, stderr=self.log)
        self.warming = False  # whether it has been seen alive and not yet ready

    def __enter__(self) -> Server:
        return self.ready()

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._kept:
            self._kept.cleanup()

    def ready(self, wait: float = 300) -> Server:
        """Wait until it is. RuntimeError when it does not come to that."""
        while (status := self.status("/readyz")) != 200:
            self.warming |= status == 503
            if self.process.poll() is not None or time.monotonic() - self.began > wait:
                self.log.seek(0)
                raise RuntimeError(f"app.py did not start: {self.log.read()[-500:]}")
            time.sleep(0.1)
        self.ready_after = time.monotonic() - self.began
        return self

    def status(self, path: str) -> int:
        """HTTP status of a GET; 0 where nobody answers."""
        try:
            return httpx.get(self.url + path, timeout=30, verify=PLAIN).status_code
        except httpx.TransportError:
            return 0

    @property
    def alive(self) -> bool:
        """Whether the process runs and answers."""
        return self.process.poll() is None and self.status("/healthz") == 200

    def metrics(self) -> dict[str, float]:
        """Name -> number of /metrics."""
        return metrics(self.url)

    def at_rest(self, wait: float) -> float:
        """Seconds until nothing is being computed any more; infinite where that takes longer than `wait`."""
        began = time.monotonic()
        while time.monotonic() - began < wait:
            found = self.metrics()
            names = ("explorer_events_running", "explorer_rows_waiting", "explorer_rows_in_flight")
            if not any(found[name] for name in names):
                return time.monotonic() - began
            time.sleep(0.05)
        return float("inf")

    def settled(self, wait: float = 180) -> Server:
        """Wait until what it prepares by itself after its start is done. RuntimeError when it does not come to that."""
        settled(self.url, wait)
        return self

    def memory(self, which: str = "VmRSS") -> float:
        """MB held now (VmRSS), or at most so far (VmHWM)."""
        found = re.search(rf"^{which}:\s+(\d+) kB", self._proc("status").read_text(), re.M)
        return int(found[1]) / 1024

    def handles(self) -> tuple[int, int]:
        """Open file descriptors, and threads."""
        return len(list(self._proc("fd").iterdir())), len(list(self._proc("task").iterdir()))

    def temporary(self) -> float:
        """MB in its folder of temporary files."""
        return sum(path.stat().st_size for path in self.place.rglob("*") if path.is_file()) / 2**20

    def _proc(self, name: str) -> Path:
        return Path(f"/proc/{self.process.pid}/{name}")
