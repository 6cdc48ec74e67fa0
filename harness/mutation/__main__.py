"""Put faults into a copy of the code, one at a time, and report the share that the covering tests notice.

    python -m harness.mutation --seed 1 --count 100      # faults drawn from all modules
    python -m harness.mutation --only '*/schedules.py'   # of one module
    python -m harness.mutation --listed                  # those of listed.toml, which once passed unnoticed

The working tree is never changed. A fault counts as noticed when a test fails or the tests take too long; the status
is 1 where the share noticed is below --at-least.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from harness.mutation import runner
from harness.mutation.operators import Fault
from harness.mutation.selection import LISTED, covering_tests, drawn_faults, listed_faults

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(arguments)
    if options.listed:
        chosen, stale = listed_faults(options.root, options.list_file)
    else:
        chosen, stale = drawn_faults(options.root, options.seed, options.count, options.only), []
    chosen = [f for f in chosen if options.kind in ("", f.kind) and fnmatch(f.path, options.only)]
    for sentence in stale:
        print(f"no longer applies  {sentence}")
    if options.show:
        print(*chosen, sep="\n")
        return 0
    runner.preload(options.preload)
    unnoticed = _run(chosen, options)
    share = 1 - len(unnoticed) / max(1, len(chosen))
    print(f"\n{len(chosen) - len(unnoticed)} of {len(chosen)} faults noticed, {share:.0%}; unnoticed:")
    print("\n".join(map(str, unnoticed)) or "none")
    return 0 if share >= options.at_least and not stale else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.mutation", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=100, help="faults to draw")
    parser.add_argument("--only", default="*", help="pattern of the paths that faults are put into")
    parser.add_argument("--listed", action="store_true", help="the faults of the list instead of drawn ones")
    parser.add_argument("--list-file", type=Path, default=LISTED)
    parser.add_argument("--kind", default="", help="only faults of this kind, or the listed one of this id")
    parser.add_argument("--timeout", type=float, default=240, help="seconds for the tests of one fault")
    parser.add_argument("--at-least", type=float, default=0.9, help="share noticed below which the status is 1")
    parser.add_argument("--assume-sound", action="store_true", help="do not run the tests without a fault before")
    parser.add_argument("--show", action="store_true", help="print the faults and run nothing")
    parser.add_argument("--root", type=Path, default=ROOT, help="repository to copy")
    parser.add_argument("--preload", nargs="*", default=runner.PRELOADED, help="modules imported once for all runs")
    parser.add_argument("--output", type=Path, help="file for what the tests of the last fault print")
    return parser


def _run(chosen: list[Fault], options: argparse.Namespace) -> list[Fault]:
    """Return the faults that no test notices, after printing a line for each; raises RuntimeError on a bad baseline."""
    unnoticed: list[Fault] = []
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copy = Path(folder, "repository")
        copy.mkdir()
        runner.copy_tree(options.root, copy)
        output = options.output or Path(folder, "output.txt")
        run = partial(runner.failure, copy, timeout_s=options.timeout, output=output)
        stages = [stage for fault in chosen for stage in _stages(copy, fault)]
        sound = {test for stage in stages for test in stage} if options.assume_sound else set()
        _check_sound(run, [test for fault in chosen for test in _stages(copy, fault)[0]], sound)
        for fault in sorted(chosen, key=lambda fault: (fault.path, fault.line)):
            began, noticed = time.monotonic(), ""
            for tests in _stages(copy, fault):
                if noticed := _noticed(run, copy, fault, tests, sound):
                    break
            print(f"{noticed or 'UNNOTICED':9} {time.monotonic() - began:5.1f} s  {fault}", flush=True)
            if not noticed:
                unnoticed.append(fault)
    return unnoticed


def _stages(copy: Path, fault: Fault) -> list[list[str]]:
    """Tests in the order in which they are tried: the one that is to notice the fault, the nearest file, the others."""
    first, *rest = covering_tests(copy, fault.path)
    return [tests for tests in ([fault.test] if fault.test else [], [first], rest) if tests]


def _noticed(run: partial[str], copy: Path, fault: Fault, tests: list[str], sound: set[str]) -> str:
    """How tests notice the fault, '' where they pass with it as they do without."""
    _check_sound(run, tests, sound)
    before = runner.apply(copy, fault)
    try:
        return run(tests)
    finally:
        runner.write(copy / fault.path, before)


def _check_sound(run: partial[str], tests: list[str], sound: set[str]) -> None:
    """Run those tests without a fault that are not yet known to be sound; raises RuntimeError where they fail."""
    if fresh := sorted(set(tests) - sound):
        if found := run(fresh, timeout_s=len(fresh) * run.keywords["timeout_s"]):
            printed = run.keywords["output"].read_text()[-2000:]
            raise RuntimeError(f"without a fault, {' '.join(fresh)} {found}:\n{printed}")
        sound |= set(fresh)


if __name__ == "__main__":
    sys.exit(main())
