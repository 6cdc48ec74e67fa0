"""python -m benchmarks: every benchmark of `make bench` in a process of its own, one table, and a file of results.

With --quick each runs for a few rounds only, and nothing is written unless --json names a file. A benchmark that fails
has a row that says so. A bar that is missed is no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import RESULTS
from harness import ROOT, machine, measuring
from harness.measuring import Bar, Row

BENCHMARKS = (
    "overhead", "trajectories", "utilisation", "batcher", "serve", "cluster", "rapsd", "sheets", "startup", "growth",
)  # fmt: skip
TIMEOUT_S = 900  # of one benchmark


def collected(name: str, quick: bool) -> list[Row]:
    """Return the rows of one benchmark, run in a process of its own, as if it were alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.{name}", "--json", str(path)]
        command += ["--quick"] if quick else []
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return [Row(name, note=f"took longer than {TIMEOUT_S} s")]
        if done.returncode or not path.exists():
            return [Row(name, note="failed: " + (done.stderr.strip().splitlines() or ["no message"])[-1])]
        return [_row(fields) for fields in json.loads(path.read_text())]


def _row(fields: dict) -> Row:
    bar = fields["bar"] and Bar(**fields["bar"])
    return Row(**{key: value for key, value in fields.items() if key != "verdict"} | {"bar": bar})


def run(names: Sequence[str], quick: bool, path: Path | None) -> int:
    """Run them in order, print the table and write it to the path; return the number of benchmarks that failed."""
    about, results, failed = machine.described(), {}, 0
    for name in names:
        start = time.perf_counter()
        results[name] = collected(name, quick)
        seconds = time.perf_counter() - start
        failed += any(row.note.startswith(("failed", "took longer")) for row in results[name])
        print(f"{name}: {seconds:.0f} s", file=sys.stderr, flush=True)
    print(measuring.table([row for rows in results.values() for row in rows]))
    verdicts = [row.verdict for rows in results.values() for row in rows]
    counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    tally = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    print(f"{about['processor']}, load {about['load_before']} before: {tally}" + quick * " (quick: proves no speed)")
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = {name: [row.fields for row in rows] for name, rows in results.items()}
        path.write_text(json.dumps({"machine": about, "quick": quick, "rows": rows}, indent=1) + "\n")
        print(f"written to {path}")
    return failed


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 1 when a benchmark could not be run."""
    chosen = measuring.options(__doc__, argv)
    path = chosen.json or (None if chosen.quick else RESULTS / f"{machine.processor()}.json")
    return 1 if run(BENCHMARKS, chosen.quick, path) else 0


if __name__ == "__main__":
    sys.exit(main())
