"""python -m benchmarks.batcher: many samplers at once through the batcher, against the same runs one after another.

1. N trajectories (Heun, 64x64, one picture each) started together, each in a thread of its own, over the batcher; and
   the same N one after another on the bare network. Interleaved rounds; the ratio is the median of paired rounds.
   At N = 1 it is what a lone caller pays for the batcher. Both sides have the priority of the batcher's thread.
2. A newcomer's first step while 1, 4 or 16 others are sampling: from asking until its forward pass begins, and until
   it has its answer, in units of the median step of those others in the same run.
"""

from __future__ import annotations

import json
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from explorer import weights
from explorer.backends.device import choose_device, choose_dtype
from explorer.backends.local import NICENESS, Batcher
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.core.samplers import heun

COUNTS = (1, 4, 16, 64)
SIDE, SIGMAS = 64, (20.0, 6.0, 2.0, 0.6, 0.1, 0.0)  # 9 denoiser calls
ROUNDS = 3  # one of them for the 64, which take the longest
RESIDENTS, NEWCOMERS = (1, 4, 16), 8
LEVEL = 2.0  # at which a newcomer asks, and nobody else


def run(denoiser: Denoiser, seed: int) -> None:
    """One whole trajectory."""
    for _ in heun(denoiser, SIGMAS[0] * white((1, 3, SIDE, SIDE), seed, "benchmark"), SIGMAS):
        pass


def one_after_another(denoiser: Denoiser, count: int) -> float:
    """Seconds for `count` trajectories on the bare network."""
    start = time.perf_counter()
    with torch.inference_mode():
        for seed in range(count):
            run(denoiser, seed)
    return time.perf_counter() - start


def together(batcher: Batcher, model: Denoiser, count: int) -> tuple[float, float]:
    """Seconds for `count` trajectories at once through the batcher, and rows per forward pass."""
    before, start = batcher.stats(), time.perf_counter()
    with ThreadPoolExecutor(count) as threads:
        list(threads.map(lambda seed: run(batcher.denoiser(model), seed), range(count)))
    seconds, after = time.perf_counter() - start, batcher.stats()
    return seconds, (after.rows - before.rows) / (after.passes - before.passes)


def first_steps(batcher: Batcher, model: Denoiser, residents: int) -> tuple[list[float], list[float]]:
    """Each newcomer's time until its first pass begins and until its answer, in steps of the residents."""
    over, steps, waits, answers = threading.Event(), [], [], []
    x, begun = white((1, 3, SIDE, SIDE), 0, "benchmark"), 0.0

    def watched(x: Tensor, sigma: Tensor, label: Tensor | None = None) -> Tensor:
        nonlocal begun
        if LEVEL in sigma:
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
            start, answer = timed(batcher.denoiser(watched), LEVEL)
            waits.append(begun - start)
            answers.append(answer)
        over.set()
    step = statistics.median(steps)
    return [wait / step for wait in waits], [answer / step for answer in answers]


def throughput(batcher: Batcher, model: Denoiser, bare: Denoiser, count: int) -> dict[str, float]:
    """Medians over the rounds at one number of samplers."""
    rounds = [
        (one_after_another(bare, count), *together(batcher, model, count))
        for _ in range(1 if count == COUNTS[-1] else ROUNDS)
    ]
    alone, merged, rows = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = [alone / merged for alone, merged, _ in rounds]
    return {
        "one_after_another_s": round(alone, 2),
        "batcher_s": round(merged, 2),
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "rows_per_pass": round(rows, 1),
    }


def main() -> None:
    """Run all and print them."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    device = choose_device()
    dtype = choose_dtype(device)
    model, batcher = weights.load("scenes", device, dtype), Batcher(device)
    bare = lambda x, sigma, label=None: model(x.to(device), sigma, label).cpu()
    one_after_another(bare, 1), together(batcher, model, 16)  # warm-up
    at_once, first = {}, {}
    print(f"{'samplers at once':>16}{'one by one s':>14}{'batcher s':>12}{'throughput':>12}{'rows/pass':>11}")
    for count in COUNTS:
        row = at_once[count] = throughput(batcher, model, bare, count)
        times = f"{row['one_after_another_s']:>14.2f}{row['batcher_s']:>12.2f}"
        print(f"{count:>16}{times}{row['ratio']:>11.2f}x{row['rows_per_pass']:>11.1f}", flush=True)
    print(f"{'newcomer beside':>16}{'waits: median':>14}{'worst':>12}{'answer':>12}{'worst':>11}   in steps")
    for residents in RESIDENTS:
        waits, answers = first_steps(batcher, model, residents)
        row = first[residents] = {
            "wait": round(statistics.median(waits), 2),
            "wait_worst": round(max(waits), 2),
            "answer": round(statistics.median(answers), 2),
            "answer_worst": round(max(answers), 2),
        }
        wait, wait_worst, answer, answer_worst = row.values()
        print(f"{residents:>16}{wait:>14.2f}{wait_worst:>12.2f}{answer:>12.2f}{answer_worst:>11.2f}", flush=True)
    batcher.close()
    results = {"throughput": at_once, "newcomer_in_steps": first}
    print(json.dumps({"benchmark": "batcher", "device": str(device), "dtype": str(dtype), **results}))


if __name__ == "__main__":
    main()
