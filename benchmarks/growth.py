"""python -m benchmarks.growth: how the cost grows with the picture's size, the number of levels and of steps.

One forward pass of one picture by its side; all estimates of the first page at 64x64 by the number of noise levels; a
run of Euler at 64x64 by its steps. The number type that the app chooses, time on the clock, all threads. The slope is
that of a straight line through the logarithms: 2 is by the area, 1 by the number. The plot is written beside the
results of `make bench`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks import RESULTS, peers
from benchmarks.network import as_the_app_runs_it
from explorer.core.noise import white
from explorer.core.samplers.registry import euler
from explorer.engine import Engine
from explorer.figures.palette import ROLES
from explorer.schemas import NoisingRequest
from harness import measuring
from harness.machine import processor
from harness.measuring import Row, interleaved, wall

SIZES = (64, 128, 256, 512)  # sides, pixels
LEVEL_COUNTS, STEP_COUNTS = (8, 16, 32, 64, 128), (10, 20, 50, 100, 200)
ROUNDS = 5
SIDE = 64


@dataclass(frozen=True)
class Curve:
    """One kind of cost."""

    title: str
    axis: str
    at: np.ndarray  # (n,)
    seconds: np.ndarray  # (n, rounds)

    @property
    def slope(self) -> float:
        """The slope of the medians, in logarithms."""
        return float(np.polyfit(np.log(self.at), np.log(np.median(self.seconds, axis=1)), 1)[0])

    @property
    def row(self) -> Row:
        """The row of the table."""
        medians = zip(self.at, np.median(self.seconds, axis=1), strict=True)
        note = ", ".join(f"{at:g}: {1e3 * seconds:.3g} ms" for at, seconds in medians)
        return Row(f"slope of {self.title}", self.slope, "", note=note)


def curves(quick: bool) -> list[Curve]:
    """Measure by size, by number of levels, by number of steps."""
    (model, dtype), few = as_the_app_runs_it(), slice(2 if quick else None)
    engine = Engine(dtype=dtype)
    seeds = iter(range(1, 10**6))  # a new one each time: nothing comes from the cache

    def forward(side: int) -> None:
        model(white((1, 3, side, side), 0, "benchmark"), 1.0)

    def levels(count: int) -> None:
        noised = engine.noise(NoisingRequest(size=SIDE, levels=count, seed=next(seeds)))
        for _ in engine.denoise(noised):
            pass

    def steps(count: int) -> None:
        sigmas = np.append(np.geomspace(14.0, 0.03, count), 0.0)
        for _ in euler(model, sigmas[0] * white((1, 3, SIDE, SIDE), 0, "benchmark"), sigmas):
            pass

    kinds = (
        ("a forward pass", "side of the picture, pixels", SIZES, forward),
        (f"all levels at {SIDE}x{SIDE}", "noise levels K", LEVEL_COUNTS, levels),
        (f"a run at {SIDE}x{SIDE}", "steps of Euler", STEP_COUNTS, steps),
    )
    rounds = 1 if quick else ROUNDS
    with torch.inference_mode():
        found = [_curve(title, axis, at[few], run, rounds) for title, axis, at, run in kinds]
    engine.models.batcher.close()
    return found


def _curve(title: str, axis: str, at: tuple[int, ...], run: Callable[[int], None], rounds: int) -> Curve:
    seconds = interleaved({str(n): wall(lambda n=n: run(n)) for n in at}, rounds)
    return Curve(title, axis, np.array(at, dtype=float), np.stack([seconds[str(n)] for n in at]))


def plot(found: list[Curve], path: Path) -> None:
    """Draw three panels with logarithmic axes: medians, spread, fitted line."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    figure = Figure(figsize=(11, 3.6), dpi=140, layout="constrained")
    for axes, curve in zip(figure.subplots(1, len(found)), found, strict=True):
        medians = np.median(curve.seconds, axis=1)
        around = np.abs(np.stack([curve.seconds.min(1), curve.seconds.max(1)]) - medians)
        axes.errorbar(curve.at, medians, around, fmt="o", color=ROLES["clean"].colour, capsize=3, label="measured")
        centre = np.exp(np.log(medians).mean() + curve.slope * (np.log(curve.at) - np.log(curve.at).mean()))
        axes.plot(curve.at, centre, "--", color=ROLES["noise"].colour, label=f"slope {curve.slope:.2f}")
        axes.set(xscale="log", yscale="log", xlabel=curve.axis, ylabel="seconds", title=f"Cost of {curve.title}")
        axes.set_xticks(curve.at)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(alpha=0.3, which="both")
        axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def measure(quick: bool) -> list[Row]:
    """Return the slopes; without --quick also draw the plot."""
    found = curves(quick)
    if not quick and peers.installed("matplotlib"):
        plot(found, RESULTS / f"{processor()}.png")
    return [curve.row for curve in found]


if __name__ == "__main__":
    measuring.main(measure, __doc__)
