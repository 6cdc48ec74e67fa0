"""How every benchmark measures: contenders in turn, in the same run, and rows of a table that say what came out.

A ratio is the median over rounds of the ratio within a round, so that a busy machine slows both sides of it; its
spread is the smallest and the largest round. Before the first round every contender runs once, unmeasured.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

Seconds = Callable[[], float]  # runs a contender and says what it took


@dataclass(frozen=True)
class Bar:
    """What a figure is held against."""

    limit: float
    at_least: bool  # else at most

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    value: float | None = None  # None: not measured, and the note says why
    unit: str = "x"
    low: float | None = None  # smallest and largest round
    high: float | None = None
    bar: Bar | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """ "holds" or "missed" where there is a bar, else "reported"; "not measured" without a value."""
        if self.value is None:
            return "not measured"
        if self.bar is None:
            return "reported"
        holds = self.value >= self.bar.limit if self.bar.at_least else self.value <= self.bar.limit
        return "holds" if holds else "missed"

    @property
    def fields(self) -> dict:
        """Plain values for JSON."""
        return {**asdict(self), "verdict": self.verdict}


def spread(what: str, rounds: np.ndarray, unit: str = "x", bar: Bar | None = None, note: str = "") -> Row:
    """Return the row of the median of the rounds (n,), with the smallest and the largest."""
    return Row(what, float(np.median(rounds)), unit, float(rounds.min()), float(rounds.max()), bar, note)


def wall(run: Callable[[], object]) -> Seconds:
    """Return a stopwatch of one call of run, by the clock."""
    return _timed(run, time.perf_counter)


def cpu(run: Callable[[], object], slot: float = 0.0) -> Seconds:
    """Return a stopwatch of CPU time per call of run: the median of as many calls as fill `slot` seconds, or of one."""
    once = _timed(run, time.process_time)

    def median() -> float:
        calls = [once()]
        while sum(calls) < slot:
            calls.append(once())
        return float(np.median(calls))

    return median


def _timed(run: Callable[[], object], clock: Callable[[], float]) -> Seconds:
    def once() -> float:
        start = clock()
        run()
        return clock() - start

    return once


def interleaved(contenders: Mapping[str, Seconds], rounds: int) -> dict[str, np.ndarray]:
    """Return the seconds (rounds,) of each, after a warm-up; every other round goes through them backwards."""
    for seconds in contenders.values():
        seconds()
    names = list(contenders)
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for i in range(rounds):
        for name in names if i % 2 == 0 else reversed(names):
            taken[name].append(contenders[name]())
    return {name: np.array(values) for name, values in taken.items()}


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use that many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def table(rows: list[Row]) -> str:
    """Return the rows as text, a note below its row."""
    width = max([len(row.what) for row in rows], default=0)
    lines = [f"{'':{width}} {'median':>10} {'(spread)':>18} {'':8} {'bar':>10}  verdict"]
    for row in rows:
        value = "-" if row.value is None else f"{row.value:.4g}"
        around = "" if row.low is None else f"({row.low:.3g} ... {row.high:.3g})"
        bar = "" if row.bar is None else str(row.bar)
        lines.append(f"{row.what:{width}} {value:>10} {around:>18} {row.unit:8} {bar:>10}  {row.verdict}")
        lines += [f"    {row.note}"] if row.note else []
    return "\n".join(lines)


def options(description: str, argv: list[str] | None = None) -> argparse.Namespace:
    """Return the options --quick and --json of a benchmark."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that all runs, proves no speed")
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    return parser.parse_args(argv)


def main(measure: Callable[[bool], list[Row]], description: str, argv: list[str] | None = None) -> None:
    """Measure, print the table, then one line of JSON."""
    chosen = options(description, argv)
    rows = measure(chosen.quick)
    print(table(rows))
    text = json.dumps([row.fields for row in rows])
    print(text)
    if chosen.json:
        chosen.json.write_text(text)
