"""python -m robustness: what a real server stands, one table, and a file of results.

--quick does everything with small numbers, which proves that it runs and nothing else, and writes nothing unless --json
names a file. --full makes the soak thirty minutes long instead of five. --only T10 T16 measures what these are in.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from harness import machine
from harness.measuring import Row
from robustness.scale import FULL, FULL_SOAK_S, QUICK, Scale

GROUPS = {  # module: the tests in it
    "invalid_numbers": ("T9",), "request_bodies": ("T4",), "paths": ("T6",), "files": ("T1", "T2", "T3"),
    "suites": ("T7", "T8", "T22", "T23", "T24"),
    "shutdown": ("T16", "T17"), "leaving": ("T12", "T13"), "determinism": ("T21",), "overload": ("T11",),
    "load": ("T10", "T18", "T26"), "soak": ("T19",),
}  # fmt: skip
RESULTS = Path(__file__).resolve().parent / "results"


def measured(group: str, scale: Scale) -> list[Row]:
    """Return the rows of one group; where it fails, a row for each of its tests that says so."""
    try:
        return import_module(f"robustness.{group}").measure(scale)
    except Exception as error:
        why = (str(error).strip().splitlines() or [""])[0]
        return [
            Row(f"{test} not measured", note=f"failed: {type(error).__name__}: {why}"[:200]) for test in GROUPS[group]
        ]


def table(rows: list[Row]) -> str:
    """Return test, figure, limit and verdict as text, a note below its row."""
    width = max(len(row.what) for row in rows)
    lines = [f"{'test':{width}} {'measured':>10} {'unit':9} {'passes':>9}  verdict"]
    for row in rows:
        value = "-" if row.value is None else f"{row.value:.4g}"
        lines.append(f"{row.what:{width}} {value:>10} {row.unit:9} {str(row.bar or ''):>9}  {row.verdict}")
        lines += [f"    {row.note}"] if row.note else []
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 1 when a figure is missed or could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m robustness", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small numbers: shows that all runs, proves nothing")
    parser.add_argument("--full", action="store_true", help=f"a soak of {FULL_SOAK_S / 60:g} minutes instead of 5")
    parser.add_argument("--only", nargs="+", metavar="TEST", help="such as T10; whatever is measured with it, too")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    chosen = parser.parse_args(argv)
    known = {test for tests in GROUPS.values() for test in tests}
    if chosen.only and (unknown := set(chosen.only) - known):
        parser.error(f"there is no test {', '.join(sorted(unknown))} here")
    scale = QUICK if chosen.quick else replace(FULL, soak_s=FULL_SOAK_S if chosen.full else FULL.soak_s)
    about, rows = machine.described(), []
    for group in [name for name, tests in GROUPS.items() if not chosen.only or set(tests) & set(chosen.only)]:
        began = time.monotonic()
        rows += measured(group, scale)
        print(f"{group}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(rows))
    failed = [row for row in rows if row.verdict in ("missed", "not measured")]
    held = sum(row.verdict == "holds" for row in rows)
    print(f"{held} of {held + len(failed)} figures hold" + " (quick: proves nothing)" * chosen.quick)
    whole = not (chosen.quick or chosen.only)
    if path := chosen.json or (RESULTS / f"{machine.processor()}.json" if whole else None):
        path.parent.mkdir(parents=True, exist_ok=True)
        fields = {"machine": about, "quick": chosen.quick, "full": chosen.full, "rows": [row.fields for row in rows]}
        path.write_text(json.dumps(fields, indent=1) + "\n")
        print(f"written to {path}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
