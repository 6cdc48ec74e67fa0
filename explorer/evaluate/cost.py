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
from explorer.core.samplers import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.evaluate.pictures import SIZE

RUN_STEPS = 30  # of the sampling run that is counted
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


def gflop(work: Callable[[], object]) -> float:
    """Return the operations of a piece of work in GFLOP; a multiplication with its addition counts as two."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / 1e9


def run_gflop(denoiser: Denoiser) -> float:
    """Return the GFLOP of one picture of 64x64 sampled by Heun's method in RUN_STEPS steps."""
    sigmas = SCHEDULES["karras"].sigmas(RUN_STEPS)
    x = torch.full((1, 3, SIZE, SIZE), float(sigmas[0]))
    return gflop(lambda: list(SAMPLERS["heun"](denoiser, x, sigmas)))


@torch.inference_mode()
def cost(denoiser: Denoiser, name: str, folder: Path) -> dict:
    """Return what a forward pass and a run cost for one picture of 64x64, and the size of the files.

    parameters: of all files of the model. bytes: of its largest file.
    """
    x = torch.zeros(1, 3, SIZE, SIZE)
    files = [name, *(level["file"] for level in weights.card(name, folder).get("levels", []))]
    a = torch.randn(PRODUCT_SIDE, PRODUCT_SIDE).bfloat16()
    product = seconds(lambda: a @ a, 3)
    forward = seconds(lambda: denoiser(x, 1.0), 20)
    return {
        "parameters": sum(weights.card(file, folder)["parameters"] for file in files),
        "bytes": max((folder / f"{file}.safetensors").stat().st_size for file in files),
        "gflop": gflop(lambda: denoiser(x, 1.0)),
        "run_gflop": run_gflop(denoiser),
        "run_gflop_full_resolution": run_gflop(weights.load(name, folder=folder, full_resolution=True)),
        "forward_ms": 1e3 * forward,
        "product_ms": 1e3 * product,
        "forward_over_product": forward / product,
        "threads": torch.get_num_threads(),
    }
