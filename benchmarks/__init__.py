"""Proofs of speed: ratios in one run, no tests. `make bench` runs all that need no browser, each in turn.

`python -m benchmarks.NAME` prints one table, then one line of JSON; `drag` and `prepare` drive a real browser.
"""

from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
