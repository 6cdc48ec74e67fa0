"""Scheduling of forward passes: which rows of which calls are in the next pass, and the pass itself. No threads here.

Rows of different calls may share a pass when model, size of the picture and presence of labels agree; such calls form a
group. The first call in the queue selects the group. The rows of the pass are distributed over all calls of the group
in turns, and a call with rows left goes to the end of the queue, so that a call of 32 rows delays nobody. Background
calls run only when there is no other call, one row at a time, so that a newcomer waits for one row at most.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser, broadcast_sigma

OUT_OF_MEMORY_TEXTS = (  # in errors of MPS, of the CPU and of libraries on CUDA, which have no exception type for it
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "invalid buffer size",
    "alloc_failed",
)
NOT_FINITE_MESSAGE = "The model gave a result that is not a number here; another size or level may work."


Group = tuple[int, torch.Size, bool]  # model, shape of a picture, presence of labels: what one pass has in common


class Cancelled(RuntimeError):
    """The call was cancelled by its caller, so there is nobody to show an error to."""


@dataclass(frozen=True, eq=False)
class Caller:
    """The source of a series of calls of one model, such as a run of a sampler."""

    model: Denoiser
    cancelled: Callable[[], bool]
    background: bool = False  # no person waits for its results

    def reason_to_drop(self) -> Exception | None:
        """Return Cancelled once the caller has cancelled, the exception that `cancelled` raises, or None."""
        try:
            return Cancelled() if self.cancelled() else None
        except Exception as error:
            return error


class Call:
    """One call of a denoiser; `future` receives x0 (B, C, H, W) after one or more passes."""

    def __init__(self, caller: Caller, x: Tensor, sigma: Tensor | float, label: Tensor | None) -> None:
        """Take the arguments of a Denoiser. Raise ValueError unless x is (B, C, H, W) and sigma () or (B,)."""
        if x.ndim != 4:
            raise ValueError(f"x must be (B, C, H, W), got {tuple(x.shape)}")
        self.caller = caller
        self.x = x.detach().float()
        self.sigma = broadcast_sigma(sigma, self.x).flatten()  # (B,)
        self.label = None if label is None else torch.as_tensor(label).expand(len(x))  # (B,)
        self.group: Group = (id(caller.model), x.shape[1:], label is None)
        self.x0 = torch.empty(x.shape, dtype=torch.float32)  # made in the caller's thread, outside inference mode
        self.done = 0  # rows
        self.future: Future[Tensor] = Future()

    @property
    def left(self) -> int:
        """Number of rows without a result."""
        return len(self.x) - self.done

    @property
    def pixels(self) -> int:
        """Pixels of one picture, at least 1."""
        return max(1, self.x.shape[-2] * self.x.shape[-1])

    def accept(self, x0: Tensor) -> None:
        """Store x0 (rows, C, H, W) of the next rows and complete the future after the last one.

        A value that is not finite completes it at once, with FloatingPointError.
        """
        self.x0[self.done : self.done + len(x0)] = x0
        self.done += len(x0)
        if not bool(x0.isfinite().all()):
            self.future.set_exception(FloatingPointError(NOT_FINITE_MESSAGE))
        elif self.left == 0:
            self.future.set_result(self.x0)


Part = tuple[Call, int]  # a call, and the number of its next rows in a pass


class PassScheduler:
    """The queue of open calls."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._answered: set[tuple[Caller, Group]] = set()  # callers whose call the last pass completed

    def next_pass(self, max_pixels: int) -> tuple[list[Part], bool]:
        """Return the parts of the next pass, and whether it is worth waiting for returning callers before it.

        A sampler makes its next call right after the result of the last one, so the callers whose calls the last pass
        completed are expected back. Waiting is worth it where their rows would fit into this pass, or where this pass
        is a background one. max_pixels bounds rows x H x W, but one row always fits. There must be an open call.
        """
        foreground = [call for call in self.calls if not call.caller.background]
        first = (foreground or self.calls)[0]
        calls = [call for call in foreground if call.group == first.group] or [first]
        room = max(1, max_pixels // first.pixels) if foreground else 1
        shares = fair_shares([call.left for call in calls], room)
        present = {call.caller for call in self.calls}
        away = [group for caller, group in self._answered if caller not in present and not caller.background]
        parts = [(call, rows) for call, rows in zip(calls, shares, strict=True) if rows]
        expected = (first.group in away and sum(shares) < room) if foreground else bool(away)
        return parts, expected

    def answer(self, parts: list[Part], x0: Tensor) -> None:
        """Distribute the result x0 (rows, C, H, W) of a pass over its calls."""
        for (call, _), rows in zip(parts, x0.split([rows for _, rows in parts]), strict=True):
            call.accept(rows)
            self.calls.remove(call)
            if not call.future.done():
                self.calls.append(call)
        self._answered = {(call.caller, call.group) for call, _ in parts if call.future.done()}

    def fail(self, call: Call, error: Exception) -> None:
        """Complete an open call with an exception; do nothing for one that is complete."""
        if call in self.calls:
            self.calls.remove(call)
            call.future.set_exception(error)


def out_of_memory(error: BaseException) -> bool:
    """Return whether the error means that the device ran out of memory, so that fewer rows at once may succeed."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error).lower() for text in OUT_OF_MEMORY_TEXTS)


def fair_shares(wanted: list[int], room: int) -> list[int]:
    """Return how many of the wanted rows each call gets when `room` rows are dealt out one at a time, in turns."""
    shares = [0] * len(wanted)
    while room > 0 and shares != wanted:
        for i in range(len(wanted)):
            if room > 0 and shares[i] < wanted[i]:
                shares[i], room = shares[i] + 1, room - 1
    return shares


def forward(parts: list[Part], device: torch.device) -> Tensor | Exception:
    """Run one pass over the next rows of each part: x0 (rows, C, H, W) float32 on the CPU, or the exception raised."""
    taken = [(call, slice(call.done, call.done + rows)) for call, rows in parts]
    try:
        x = torch.cat([call.x[rows] for call, rows in taken]).to(device)
        sigma = torch.cat([call.sigma[rows] for call, rows in taken]).to(device)
        labels = [call.label[rows] for call, rows in taken if call.label is not None]
        x0 = parts[0][0].caller.model(x, sigma, torch.cat(labels).to(device) if labels else None)
        if x0.shape != x.shape:
            raise ValueError(f"the denoiser turned {tuple(x.shape)} into {tuple(x0.shape)}")
        return x0.float().cpu()
    except Exception as error:
        return error.with_traceback(None) if out_of_memory(error) else error  # the frames hold the tensors
