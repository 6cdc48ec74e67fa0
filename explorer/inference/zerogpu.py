"""A GPU that is lent for one call at a time, as Hugging Face's ZeroGPU does: the only place that knows of it.

There a GPU is seen only inside a function that `spaces.GPU` has decorated, which runs in a process of its own; at least
one function must be decorated, or the Space does not start. Everywhere else nothing happens here.
"""

from __future__ import annotations

import os

import torch
from torch import Tensor, nn

from explorer.core.denoiser import Denoiser

GPU_LEASE_S = 30  # that one forward pass may take with the GPU; it is asked for that long


def on_zerogpu(network: Denoiser, device: str = "cuda") -> Denoiser:
    """The network as it is, or, on ZeroGPU, a denoiser that takes CPU tensors and computes on the GPU it is lent."""
    zero = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
    if not zero or not isinstance(network, nn.Module):
        return network
    import spaces  # installed there, and to be imported before CUDA is touched

    @spaces.GPU(duration=GPU_LEASE_S)
    def denoise(x: Tensor, sigma: Tensor, label: Tensor | None = None) -> Tensor:
        with torch.inference_mode():
            there = [value if value is None else value.to(device) for value in (x, sigma, label)]
            return network.to(device)(*there).float().cpu()

    return denoise
