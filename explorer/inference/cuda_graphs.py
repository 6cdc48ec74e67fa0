"""Small batches on a GPU by replaying a recording of the network, so that no time goes into starting its kernels.

A forward pass of the U-Net starts some hundreds of kernels. For a few small pictures the GPU finishes each before the
next one is started, and the time is the processor's, not the GPU's. A CUDA graph starts them all at once. What it was
recorded with is fixed: the tensors it reads and writes, and their shapes. There is one recording for each number of
rows in ROWS and each shape of the picture; a batch is filled up to the next such number: rows do not see each other.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser, broadcast_sigma

RECORDED_ROWS = (1, 2, 4, 8)
MAX_PASS_PIXELS = 8 * 128 * 128  # rows x H x W of a pass; above, the kernels take longer than starting them
MAX_RECORDINGS = 12  # recordings, each with the memory of its own pass
WARM_UP_PASSES = 3  # passes before the recording: libraries choose their algorithms in the first ones


@dataclass(frozen=True)
class Recording:
    """A recorded pass: `replay()` computes `output` from what the tensors it was recorded with hold now."""

    replay: Callable[[], None]
    output: Tensor


def record(run: Callable[[], Tensor]) -> Recording:
    """Record run() on the present CUDA device. It must neither wait for the GPU nor depend on values.

    The passes before it are on the stream of the recording, as PyTorch's notes on CUDA graphs ask for. Other threads
    may go on allocating: none of them has a part in this stream. Raises RuntimeError where it cannot be recorded.
    """
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP_PASSES):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        output = run()
    return Recording(graph.replay, output)


class _Slot:
    """The fixed inputs of one recording, and the recording."""

    def __init__(self, model: Denoiser, x: Tensor, rows: int, labelled: bool, record: Callable) -> None:
        self.x = torch.zeros(rows, *x.shape[1:], dtype=x.dtype, device=x.device)
        self.sigma = torch.ones(rows, device=x.device)
        self.label = torch.zeros(rows, dtype=torch.int64, device=x.device) if labelled else None
        self.recording: Recording = record(lambda: model(self.x, self.sigma, self.label))

    def __call__(self, x: Tensor, sigma: Tensor, label: Tensor | None) -> Tensor:
        rows = len(x)
        self.x[:rows].copy_(x)
        self.sigma[:rows].copy_(sigma)
        if self.label is not None:
            self.label[:rows].copy_(label)
        self.recording.replay()
        return self.recording.output[:rows].clone()  # the next replay writes over it


class CudaGraphDenoiser:
    """A Denoiser that gives what `model` gives, replayed where the batch is small, called as it is elsewhere.

    Safe from many threads; while one of them is in a replay, the others call the model as it is.
    """

    def __init__(self, model: Denoiser, record: Callable[[Callable[[], Tensor]], Recording] = record) -> None:
        """model: on a CUDA device; its rows must not depend on each other."""
        self._model, self._record = model, record
        self._slots: OrderedDict[tuple, _Slot | None] = OrderedDict()  # None: it cannot be recorded
        self._lock = threading.Lock()

    @torch.inference_mode()
    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """The arguments and the result of a Denoiser, x (B, C, H, W) on the device."""
        rows = next((n for n in RECORDED_ROWS if n >= len(x)), 0)
        fits = 0 < rows * x.shape[-2] * x.shape[-1] <= MAX_PASS_PIXELS and len(x) > 0
        if not fits or not self._lock.acquire(blocking=False):  # a pass that hangs holds it for ever
            return self._model(x, sigma, label)
        try:
            slot = self._slot((rows, tuple(x.shape[1:]), x.dtype, label is not None), x)
            if slot is not None:
                return slot(x, broadcast_sigma(sigma, x).flatten(), label)
        finally:
            self._lock.release()
        return self._model(x, sigma, label)

    def _slot(self, key: tuple, x: Tensor) -> _Slot | None:
        if key not in self._slots:
            while len(self._slots) >= MAX_RECORDINGS:
                self._slots.popitem(last=False)
            try:
                self._slots[key] = _Slot(self._model, x, key[0], key[-1], self._record)
            except Exception:  # out of memory, or something in the network that no recording can hold
                self._slots[key] = None
        self._slots.move_to_end(key)
        return self._slots[key]
