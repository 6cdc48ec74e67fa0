"""The real app.py in a process of its own on a free port: start it, watch it, stop it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from harness import ROOT

START_TIMEOUT_S = 300.0
SETTLE_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 30.0
POLL_INTERVAL_S = 0.1
SETTLE_INTERVAL_S = 2.0  # without a forward pass, after which a server counts as settled
MAX_LOG_CHARS = 2000  # of the end of the log, shown where a server does not start


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def metrics(url: str) -> dict[str, float]:
    """Return the numbers of a server's /metrics by name, labels included. Raises OSError when nobody answers."""
    with urllib.request.urlopen(url + "/metrics", timeout=REQUEST_TIMEOUT_S) as response:
        return {m[1]: float(m[2]) for m in re.finditer(r"^(\S+) (\S+)$", response.read().decode(), re.M)}


def wait_until_settled(url: str, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
    """Wait until the forward passes that a server makes by itself after its start are over. Raises RuntimeError."""
    began, passes = time.monotonic(), -1.0
    while passes != (passes := metrics(url)["explorer_passes_total"]):
        if time.monotonic() - began > timeout_s:
            raise RuntimeError("The server does not come to rest.")
        time.sleep(SETTLE_INTERVAL_S)


class Server:
    """A context manager: app.py of a checkout, ready on entry, stopped on exit; temporary files in a folder of its own.

    options are those of app.py, environment is added to this process's, program is run in the folder of the checkout.
    """

    def __init__(
        self,
        *options: str,
        checkout: Path = ROOT,
        temp_dir: Path | None = None,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = (sys.executable, "app.py"),
    ) -> None:
        self._own_temp_dir = None if temp_dir else tempfile.TemporaryDirectory(prefix="explorer-")
        self.temp_dir = temp_dir or Path(self._own_temp_dir.name if self._own_temp_dir else "")
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        command = [*program, "--port", str(port), "--no-browser", *options]
        variables = {**os.environ, "GRADIO_TEMP_DIR": str(self.temp_dir), **(environment or {})}
        self.log = tempfile.TemporaryFile("w+")
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, cwd=checkout, env=variables, stdout=self.log, stderr=self.log)
        self.seen_warming_up = False  # whether /readyz has said 503 while the server was alive

    def __enter__(self) -> Server:
        self.ready_after_s = self.wait_until_ok("/readyz")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process, by force where it takes longer than STOP_TIMEOUT_S, and delete its temporary files."""
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        if self._own_temp_dir:
            self._own_temp_dir.cleanup()

    def wait_until_ok(self, path: str, timeout_s: float = START_TIMEOUT_S) -> float:
        """Wait until a GET of the path is answered with 200; return the seconds since the start.

        Raises RuntimeError, with the end of the log, when the process ends or the time is over.
        """
        while (status := self.status(path)) != 200:
            self.seen_warming_up |= status == 503
            if self.process.poll() is not None or time.monotonic() - self.began > timeout_s:
                self.log.seek(0)
                tail = self.log.read()[-MAX_LOG_CHARS:]
                self.stop()
                raise RuntimeError(f"app.py did not start: {tail}")
            time.sleep(POLL_INTERVAL_S)
        return time.monotonic() - self.began

    def wait_until_settled(self, timeout_s: float = SETTLE_TIMEOUT_S) -> Server:
        """Wait until what the server prepares by itself after its start is done; return self. Raises RuntimeError."""
        wait_until_settled(self.url, timeout_s)
        return self

    def status(self, path: str) -> int:
        """Return the HTTP status of a GET; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=REQUEST_TIMEOUT_S) as response:
                return response.status
        except HTTPError as error:
            return error.code
        except (OSError, HTTPException):
            return 0

    @property
    def alive(self) -> bool:
        """Whether the process runs and answers."""
        return self.process.poll() is None and self.status("/healthz") == 200

    def metrics(self) -> dict[str, float]:
        """Return the numbers of /metrics by name."""
        return metrics(self.url)

    def seconds_until_idle(self, timeout_s: float) -> float:
        """Return the seconds until nothing is being computed any more; infinity where that takes longer."""
        began = time.monotonic()
        while time.monotonic() - began < timeout_s:
            found = self.metrics()
            names = ("explorer_events_running", "explorer_rows_waiting", "explorer_rows_in_flight")
            if not any(found[name] for name in names):
                return time.monotonic() - began
            time.sleep(POLL_INTERVAL_S / 2)
        return float("inf")

    def memory_mb(self, which: str = "VmRSS") -> float:
        """Return the MiB held now (VmRSS), or at most so far (VmHWM); Linux only."""
        found = re.search(rf"^{which}:\s+(\d+) kB", self._proc("status").read_text(), re.M)
        assert found
        return int(found[1]) / 1024

    def handles(self) -> tuple[int, int]:
        """Return the numbers of open file descriptors and of threads; Linux only."""
        return len(list(self._proc("fd").iterdir())), len(list(self._proc("task").iterdir()))

    def temp_files_mb(self) -> float:
        """Return the MiB in its folder of temporary files."""
        return sum(path.stat().st_size for path in self.temp_dir.rglob("*") if path.is_file()) / 2**20

    def _proc(self, name: str) -> Path:
        return Path(f"/proc/{self.process.pid}/{name}")


@contextmanager
def running_app(*options: str) -> Iterator[str]:
    """Yield the address of a server whose page answers; it is stopped at the end.

    What it prepares after its start may still go on: `wait_until_settled`. Raises RuntimeError when it does not start.
    """
    server = Server(*options)
    server.wait_until_ok("/")
    try:
        yield server.url
    finally:
        server.stop()
