"""The least time that a forward pass can take on a device: its products at the measured peak, its bytes at the speed
of the memory.

Bytes are those that every operator reads and writes when each runs by itself, without views; fused operators can do
with fewer, so the floor by bytes is that of the network as it is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten
from torch.utils.flop_counter import FlopCounterMode

from explorer.core.denoiser import Denoiser

PRODUCT_SIDE = 8192  # of the square matrices
COPIED_BYTES = 2**30  # of the tensor that is copied
REPEATS = 10


@dataclass(frozen=True)
class Limits:
    """What a device can do in one number type."""

    flops: float  # per second, of a large matrix product
    bandwidth: float  # bytes per second, read and written, of a large copy


@dataclass(frozen=True)
class Work:
    """The work of one forward pass."""

    flops: int
    bytes: int

    def floor(self, limits: Limits) -> float:
        """Return the seconds: the larger of the times that products and memory take."""
        return max(self.flops / limits.flops, self.bytes / limits.bandwidth)


class Traffic(TorchDispatchMode):
    """Counts the bytes that operators read and write while it is active, without views."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # noqa: ANN001, ANN204 - PyTorch's protocol
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            values = tree_flatten((args, kwargs or {}, result))[0]
            self.bytes += sum(v.numel() * v.element_size() for v in values if isinstance(v, Tensor))
        return result


def work(model: Denoiser, x: Tensor, sigma: Tensor) -> Work:
    """Return FLOPs and bytes of one pass; two FLOPs for each multiplication with its addition."""
    with torch.no_grad(), FlopCounterMode(display=False) as flops:
        model(x, sigma)
    with torch.no_grad(), Traffic() as traffic:
        model(x, sigma)
    return Work(flops.get_total_flops(), traffic.bytes)


def limits(device: torch.device, dtype: torch.dtype, side: int = PRODUCT_SIDE, copied: int = COPIED_BYTES) -> Limits:
    """Measure the fastest of some products of two square matrices, and of some copies."""
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    source = torch.zeros(copied, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    product, copy = (best_seconds(run, device) for run in (lambda: a @ b, lambda: target.copy_(source)))
    return Limits(2 * side**3 / product, 2 * copied / copy)


def best_seconds(run: Callable[[], object], device: torch.device) -> float:
    """Return the seconds of the shortest of some calls, each until the device is done."""
    return min(seconds(run, device) for _ in range(REPEATS + 1))


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """Return the seconds of one call, until the device is done."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    wait()
    start = time.perf_counter()
    run()
    wait()
    return time.perf_counter() - start
