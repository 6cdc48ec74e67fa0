"""python -m benchmarks.gpu: the network on a GPU: every path against float32 on the CPU, against the floor, for many.

1. Parity: the largest relative error of one forward pass, over noise levels and batches, as it is, replayed as CUDA
   graphs and compiled, in float32 and bfloat16.
2. Pictures a second at B = 1 ... 256, and how many times the floor a pass takes (benchmarks.floor); graphs and compiled
   code against the network as it is. Paths in turn, medians of the rounds.
3. 64 visitors at once through the batcher against the same trajectories one after another, and the memory at its peak.

Prints a table and writes benchmarks/results/GPU.json. Without a GPU it says so in one line.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks import RESULTS, batcher, floor
from explorer import weights
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.inference.batcher import Batcher
from explorer.inference.cuda_graphs import MAX_PASS_PIXELS, RECORDED_ROWS, CudaGraphDenoiser
from explorer.inference.optimize import CompiledDenoiser
from harness import measuring
from harness.machine import described, simplified
from harness.measuring import Bar, Row, interleaved, spread

NO_GPU = "There is no CUDA GPU here, so there is nothing to measure."
BATCHES, SIDE, ROUNDS, VISITORS = (1, 2, 4, 8, 16, 32, 64, 128, 256), 64, 9, 64
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
BARS = {"float32": Bar(2e-3, at_least=False), "bfloat16": Bar(2e-2, at_least=False)}  # of one forward pass
SIGMAS = (0.02, 0.1, 0.5, 2.0, 10.0)
PARITY_BATCHES = (1, 3, 8, 16)


def paths(device: torch.device, dtype: torch.dtype, compiled: bool = True) -> dict[str, Denoiser]:
    """Return the network as it is, replayed, and compiled, by name."""
    network = weights.load("scenes", device, dtype)
    found: dict[str, Denoiser] = {"eager": network, "graphs": CudaGraphDenoiser(network)}
    if compiled:
        found["compiled"] = CompiledDenoiser(copy.deepcopy(network), device)
    return found


def inputs(batch: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return noisy fields (B, 3, H, W) with their noise levels (B,), which go through SIGMAS."""
    sigma = torch.tensor([SIGMAS[i % len(SIGMAS)] for i in range(batch)])
    x = 0.5 * white((batch, 3, SIDE, SIDE), 1, "gpu") + sigma[:, None, None, None] * white(
        (batch, 3, SIDE, SIDE), 0, "gpu"
    )
    return x.to(device), sigma.to(device)


@torch.inference_mode()
def parity(name: str, found: dict[str, Denoiser], device: torch.device) -> list[Row]:
    """Return the largest relative error of each path in one number type, by Euclidean norm, over batches and levels."""
    exact, rows = weights.load("scenes"), []
    for path, model in found.items():
        errors = []
        for batch in PARITY_BATCHES:
            x, sigma = inputs(batch, device)
            expected = exact(x.cpu(), sigma.cpu())
            wrong = (model(x, sigma).float().cpu() - expected).flatten(1).norm(dim=1)
            errors += (wrong / expected.flatten(1).norm(dim=1)).tolist()
        rows.append(Row(f"error of a pass, {path}, {name}", max(errors), "", bar=BARS[name]))
    return rows


@torch.inference_mode()
def throughput(
    name: str, found: dict[str, Denoiser], device: torch.device, batch: int, limits: floor.Limits
) -> list[Row]:
    """Return pictures a second of each path at one batch, its distance from the floor, and its gain over eager."""
    x, sigma = inputs(batch, device)
    least = floor.work(found["eager"], x, sigma).floor(limits)
    replayed = (
        batch <= RECORDED_ROWS[-1] and batch * SIDE**2 <= MAX_PASS_PIXELS
    )  # above, graphs are the network as it is
    shown = {path: model for path, model in found.items() if path != "graphs" or replayed}
    timed = lambda model: lambda: floor.seconds(lambda: model(x, sigma), device)
    taken = interleaved({path: timed(model) for path, model in shown.items()}, ROUNDS)
    rows = []
    for path, seconds in taken.items():
        note = f"{np.median(seconds) / least:.3g} x the floor of {1e3 * least:.3g} ms"
        if path != "eager":
            note += f"; {np.median(taken['eager'] / seconds):.3g} x eager"
        rows.append(spread(f"B = {batch}, {path}, {name}", batch / seconds, "pict./s", note=note))
    return rows


def visitors(name: str, found: dict[str, Denoiser], device: torch.device) -> list[Row]:
    """Return samplers at once through the batcher, against one after another, and the most memory that it took."""
    rows = []
    for path, model in found.items():
        bare = lambda x, sigma, label=None, model=model: model(x.to(device), sigma.to(device), label).cpu()
        merged = Batcher(device)
        batcher.together(merged, model, VISITORS), batcher.one_after_another(bare, 1)  # warm-up
        torch.cuda.reset_peak_memory_stats(device)
        row = batcher.throughput(merged, model, bare, VISITORS, rounds=3)
        memory = torch.cuda.max_memory_allocated(device) / 2**20
        note = f"{row.note}; {memory:.0f} MB at the peak"
        rows.append(Row(f"{VISITORS} visitors, {path}, {name}", row.value, row.unit, row.low, row.high, note=note))
        merged.close()
    return rows


def measure(device: torch.device) -> list[Row]:
    """Return all rows."""
    rows = []
    for name, dtype in DTYPES.items():
        limits, found = floor.limits(device, dtype), paths(device, dtype)
        rows += [Row(f"peak of a matrix product, {name}", limits.flops / 1e12, "TFLOP/s")]
        rows += [Row("speed of the memory", limits.bandwidth / 1e9, "GB/s")]
        rows += parity(name, found, device)
        for batch in BATCHES:
            rows += throughput(name, found, device, batch, limits)
        rows += visitors(name, found, device)
    return rows


def write(rows: list[Row], folder: Path, device: torch.device) -> Path:
    """Write the rows and what they were measured on to a file named after the GPU; return its path."""
    properties = torch.cuda.get_device_properties(device)
    about = {**described(), "gpu": properties.name, "gpu_memory": properties.total_memory, "cuda": torch.version.cuda}
    path = folder / f"{simplified(properties.name)}.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": about, "rows": [row.fields for row in rows]}, indent=1) + "\n")
    return path


def main() -> int:
    """Measure, print and write; return 0 without a GPU, too."""
    if not torch.cuda.is_available():
        print(NO_GPU)
        return 0
    device = torch.device("cuda")
    rows = measure(device)
    print(measuring.table(rows))
    print(f"Written to {write(rows, RESULTS, device)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
