"""What a model costs: parameters, bytes, operations, and time in units of a matrix product on the same machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from explorer import weights
from explorer.core.denoiser import Denoiser
from explorer.evaluate.pictures import SIZE

PRODUCT_SIDE = 4096  # of the square matrices that the machine is measured with


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median time of a piece of work in seconds, after two runs to warm up."""
    times = []
    for i in range(repeats + 2):
        start = time.perf_counter()
        work()
        if i > 1:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


@torch.inference_mode()
def cost(denoiser: Denoiser, name: str, folder: Path) -> dict:
    """Return what a forward pass of one picture of 64x64 costs; a multiplication with its addition is two FLOP."""
    x = torch.zeros(1, 3, SIZE, SIZE)
    with FlopCounterMode(display=False) as counter:
        denoiser(x, 1.0)
    a = torch.randn(PRODUCT_SIDE, PRODUCT_SIDE).bfloat16()
    product = seconds(lambda: a @ a, 3)
    forward = seconds(lambda: denoiser(x, 1.0), 20)
    return {
        "parameters": weights.card(name, folder)["parameters"],
        "bytes": (folder / f"{name}.safetensors").stat().st_size,
        "gflop": counter.get_total_flops() / 1e9,
        "forward_ms": 1e3 * forward,
        "product_ms": 1e3 * product,
        "forward_over_product": forward / product,
        "threads": torch.get_num_threads(),
    }
