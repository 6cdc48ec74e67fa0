"""T7, T8, T22 to T24: what the tests themselves prove in full, run and counted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from harness import ROOT
from harness.measuring import Bar, Row
from robustness.scale import QUICK, Scale

SUITES = {
    "T7 routes that answer and are not on the list": ("tests/server/test_routes.py",),
    "T8 uploaded pages that can run": ("tests/server/test_middleware.py::test_an_uploaded_page_cannot_run",),
    "T22 sizes, modes and numbers that fail": (
        "tests/images/test_decoder.py", "tests/engine/test_sampling.py", "tests/server/test_raw_calls.py",
    ),
    "T23 bad weight files that are not refused": ("tests/test_weights.py", "tests/engine/test_missing_autoencoders.py"),
    "T24 ways of a bad hub that are not noticed": ("tests/hub/test_download.py",),
}  # fmt: skip
SUITE_TIMEOUT_S = 900


def count_failures(files: tuple[str, ...]) -> tuple[int, int]:
    """Return (tests that failed, tests that ran) in the files that exist. Raises RuntimeError where none ran."""
    there = [name for name in files if (ROOT / name.split("::")[0]).is_file()]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *there]
        subprocess.run(command, cwd=ROOT, capture_output=True, timeout=SUITE_TIMEOUT_S)
        (suite,) = ElementTree.parse(report).getroot().iter("testsuite")
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    ran = int(suite.get("tests")) - int(suite.get("skipped"))
    if not ran:
        raise RuntimeError(f"no test ran in {', '.join(there)}")
    return failed, ran


def measure(scale: Scale) -> list[Row]:
    """Return a row for each group of tests; in a quick run for the first of them alone."""
    chosen = dict(list(SUITES.items())[:1]) if scale is QUICK else SUITES
    rows = []
    for what, files in chosen.items():
        failed, ran = count_failures(files)
        rows.append(Row(what, failed, "tests", bar=Bar(0, False), note=f"{ran} tests"))
    return rows
