"""python -m benchmarks.overhead: what a sampler costs beside the network, against diffusers, k-diffusion and others.

The network is replaced by one that returns the same tensor at once; CPU time of one thread per call of it, 50 levels,
3x64x64. The bare calls are in everybody's time. smalldiffusion has no Heun. A Step that is yielded is part of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from benchmarks import peers
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS
from harness import measuring
from harness.measuring import Bar, Row, cpu, interleaved, spread

STEPS, SIDE, BATCHES, ROUNDS = 50, 64, (1, 4, 16), 15
SLOT_S = 0.05  # CPU time of each contender per round
BAR = Bar(0.25, at_least=False)  # of the best peer


class Null:
    """A network that costs nothing; counts its calls."""

    def __init__(self, batch: int) -> None:
        self.answer, self.calls = torch.zeros(batch, 3, SIDE, SIDE), 0

    def __call__(self, *_: object) -> torch.Tensor:
        self.calls += 1
        return self.answer


def contenders(sampler: str, batch: int, null: Null) -> dict[str, Callable[[], object]]:
    """Return whole trajectories of "euler" or "heun" by name; peers that are not installed are missing."""
    sigmas = np.append(np.geomspace(14.0, 0.03, STEPS), 0.0)
    x, theirs = white((batch, 3, SIDE, SIDE), 0, "benchmark"), torch.from_numpy(sigmas).float()
    ours = lambda: [None for _ in SAMPLERS[sampler](null, x, sigmas)]
    found: dict[str, Callable[[], object]] = {"ours": ours}
    if peers.installed("diffusers"):
        found["diffusers"] = peers.diffusers_loop(sampler, null, x, STEPS)
    if peers.installed("k_diffusion"):
        found["k-diffusion"] = peers.k_diffusion_loop(sampler, null, x, theirs)
    if peers.installed("smalldiffusion") and sampler == "euler":
        found["smalldiffusion"] = peers.smalldiffusion_loop(null, x, theirs)
    return found


def measure(quick: bool) -> list[Row]:
    """Return one row per sampler and batch: our overhead over that of the best peer."""
    with measuring.threads(1):
        return [_compared(sampler, batch, quick) for sampler in ("euler", "heun") for batch in BATCHES]


def _compared(sampler: str, batch: int, quick: bool) -> Row:
    null = Null(batch)
    found, calls = contenders(sampler, batch, null), {}
    for name, run in found.items():
        before = null.calls
        run()
        calls[name] = null.calls - before
    slot = 0.0 if quick else SLOT_S
    seconds = interleaved({name: cpu(run, slot) for name, run in found.items()}, 2 if quick else ROUNDS)
    each = {name: 1e6 * taken / calls[name] for name, taken in seconds.items()}  # us per call
    note = "us per call: " + ", ".join(f"{name} {np.median(taken):.1f}" for name, taken in each.items())
    title = f"overhead, {sampler.capitalize()}, B = {batch}"
    rivals = {name: np.median(taken) for name, taken in each.items() if name != "ours"}
    if not rivals:
        return replace(spread(title, each["ours"], "us"), note="no peer is installed")
    best = min(rivals, key=rivals.get)
    return spread(title, each["ours"] / each[best], "x best", BAR, note)


if __name__ == "__main__":
    measuring.main(measure, __doc__)
