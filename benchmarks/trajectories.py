"""python -m benchmarks.trajectories: 20 steps of the same weights as the app runs them and as a diffusers user would.

The user's loop is that of a diffusers pipeline: its Euler or Heun scheduler, gradients off, the network in float32 (or
bfloat16) in PyTorch's default layout, the scheduler's state in float32. Ours samples over the same levels with the
number type that the app chooses on this machine. Time on the clock, all threads, 3x64x64, random starts.

The errors are relative to float32: of one estimate at eight levels of an example picture, the largest, and of the last
picture against that of the user's float32 loop.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmarks import peers
from benchmarks.network import as_the_app_runs_it, plain
from explorer import examples
from explorer.core.denoisers.preconditioning import Preconditioned, coefficients
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS
from explorer.images import decoder
from harness import measuring
from harness.measuring import Bar, Row, interleaved, spread, wall

STEPS, QUICK_STEPS, SIDE, BATCHES = 20, 3, 64, (1, 4, 16)
ROUNDS = {1: 7, 4: 5, 16: 3}
BARS = {1: Bar(2.5, at_least=True), 4: Bar(3.5, at_least=True), 16: Bar(3.5, at_least=True)}
FORWARD_BAR, PICTURE_BAR = Bar(2e-2, at_least=False), Bar(5e-3, at_least=False)


def as_eps(model: Preconditioned) -> peers.Predict:
    """Return the same weights in the convention of diffusers: x / sqrt(1 + sigma^2) -> eps."""
    dtype, any_label = next(model.parameters()).dtype, torch.tensor([model.any_label])

    def predict(scaled: Tensor, sigma: Tensor) -> Tensor:
        x = scaled * (1 + sigma**2) ** 0.5
        c_skip, c_out, c_in = coefficients(sigma, model.sigma_data)
        batch = len(x)
        raw = model.net((c_in * x).to(dtype), (sigma.log() / 4).expand(batch), any_label.expand(batch))
        return (x - c_skip * x - c_out * raw.float()) / sigma

    return predict


def our_loop(sampler: str, x: Tensor, steps: int) -> peers.Loop:
    """Return the sampler over the same levels with the network of the app. x (B, C, H, W) has unit variance."""
    (model, _), sigmas = as_the_app_runs_it(), peers.levels(sampler, steps)

    @torch.inference_mode()
    def run() -> Tensor:
        *_, last = SAMPLERS[sampler](model, x * sigmas[0], sigmas)
        return last.x

    return run


def relative_error(a: Tensor, b: Tensor) -> float:
    """Return |a - b| / |b|."""
    return float((a - b).norm() / b.norm())


@torch.inference_mode()
def forward_errors() -> list[Row]:
    """Return the errors of one forward pass as the app runs it: of the estimate, and of the network's output."""
    picture = torch.from_numpy(decoder.to_data(decoder.fit(examples.load("mountains"), SIDE)))
    sigma = torch.logspace(-2, 1, 8)
    x = picture + sigma[:, None, None, None] * white(picture.shape, 0, "benchmark")
    (ours, dtype), exact = as_the_app_runs_it(), plain()
    estimates = ours(x, sigma), exact(x, sigma)
    c_skip, c_out, _ = (c[:, None, None, None] for c in coefficients(sigma, exact.sigma_data))
    outputs = [(estimate - c_skip * x) / c_out for estimate in estimates]
    worst = [max(map(relative_error, a, b)) for a, b in (estimates, outputs)]
    note = f"{dtype}, largest of 8 levels of an example picture".removeprefix("torch.")
    return [
        Row("error of one estimate", worst[0], "relative", bar=FORWARD_BAR, note=note),
        Row("error of the network's own output", worst[1], "relative", note="largest where the noise is weakest"),
    ]


def measure(quick: bool) -> list[Row]:
    """Return the ratios to the user's loop in both number types, by sampler and batch, and the errors."""
    if not peers.installed("diffusers"):
        return [Row("20 steps of the same weights", note="diffusers is not installed")]
    rows = forward_errors()
    for sampler in ("euler", "heun"):
        for batch in BATCHES[: 1 if quick else None]:
            rows += _compared(sampler, batch, quick)
    return rows


def _compared(sampler: str, batch: int, quick: bool) -> list[Row]:
    x = torch.stack([white((3, SIDE, SIDE), 0, "benchmark", i) for i in range(batch)])
    steps, rounds = (QUICK_STEPS, 1) if quick else (STEPS, ROUNDS[batch])
    loops = {
        "ours": our_loop(sampler, x, steps),
        "float32": peers.diffusers_loop(sampler, as_eps(plain()), x, steps),
        "bfloat16": peers.diffusers_loop(sampler, as_eps(plain(torch.bfloat16)), x, steps),
    }
    pictures: dict[str, Tensor] = {}
    sample = lambda name: pictures.update({name: loops[name]()})
    seconds = interleaved({name: wall(lambda name=name: sample(name)) for name in loops}, rounds)
    title = f"{steps} steps, {sampler.capitalize()}, B = {batch}"
    taken = ", ".join(f"{name} {np.median(s):.3g} s" for name, s in seconds.items())
    note = (
        f"last picture: diffusers in bfloat16 is off by {relative_error(pictures['bfloat16'], pictures['float32']):.1e}"
    )
    return [
        spread(f"{title}, over float32", seconds["float32"] / seconds["ours"], "x", BARS[batch], taken),
        spread(f"{title}, over bfloat16", seconds["bfloat16"] / seconds["ours"]),
        Row(
            f"{title}, error",
            relative_error(pictures["ours"], pictures["float32"]),
            "relative",
            bar=PICTURE_BAR,
            note=note,
        ),
    ]


if __name__ == "__main__":
    measuring.main(measure, __doc__)
