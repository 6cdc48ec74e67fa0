"""The fastest form of a network for the device it runs on, with the same results up to rounding.

On the CPU the weights of convolutions are packed (`onednn`); on CUDA small batches are replayed as graphs
(`cuda_graphs`). Compilation by PyTorch is optional: it takes a minute or more, needs a compiler on the CPU, and gained
3 % there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn

from explorer.core.denoiser import Denoiser
from explorer.core.denoisers.multi_resolution import Level, MultiResolution
from explorer.inference.cuda_graphs import CudaGraphDenoiser
from explorer.inference.onednn import pack_convolutions
from explorer.inference.scheduler import out_of_memory

WARM_UP_SHAPES = ((1, 64), (2, 64), (2, 128))  # (rows, side): a compiler specialises on a single row
MAX_REASON_CHARS = 200


def optimize(model: Denoiser, device: torch.device, compiled: bool = False) -> Denoiser:
    """Return the denoiser in its fastest form for inference on `device`, where it must already be.

    compiled: compile it instead. A denoiser that is no nn.Module is returned unchanged. The model may be changed in
    place.
    """
    if isinstance(
        model, MultiResolution
    ):  # which network a row needs depends on its noise level: no graph can hold that
        levels = [Level(optimize(v.denoiser, device, compiled), v.reduction, v.sigma_from) for v in model.levels]
        return MultiResolution(levels)
    if not isinstance(model, nn.Module):
        return model
    if compiled:
        model = CompiledDenoiser(model, device)
    elif device.type == "cpu":
        return pack_convolutions(model)
    return CudaGraphDenoiser(model) if device.type == "cuda" else model


class CompiledDenoiser:
    """A Denoiser compiled by PyTorch at construction, with the plain model as the fallback for any failure."""

    def __init__(
        self, model: nn.Module, device: torch.device, compiler: Callable[..., Callable[..., Tensor]] = torch.compile
    ) -> None:
        """Compile for WARM_UP_SHAPES, which takes a minute or more; compiler: torch.compile or its like."""
        self._model = model
        self._compiled: Callable[..., Tensor] | None = compiler(model, dynamic=True)
        with torch.inference_mode():
            for rows, side in WARM_UP_SHAPES:
                x = torch.zeros(rows, 3, side, side, device=device)
                self(x, torch.ones(rows, device=device))

    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return x0 (B, C, H, W); arguments as of `Denoiser`. Raise what the model raises when out of memory."""
        if self._compiled is not None:
            try:
                return self._compiled(x, sigma, label)
            except Exception as error:
                if out_of_memory(error):
                    raise
                self._compiled = None
                reason = (str(error).strip().splitlines() or ["no reason given"])[0][:MAX_REASON_CHARS]
                print(f"The network could not be compiled and runs as it is: {reason}", file=sys.stderr)
        return self._model(x, sigma, label)
