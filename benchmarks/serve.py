"""python -m benchmarks.serve: whole trajectories merged by Ray's `@serve.batch`, against the same one after another.

One replica on this machine with the same network, sampler and largest batch as benchmarks.batcher; a request is a
whole trajectory. A newcomer comes while others keep the replica busy: from asking until its first forward pass begins,
in units of the median step of the replica. Requests and answers stay on this machine.
"""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import torch

from benchmarks import peers
from benchmarks.batcher import COUNTS, NEWCOMERS, RESIDENTS, ROUNDS, SIDE, SIGMAS, one_after_another
from benchmarks.network import on_best_device
from explorer.core.noise import white
from explorer.core.samplers.registry import heun
from explorer.inference.batcher import PICTURE_PIXELS
from explorer.thread_priority import WORKER_NICENESS
from harness import measuring
from harness.measuring import Row, spread

MAX_BATCH = 8 * PICTURE_PIXELS // SIDE**2  # the batcher's limit on a CPU
WAIT_S = 0.004  # and its waiting time
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")


def started() -> object:
    """Start a replica and return its handle."""
    import ray
    from ray import serve

    @serve.deployment(ray_actor_options={"num_cpus": 0}, max_ongoing_requests=4 * MAX_BATCH)
    class Trajectories:
        """seed -> (when its first pass began, median seconds per call of the network)."""

        def __init__(self) -> None:
            os.nice(WORKER_NICENESS)
            torch.set_num_threads(os.cpu_count() or 1)
            _, self.model, _ = on_best_device()

        @serve.batch(max_batch_size=MAX_BATCH, batch_wait_timeout_s=WAIT_S)
        async def __call__(self, seeds: list[int]) -> list[tuple[float, float]]:
            times: list[float] = []

            def timed(x: torch.Tensor, sigma: float, label: None = None) -> torch.Tensor:
                times.append(time.monotonic())
                return self.model(x, sigma)

            start = torch.stack([white((3, SIDE, SIDE), seed, "benchmark") for seed in seeds])
            for _ in heun(timed, SIGMAS[0] * start, SIGMAS):
                pass
            return [(times[0], float(np.median(np.diff(times))))] * len(seeds)

    quiet = {"include_dashboard": False, "configure_logging": False, "log_to_driver": False}
    ray.init(**quiet, num_cpus=os.cpu_count(), _node_ip_address="127.0.0.1")
    serve.start(http_options={"location": "NoServer"}, logging_config={"log_level": "ERROR"})
    return serve.run(Trajectories.bind(), logging_config={"log_level": "ERROR"})


def together(handle: object, count: int) -> float:
    """Return the seconds for `count` trajectories requested at once."""
    start = time.perf_counter()
    for answer in [handle.remote(seed) for seed in range(count)]:
        answer.result(timeout_s=300)
    return time.perf_counter() - start


def first_steps(handle: object, residents: int) -> list[float]:
    """Return each newcomer's time until its first pass begins, in steps of the residents."""
    over, steps, waits = Event(), [], []

    def reside(seed: int) -> None:
        while not over.is_set():
            steps.append(handle.remote(seed).result(timeout_s=300)[1])

    with ThreadPoolExecutor(residents) as threads:
        for seed in range(residents):
            threads.submit(reside, seed)
        for i in range(NEWCOMERS):
            time.sleep(0.2 + 0.037 * i)
            requested = time.monotonic()
            begun, _ = handle.remote(100 + i).result(timeout_s=300)
            waits.append(begun - requested)
        over.set()
    return [wait / statistics.median(steps) for wait in waits]


def measure(quick: bool) -> list[Row]:
    """Return throughput by number of samplers, then the newcomers' waits; lower the priority of this process."""
    if not peers.installed("ray"):
        return [Row("Ray's @serve.batch", note="ray is not installed")]
    import ray

    os.nice(WORKER_NICENESS)
    _, bare, _ = on_best_device()
    try:
        handle = started()
        one_after_another(bare, 1), together(handle, 16)  # warm-up
        counts, residents = (COUNTS[:2], RESIDENTS[:1]) if quick else (COUNTS, RESIDENTS)
        rows = [_throughput(handle, bare, count, quick) for count in counts]
        for count in residents:
            waits = first_steps(handle, count)
            title = f"newcomer's wait in Ray beside {count}, longest of {len(waits)}"
            rows.append(Row(title, max(waits), "steps", note=f"median {statistics.median(waits):.2f}"))
    finally:
        ray.shutdown()
    return rows


def _throughput(handle: object, bare: object, count: int, quick: bool) -> Row:
    rounds = 1 if quick or count == COUNTS[-1] else ROUNDS
    alone, merged = np.array([(one_after_another(bare, count), together(handle, count)) for _ in range(rounds)]).T
    note = f"one after another {np.median(alone):.3g} s, Ray {np.median(merged):.3g} s"
    return spread(f"{count} samplers through Ray's @serve.batch", alone / merged, "x", note=note)


if __name__ == "__main__":
    measuring.main(measure, __doc__)
