"""python -m benchmarks.startup: how soon a real `python app.py` answers, and what memory it takes.

From the start of the process to the page, and to the first complete answer (a picture at 128x128 and 32 noise levels,
requested over HTTP as the page does). Memory: the proportional set size of the process and its children, at rest after
that answer, then while and after 16 visitors ask at once for answers of their own. Where the system does not tell the
proportional set size, the resident set size. The time to the page is right to 0.1 s.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from benchmarks import peers
from harness import measuring
from harness.http_client import arguments, call_endpoint
from harness.measuring import Row, spread
from harness.server_process import running_app

ROUNDS, VISITORS = 3, 16


def seconds_to_answer(url: str, seed: int, size: int) -> float:
    """Return the seconds until a visitor has the whole answer. Raises RuntimeError when there is none."""
    outcome = call_endpoint(url, "noising", arguments("noising", seed=seed, size=size))
    if outcome.kind != "complete":
        raise RuntimeError(f"the explorer did not answer a request of this benchmark: {outcome.content}")
    return outcome.seconds


def memory_mb(process: object) -> float:
    """Return the MB of a process and its children."""
    taken = 0
    for each in [process, *process.children(recursive=True)]:
        full = each.memory_full_info()
        taken += getattr(full, "pss", full.rss)
    return taken / 1e6


def peak_memory_mb(process: object, answers: list[Future]) -> float:
    """Return the largest memory in MB until all answers are there."""
    seen = [memory_mb(process)]
    while not all(answer.done() for answer in answers):
        seen.append(memory_mb(process))
        time.sleep(0.2)
    return max(seen)


def one_start(size: int, visitors: int) -> dict[str, float]:
    """Return all figures of one process from start to end."""
    import psutil

    before, start = set(psutil.Process().children()), time.perf_counter()
    with running_app() as url:
        page = time.perf_counter() - start
        seconds_to_answer(url, 0, size)
        figures = {"page": page, "answer": time.perf_counter() - start}
        (process,) = set(psutil.Process().children()) - before
        figures["rest"] = memory_mb(process)
        with ThreadPoolExecutor(visitors) as threads:
            answers = [threads.submit(seconds_to_answer, url, seed, size) for seed in range(1, visitors + 1)]
            figures["busy"] = peak_memory_mb(process, answers)
            figures["longest"] = max(answer.result() for answer in answers)
        figures["after"] = memory_mb(process)
    return figures


def measure(quick: bool) -> list[Row]:
    """Return the rows of the times of several starts, and of the memory."""
    if not peers.installed("psutil"):
        return [Row("start and memory of the app", note="psutil is not installed")]
    size, visitors = (64, 2) if quick else (128, VISITORS)
    starts = [one_start(size, visitors) for _ in range(1 if quick else ROUNDS)]
    column = lambda name: np.array([start[name] for start in starts])
    return [
        spread("start of the app to the page", column("page"), "s"),
        spread("start of the app to the first answer", column("answer"), "s", note=f"{size}x{size}, 32 levels"),
        spread("memory at rest", column("rest"), "MB"),
        spread(f"memory while {visitors} visitors ask, largest", column("busy"), "MB"),
        spread(f"memory after {visitors} visitors", column("after"), "MB", note="answers are cached for a while"),
        spread(f"the last of {visitors} visitors has all", column("longest"), "s"),
    ]


if __name__ == "__main__":
    measuring.main(measure, __doc__)
