"""python -m benchmarks.utilisation: how much of the machine's matrix-product peak the network's forward pass reaches.

Peak: the best of the rounds of one 2048 x 2048 product in the number type of the app, all threads. Operations of the
network: PyTorch's count of its convolutions and products, two for each multiplication with its addition. A profile
says where the time of a pass goes.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.network import as_the_app_runs_it, plain
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from harness import measuring
from harness.measuring import Bar, Row, interleaved, spread, wall

SIDE, BATCHES, ROUNDS = 64, (1, 4, 8, 16, 32), 9
PRODUCT_SIDE = 2048  # of the square matrices
BAR = Bar(0.5, at_least=True)  # from four pictures on
GROUPS = {  # part of an operator's name -> what it is; the first that fits
    "conv": "convolution",
    "norm": "normalisation",
    "batch_norm": "normalisation",
    "silu": "SiLU",
    "attention": "attention",
    "mm": "products",
    "copy": "copies",
    "cat": "copies",
    "upsample": "copies",
    "pixel": "copies",
    "clone": "copies",
}


def shares(model: Denoiser, x: Tensor, sigma: Tensor) -> dict[str, float]:
    """Return the share of the operators' own time by kind, largest first."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        model(x, sigma)
    times: dict[str, float] = {}
    for event in profiled.key_averages():
        kind = next((kind for part, kind in GROUPS.items() if part in event.key), "other")
        times[kind] = times.get(kind, 0.0) + event.self_cpu_time_total
    total = sum(times.values())
    return {kind: taken / total for kind, taken in sorted(times.items(), key=lambda item: -item[1])}


@torch.inference_mode()
def measure(quick: bool) -> list[Row]:
    """Return the row of the peak, then one per batch."""
    (model, dtype), counted_model = as_the_app_runs_it(), plain()
    square = torch.randn(PRODUCT_SIDE, PRODUCT_SIDE).to(dtype)
    batches = BATCHES[1:2] if quick else BATCHES
    inputs = {b: (white((b, 3, SIDE, SIDE), 0, "benchmark"), torch.ones(b)) for b in batches}
    runs = {f"B = {b}": wall(lambda b=b: model(*inputs[b])) for b in batches}
    seconds = interleaved({"peak": wall(lambda: square @ square), **runs}, 2 if quick else ROUNDS)
    peak = 2 * PRODUCT_SIDE**3 / seconds["peak"].min()
    rows = [Row(f"matrix product peak, {dtype}".replace("torch.", ""), peak / 1e9, "GFLOP/s")]
    for b in batches:
        with FlopCounterMode(display=False) as counted:
            counted_model(*inputs[b])  # packed weights are not counted
        reached = counted.get_total_flops() / seconds[f"B = {b}"]
        parts = ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in shares(model, *inputs[b]).items())
        note = f"{np.median(reached) / 1e9:.0f} GFLOP/s; of the time: {parts}"
        rows.append(spread(f"utilisation, B = {b}", reached / peak, "of peak", BAR if b >= 4 else None, note))
    return rows


if __name__ == "__main__":
    measuring.main(measure, __doc__)
