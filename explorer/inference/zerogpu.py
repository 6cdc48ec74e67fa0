"""Hugging Face ZeroGPU: a GPU that is allocated for one call at a time.

On ZeroGPU a GPU is visible only inside functions decorated with `spaces.GPU`, which run in a process of their own; a
Space without any decorated function does not start. Everywhere else this module changes nothing.
"""

from __future__ import annotations

import os

import torch
from torch import Tensor, nn

from explorer.core.denoiser import Denoiser

GPU_LEASE_S = 30  # seconds of GPU time requested for each forward pass; a longer pass is ended


def on_zerogpu(network: Denoiser, device: str = "cuda") -> Denoiser:
    """Return the network unchanged, or on ZeroGPU a denoiser that takes CPU tensors and computes on the GPU.

    ZeroGPU is recognised by the environment variable SPACES_ZERO_GPU.
    """
    zero = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
    if not zero or not isinstance(network, nn.Module):
        return network
    import spaces  # installed there; must be imported before CUDA is initialised

    @spaces.GPU(duration=GPU_LEASE_S)
    def denoise(x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        with torch.inference_mode():
            there = [value.to(device) if isinstance(value, Tensor) else value for value in (x, sigma, label)]
            return network.to(device)(*there).float().cpu()

    return denoise
