"""Proofs of speed: `python -m benchmarks.NAME` prints a table, then one line of JSON. Ratios in one run, no tests."""
