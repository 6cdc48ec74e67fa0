"""The shipped network as the app runs it, and in the plain form that it is compared with.

At full resolution alone: peers are given the same network, and every call costs the same.
"""

from __future__ import annotations

import torch

from explorer import weights
from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.preconditioning import Preconditioned
from explorer.inference.device import choose_device, choose_dtype
from explorer.inference.optimize import optimize

NAME = "scenes"
CPU = torch.device("cpu")


def as_the_app_runs_it(device: torch.device = CPU) -> tuple[Denoiser, torch.dtype]:
    """Return the prepared network, and the number type that it computes in: bfloat16 where the device has it."""
    dtype = choose_dtype(device)
    return optimize(weights.load(NAME, device, dtype, full_resolution=True), device), dtype


def on_best_device() -> tuple[Denoiser, Denoiser, torch.device]:
    """Return the network for the batcher, the same for a caller with CPU tensors of its own, and where it runs."""
    device = choose_device()
    model, _ = as_the_app_runs_it(device)
    return model, lambda x, sigma, label=None: model(x.to(device), sigma, label).cpu(), device


def plain(dtype: torch.dtype = torch.float32) -> Preconditioned:
    """Return the network on the CPU in PyTorch's default memory layout, as it comes out of a file."""
    return weights.load(NAME, CPU, dtype, full_resolution=True).to(memory_format=torch.contiguous_format)
