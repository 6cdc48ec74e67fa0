"""python -m benchmarks.cluster: what Ray Serve adds to a call of the network, and what a second replica gains.

All on this machine, with the shipped network in float32 at 64x64 and the same number of torch's threads everywhere.

1. A call of one row to a replica, over the same call to a local batcher, interleaved: on the clock, and in CPU time of
   all processes together (what Ray uses while nobody calls is taken off).
2. Sixteen samplers at once, each with a run of 6 calls, on one replica over the same on two, interleaved.
3. The same where the network is a device that is waited for, 20 ms for each row, as for a GPU: 2 is the best there is.

In 2, replicas share this machine's cores: where these are busy, the second replica has only a part of one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from benchmarks import peers
from explorer import weights
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.core.samplers.registry import euler
from explorer.engine.loading import load
from explorer.inference.batcher import Batcher
from explorer.inference.replicas.client import Replicas
from explorer.inference.replicas.placement import Cluster, place_replicas
from explorer.inference.replicas.ray_serve import start_replicas
from explorer.inference.replicas.worker import MAX_ONGOING_CALLS, Replica, ReplicaSpec
from harness import measuring
from harness.measuring import Row, interleaved, spread, threads, wall

SIDE, LEVELS, LABEL = 64, (20.0, 6.0, 2.0, 0.8, 0.3, 0.1, 0.0), 7
VISITORS, ENDPOINTS, ROUNDS = 16, 20, 7
ROW_S = 0.02  # that the device which is waited for takes for a row
TWO = Cluster(min_replicas=2, max_replicas=2)


def visit(denoiser: Denoiser, seed: int) -> None:
    """Sample one whole trajectory."""
    conditional = lambda x, sigma: denoiser(x, sigma, torch.tensor([LABEL]))
    for _ in euler(conditional, LEVELS[0] * white((1, 3, SIDE, SIDE), seed, "b"), LEVELS):
        pass


def together(replicas: Replicas, count: int = VISITORS) -> None:
    """Let so many visitors sample at once."""
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda seed: visit(replicas.denoiser(), seed), range(count)))


def load_waiting(device: torch.device, dtype: torch.dtype) -> tuple[Denoiser, dict]:
    """Return a network that is waited for and takes nothing of the processor, with the card of the shipped one."""

    def denoise(x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        time.sleep(ROW_S * len(x))
        return x / (1 + sigma[:, None, None, None] ** 2)

    return denoise, weights.card("scenes")


@contextmanager
def deployed(name: str, plan: ReplicaSpec, count: int) -> Iterator[Replicas]:
    """Yield so many replicas in the Ray that runs."""
    from ray import serve

    options = {"max_ongoing_requests": MAX_ONGOING_CALLS, "ray_actor_options": {"num_cpus": 0}, "num_replicas": count}
    application = serve.deployment(Replica).options(**options).bind(plan)
    handle = serve.run(application, name=name, route_prefix=None, logging_config={"log_level": "ERROR"})
    about = handle.about.remote().result(timeout_s=60)
    with closing(Replicas(handle.remote, (), lambda: count, about)) as made:
        yield made
    serve.delete(name)


def calls(denoiser: Denoiser, count: int) -> None:
    """Make one call after another."""
    x, label = white((1, 3, SIDE, SIDE), 0, "b"), torch.tensor([LABEL])
    for _ in range(count):
        denoiser(x, 1.0, label)


def cpu_seconds() -> float:
    """Return the CPU seconds so far of this process and all below it."""
    import psutil

    me = psutil.Process()
    taken = [process.cpu_times() for process in (me, *me.children(recursive=True))]
    return sum(times.user + times.system for times in taken)


def all_processes(run: partial, idle: float) -> float:
    """Return the CPU seconds of one run, without the `idle` seconds per second that are used anyway."""
    before, start = cpu_seconds(), time.perf_counter()
    run()
    return cpu_seconds() - before - idle * (time.perf_counter() - start)


def overhead(local: Denoiser, remote: Denoiser, rounds: int) -> list[Row]:
    """Return the rows of a call to a replica over a local one."""
    before = cpu_seconds()
    time.sleep(5)
    idle = (cpu_seconds() - before) / 5
    runs = {"local": partial(calls, local, ENDPOINTS), "replica": partial(calls, remote, ENDPOINTS)}
    clock = interleaved({name: wall(run) for name, run in runs.items()}, rounds)
    used = interleaved({name: partial(all_processes, run, idle) for name, run in runs.items()}, rounds)
    rows = []
    for what, taken in (("on the clock", clock), ("in CPU time", used)):
        here, there = 1000 * taken["local"] / ENDPOINTS, 1000 * taken["replica"] / ENDPOINTS
        note = f"local {np.median(here):.1f} ms, replica {np.median(there):.1f} ms; Ray alone uses {idle:.1%} of a core"
        rows.append(spread(f"a call to a replica over a local call, {what}", there / here, note=note))
        rows.append(spread(f"what Ray adds to a call, {what}", there - here, "ms"))
    return rows


def gain(what: str, one: Replicas, two: Replicas, rounds: int) -> Row:
    """Return the row of the throughput of two replicas over one."""
    taken = interleaved({"one": wall(partial(together, one)), "two": wall(partial(together, two))}, rounds)
    calls_made = VISITORS * (len(LEVELS) - 1)
    rates = ", ".join(f"{name} {calls_made / np.median(seconds):.1f} calls/s" for name, seconds in taken.items())
    load_now = f"; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else ""
    title = f"{VISITORS} samplers, {what}: two replicas over one"
    return spread(title, taken["one"] / taken["two"], note=rates + load_now)


def measure(quick: bool) -> list[Row]:
    """Return the rows of overhead, then of throughput."""
    if not (peers.installed("ray") and peers.installed("psutil")):
        return [Row("replicas on Ray Serve", note="ray or psutil is not installed")]
    plan = ReplicaSpec(partial(load, "scenes"), weights.card("scenes")["sha256"], "cpu", "float32")
    _, plan = place_replicas(TWO, plan, [{"CPU": max(os.cpu_count() or 1, TWO.min_replicas)}])
    network, _ = load("scenes", torch.device("cpu"))
    rounds, waiting = 1 if quick else ROUNDS, replace(plan, load=load_waiting)
    with threads(plan.threads), closing(start_replicas(TWO, plan)) as two, closing(Batcher()) as batcher:
        with deployed("one", plan, 1) as one:
            rows = overhead(batcher.denoiser(network), one.denoiser(), rounds)
            rows.append(gain("computing", one, two, rounds))
        with deployed("one waiting", waiting, 1) as one, deployed("two waiting", waiting, 2) as two:
            return [*rows, gain("waiting", one, two, rounds)]


if __name__ == "__main__":
    measuring.main(measure, __doc__)
