"""Run the covering tests on a copy of the repository into which one fault has been put."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness.mutation.operators import Fault

PRELOADED = ("torch", "torch._dynamo", "numpy", "scipy.stats", "PIL.Image", "safetensors.torch", "playwright.sync_api")
POLL_S = 0.02
NO_FAILURE, NO_TESTS = 0, 5  # exit statuses of pytest


def copy_tree(root: Path, target: Path) -> None:
    """Copy what Git tracks, or would track, to an empty folder; without Git, all of root."""
    listing = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(listing, capture_output=True, text=True)
    if result.returncode:
        shutil.copytree(root, target, dirs_exist_ok=True)
        return
    for name in filter(None, result.stdout.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)


def preload(names: Sequence[str] = PRELOADED) -> None:
    """Import pytest and what most tests need, once: each run is a fork of this process."""
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    importlib.import_module("pytest")
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)


def apply(root: Path, fault: Fault) -> str:
    """Write the fault into the copy under root and return the text that stood there before."""
    path = root / fault.path
    before = path.read_text()
    lines = before.splitlines(keepends=True)
    lines[fault.line - 1] = fault.new + "\n"
    write(path, "".join(lines))
    return before


def write(path: Path, text: str) -> None:
    """Write a module and remove its compiled file, which may be as old to the second and as long."""
    path.write_text(text)
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def failure(root: Path, tests: list[str], *, timeout_s: float, output: Path) -> str:
    """Run tests in a process of their own; return '' where they pass, else "failed" or "timed out".

    output: file that gets what pytest prints. Raises RuntimeError where no test was collected.
    """
    child = os.fork()
    if child == 0:
        _run_pytest(root, tests, output)
    status = _wait(child, timeout_s)
    if status is None:
        return "timed out"
    if status == NO_TESTS:
        raise RuntimeError(f"no test was collected from {', '.join(tests)}")
    return "" if status == NO_FAILURE else "failed"


def _run_pytest(root: Path, tests: list[str], output: Path) -> None:
    """Become the process that runs the tests; never returns."""
    status = 1
    try:
        os.setsid()  # the timeout ends what the tests started, too
        target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(target, 1), os.dup2(target, 2)
        os.chdir(root)
        here = str(Path(__file__).resolve().parents[2])
        sys.path[:] = [str(root), *(path for path in sys.path if path not in ("", here))]
        for name in [name for name in sys.modules if name.split(".")[0] in ("harness", "explorer", "tests")]:
            del sys.modules[name]  # the copy's are meant
        options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "-m", "not browser and not server"]
        status = int(sys.modules["pytest"].main([*options, *tests]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _wait(child: int, timeout_s: float) -> int | None:
    """Exit status of a child, or None once it was ended because it took too long; its descendants end with it."""
    end = time.monotonic() + timeout_s
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        late = time.monotonic() > end
        if ended or late:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            if not ended:
                os.waitpid(child, 0)
            return os.waitstatus_to_exitcode(status) if ended else None
        time.sleep(POLL_S)
