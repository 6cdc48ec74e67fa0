"""python -m benchmarks.batcher: many samplers at once through the batcher, against the same runs one after another.

1. N trajectories (Heun, 64x64, one picture each) started together, each in a thread of its own, over the batcher; and
   the same N one after another on the bare network. Interleaved rounds; the ratio is the median of paired rounds.
   At N = 1 it is what a lone caller pays for the batcher. Both sides have the priority of the batcher's thread.
2. A newcomer's first step while 1, 4 or 16 others are sampling: from asking until its forward pass begins, and until
   it has its answer, in units of the median step of those others in the same run.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from benchmarks.network import on_best_device
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.core.samplers.registry import heun
from explorer.inference.batcher import Batcher
from explorer.thread_priority import WORKER_NICENESS
from harness import measuring
from harness.measuring import Bar, Row, spread

COUNTS = (1, 4, 16, 64)
SIDE, SIGMAS = 64, (20.0, 6.0, 2.0, 0.6, 0.1, 0.0)  # 9 denoiser calls
ROUNDS = 3  # one of them for the 64, which take the longest
RESIDENTS = (1, 4, 16)  # samplers that are at work already
NEWCOMERS = 8  # one after another
BARS = {16: Bar(1.5, at_least=True)}  # by number of samplers, on the CPU
WAIT_BAR = Bar(2, at_least=False)  # for the newcomer who waits longest
NEWCOMER_SIGMA = 2.0  # that nobody else samples at


def run(denoiser: Denoiser, seed: int) -> None:
    """Sample one whole trajectory."""
    for _ in heun(denoiser, SIGMAS[0] * white((1, 3, SIDE, SIDE), seed, "benchmark"), SIGMAS):
        pass


def one_after_another(denoiser: Denoiser, count: int) -> float:
    """Return the seconds for `count` trajectories on the bare network."""
    start = time.perf_counter()
    with torch.inference_mode():
        for seed in range(count):
            run(denoiser, seed)
    return time.perf_counter() - start


def together(batcher: Batcher, model: Denoiser, count: int) -> tuple[float, float]:
    """Return the seconds for `count` trajectories at once through the batcher, and the rows per forward pass."""
    before, start = batcher.stats(), time.perf_counter()
    with ThreadPoolExecutor(count) as threads:
        list(threads.map(lambda seed: run(batcher.denoiser(model), seed), range(count)))
    seconds, after = time.perf_counter() - start, batcher.stats()
    return seconds, (after.rows - before.rows) / (after.passes - before.passes)


def first_steps(batcher: Batcher, model: Denoiser, residents: int) -> tuple[list[float], list[float]]:
    """Return each newcomer's time until its first pass begins and until its answer, in steps of the residents."""
    over, steps, waits, answers = threading.Event(), [], [], []
    x, begun = white((1, 3, SIDE, SIDE), 0, "benchmark"), 0.0

    def watched(x: Tensor, sigma: Tensor, label: Tensor | None = None) -> Tensor:
        nonlocal begun
        if NEWCOMER_SIGMA in sigma:
            begun = time.perf_counter()
        return model(x, sigma, label)

    def timed(denoiser: Denoiser, sigma: float) -> tuple[float, float]:
        start = time.perf_counter()
        denoiser(x, sigma)
        return start, time.perf_counter() - start

    def reside() -> None:
        denoiser = batcher.denoiser(watched)
        while not over.is_set():
            steps.append(timed(denoiser, 1.0)[1])

    with ThreadPoolExecutor(residents) as threads:
        for _ in range(residents):
            threads.submit(reside)
        for i in range(NEWCOMERS):
            time.sleep(0.2 + 0.037 * i)  # at all phases of a pass
            start, answer = timed(batcher.denoiser(watched), NEWCOMER_SIGMA)
            waits.append(begun - start)
            answers.append(answer)
        over.set()
    step = statistics.median(steps)
    return [wait / step for wait in waits], [answer / step for answer in answers]


def throughput(batcher: Batcher, model: Denoiser, bare: Denoiser, count: int, rounds: int) -> Row:
    """Return the row of one after another over together, at one number of samplers."""
    taken = [(one_after_another(bare, count), *together(batcher, model, count)) for _ in range(rounds)]
    alone, merged, rows = np.array(taken).T
    note = f"one after another {np.median(alone):.3g} s, together {np.median(merged):.3g} s"
    note += f", {np.median(rows):.1f} rows per pass"
    return spread(f"{count} samplers through the batcher", alone / merged, "x", BARS.get(count), note)


def newcomers(batcher: Batcher, model: Denoiser, residents: int) -> Row:
    """Return the row of the longest wait of a newcomer until its first pass begins."""
    waits, answers = first_steps(batcher, model, residents)
    note = f"median {statistics.median(waits):.2f}; answered after {statistics.median(answers):.2f}, worst "
    title = f"newcomer's wait beside {residents}, longest of {len(waits)}"
    return Row(title, max(waits), "steps", bar=WAIT_BAR, note=note + f"{max(answers):.2f}")


def measure(quick: bool) -> list[Row]:
    """Return throughput by number of samplers, then the newcomers' waits; lower the priority of this process."""
    if hasattr(os, "nice"):
        os.nice(WORKER_NICENESS)
    model, bare, device = on_best_device()
    batcher = Batcher(device)
    one_after_another(bare, 1), together(batcher, model, 16)  # warm-up
    counts, residents = (COUNTS[:2], RESIDENTS[:1]) if quick else (COUNTS, RESIDENTS)
    rounds = lambda count: 1 if quick or count == COUNTS[-1] else ROUNDS
    rows = [throughput(batcher, model, bare, count, rounds(count)) for count in counts]
    rows += [newcomers(batcher, model, count) for count in residents]
    batcher.close()
    return rows


if __name__ == "__main__":
    measuring.main(measure, __doc__)
