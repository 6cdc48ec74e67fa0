"""A network in the form that is fastest where it runs, with the same results up to rounding.

On the CPU its convolutions' weights are packed, on CUDA small batches are replayed as graphs. Compiling by PyTorch is
left to who asks for it: it takes a minute or more, a compiler on the CPU, and gained 3 % there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn

from explorer.core.denoiser import Denoiser
from explorer.inference.cuda_graphs import CudaGraphDenoiser
from explorer.inference.onednn import pack_convolutions
from explorer.inference.scheduler import out_of_memory

WARM_UP_SHAPES = ((1, 64), (2, 64), (2, 128))  # (rows, side): a compiler treats one row as a case of its own


def optimize(model: Denoiser, device: torch.device, compiled: bool = False) -> Denoiser:
    """The denoiser for inference on `device`, where it must be already; one that is no network stays as it is."""
    if not isinstance(model, nn.Module):
        return model
    if compiled:
        model = CompiledDenoiser(model, device)
    elif device.type == "cpu":
        return pack_convolutions(model)
    return CudaGraphDenoiser(model) if device.type == "cuda" else model


class CompiledDenoiser:
    """A Denoiser compiled by PyTorch when it is made; it runs as it is where that cannot be done, or fails later."""

    def __init__(self, model: nn.Module, device: torch.device, compiler: Callable = torch.compile) -> None:
        """Takes a minute or more. compiler: what turns the module into a function of the same arguments."""
        self._model, self._fast = model, compiler(model, dynamic=True)
        with torch.inference_mode():
            for rows, side in WARM_UP_SHAPES:
                x = torch.zeros(rows, 3, side, side, device=device)
                self(x, torch.ones(rows, device=device))

    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """The arguments and the result of a Denoiser."""
        if self._fast is not None:
            try:
                return self._fast(x, sigma, label)
            except Exception as error:
                if out_of_memory(error):
                    raise
                self._fast = None
                reason = (str(error).strip().splitlines() or ["no reason given"])[0][:200]
                print(f"The network could not be compiled and runs as it is: {reason}", file=sys.stderr)
        return self._model(x, sigma, label)
