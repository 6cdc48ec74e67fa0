"""CUDA graphs for small batches: replay a recorded forward pass instead of launching its kernels one by one.

A forward pass of the U-Net launches some hundreds of kernels. For a few small pictures the GPU finishes each kernel
before the processor has launched the next one, so the processor sets the pace. A CUDA graph launches all of them at
once, but fixes the input and output tensors and their shapes. There is one recording for each entry of RECORDED_ROWS
and each shape of the picture; a batch is padded up to the next entry, which is exact because rows are independent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import torch
from cachetools import LRUCache
from torch import Tensor

from explorer.core.denoiser import Denoiser, broadcast_sigma

RECORDED_ROWS = (1, 2, 4, 8)
MAX_PASS_PIXELS = 8 * 128 * 128  # rows x H x W; in larger passes the kernels take longer than their launches
MAX_RECORDINGS = 12  # each holds the memory of its own pass
WARM_UP_PASSES = 3  # before a recording: libraries choose their algorithms in the first passes

Recorder = Callable[[Callable[[], Tensor]], "Recording"]
Key = tuple[int, tuple[int, ...], torch.dtype, bool]  # rows, shape (C, H, W), type of x, whether there are labels


@dataclass(frozen=True)
class Recording:
    """A recorded forward pass: `replay()` recomputes `output` from the current values of the recorded inputs."""

    replay: Callable[[], None]
    output: Tensor


def record(run: Callable[[], Tensor]) -> Recording:
    """Record run() on the current CUDA device, after WARM_UP_PASSES unrecorded passes on the same stream.

    run: must not synchronise with the GPU, and its control flow must not depend on values. Other threads may allocate
    meanwhile (capture mode "thread_local"). Raises RuntimeError where run cannot be recorded. Source: PyTorch, "CUDA
    semantics", section CUDA Graphs.
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
    """A recording together with its input tensors, which every call overwrites."""

    def __init__(self, model: Denoiser, x: Tensor, rows: int, labelled: bool, record: Recorder) -> None:
        self.x = torch.zeros(rows, *x.shape[1:], dtype=x.dtype, device=x.device)
        self.sigma = torch.ones(rows, device=x.device)
        self.label = torch.zeros(rows, dtype=torch.int64, device=x.device) if labelled else None
        self.recording = record(lambda: model(self.x, self.sigma, self.label))

    def __call__(self, x: Tensor, sigma: Tensor, label: Tensor | None) -> Tensor:
        rows = len(x)
        self.x[:rows].copy_(x)
        self.sigma[:rows].copy_(sigma)
        if self.label is not None and label is not None:
            self.label[:rows].copy_(label)
        self.recording.replay()
        return self.recording.output[:rows].clone()  # the next replay overwrites the output


class CudaGraphDenoiser:
    """A Denoiser with the results of `model`, replayed from a recording for small batches.

    Thread-safe: while one thread replays, the others call the model directly.
    """

    def __init__(self, model: Denoiser, record: Recorder = record) -> None:
        """Wrap a model on a CUDA device whose rows do not depend on each other."""
        self._model, self._record = model, record
        self._slots: LRUCache[Key, _Slot | None] = LRUCache(MAX_RECORDINGS)  # None: recording failed
        self._lock = threading.Lock()

    @torch.inference_mode()
    def __call__(self, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        """Return x0 (B, C, H, W) for x (B, C, H, W) on the device; arguments as of `Denoiser`."""
        rows = next((n for n in RECORDED_ROWS if n >= len(x)), 0)
        fits = 0 < rows * x.shape[-2] * x.shape[-1] <= MAX_PASS_PIXELS and len(x) > 0
        if not fits or not self._lock.acquire(blocking=False):  # not blocking: a pass that hangs never releases it
            return self._model(x, sigma, label)
        try:
            slot = self._slot((rows, tuple(x.shape[1:]), x.dtype, label is not None), x)
            if slot is not None:
                return slot(x, broadcast_sigma(sigma, x).flatten(), label)
        finally:
            self._lock.release()
        return self._model(x, sigma, label)

    def _slot(self, key: Key, x: Tensor) -> _Slot | None:
        if key not in self._slots:
            if len(self._slots) >= MAX_RECORDINGS:
                self._slots.popitem()  # the least recently used, before the memory of another one is taken
            try:
                self._slots[key] = _Slot(self._model, x, key[0], key[-1], self._record)
            except Exception:  # out of memory, or an operation that cannot be recorded
                self._slots[key] = None
        return self._slots[key]
