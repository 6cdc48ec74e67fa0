"""Calls that wait for a forward pass, whose turn it is, and the pass itself. Nothing here knows of threads.

A call's rows may share a pass with those of other calls when model, size of the picture and the presence of labels
agree: they are of one group. The call whose turn it is decides on the group. The room in the pass is dealt out to all
calls of the group, row by row; a call with rows left goes behind all others, so that one of 32 rows holds up nobody.
Calls in the background wait until there is no other, and then get one row at a time: whoever comes waits no longer.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser, broadcast_sigma

OUT_OF_MEMORY_TEXTS = (  # how devices say so that have no type of exception for it: MPS, the CPU, and libraries on CUDA
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "invalid buffer size",
    "alloc_failed",
)
NOT_FINITE_MESSAGE = "The model gave a result that is not a number here; another size or level may work."


class Cancelled(RuntimeError):
    """The caller said that nobody is waiting for its result any more."""


@dataclass(frozen=True, eq=False)
class Caller:
    """Who asks for one step after another of the same model."""

    model: Denoiser
    cancelled: Callable[[], bool]
    background: bool = False  # nobody is waiting for it

    def reason_to_drop(self) -> Exception | None:
        """Cancelled once the caller is, or what went wrong on asking it."""
        try:
            return Cancelled() if self.cancelled() else None
        except Exception as error:
            return error


class Call:
    """Rows that one caller asks for at once; `future` gets x0 (B, C, H, W) after as many passes as it takes."""

    def __init__(self, caller: Caller, x: Tensor, sigma: Tensor | float, label: Tensor | None) -> None:
        """The arguments of a Denoiser. Raises ValueError when x is not (B, C, H, W), or sigma neither () nor (B,)."""
        if x.ndim != 4:
            raise ValueError(f"x must be (B, C, H, W), got {tuple(x.shape)}")
        self.caller = caller
        self.x = x.detach().float()
        self.sigma = broadcast_sigma(sigma, self.x).flatten()  # (B,)
        self.label = None if label is None else torch.as_tensor(label).expand(len(x))  # (B,)
        self.group = (id(caller.model), x.shape[1:], label is None)
        self.x0 = torch.empty(x.shape, dtype=torch.float32)  # by the caller's thread, not in inference mode
        self.done = 0  # rows
        self.future: Future[Tensor] = Future()

    @property
    def left(self) -> int:
        """Rows without an answer."""
        return len(self.x) - self.done

    @property
    def pixels(self) -> int:
        """Of one picture."""
        return max(1, self.x.shape[-2] * self.x.shape[-1])

    def accept(self, x0: Tensor) -> None:
        """Note the answer to the next rows; the call ends with the last row, or the first that is not finite."""
        self.x0[self.done : self.done + len(x0)] = x0
        self.done += len(x0)
        if not bool(x0.isfinite().all()):
            self.future.set_exception(FloatingPointError(NOT_FINITE_MESSAGE))
        elif self.left == 0:
            self.future.set_result(self.x0)


Part = tuple[Call, int]  # a call, and how many of its next rows are in a pass


class PassScheduler:
    """The open calls, the one whose turn it is first."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._answered: set[tuple[Caller, tuple]] = set()  # by the last pass, with the group

    def next_pass(self, max_pixels: int) -> tuple[list[Part], bool]:
        """The parts of the next pass, and whether it should wait a little for callers who are likely to come back.

        These are the ones that the last pass answered: a sampler asks for its next step at once. The pass waits where
        they would have room in it, or where it is one of the background. max_pixels bounds rows x H x W, but one row
        always fits. There must be an open call.
        """
        waited_for = [call for call in self.calls if not call.caller.background]
        first = (waited_for or self.calls)[0]
        calls = [call for call in waited_for if call.group == first.group] or [first]
        room = max(1, max_pixels // first.pixels) if waited_for else 1
        shares = fair_shares([call.left for call in calls], room)
        present = {call.caller for call in self.calls}
        gone = [group for caller, group in self._answered if caller not in present and not caller.background]
        parts = [(call, rows) for call, rows in zip(calls, shares, strict=True) if rows]
        expected = (first.group in gone and sum(shares) < room) if waited_for else bool(gone)
        return parts, expected

    def answer(self, parts: list[Part], x0: Tensor) -> None:
        """Give each call of a pass its rows of x0 (rows, C, H, W)."""
        for (call, _), rows in zip(parts, x0.split([rows for _, rows in parts]), strict=True):
            call.accept(rows)
            self.calls.remove(call)
            if not call.future.done():
                self.calls.append(call)
        self._answered = {(call.caller, call.group) for call, _ in parts if call.future.done()}

    def fail(self, call: Call, error: Exception) -> None:
        """End the call with an exception, unless it has ended before."""
        if call in self.calls:
            self.calls.remove(call)
            call.future.set_exception(error)


def out_of_memory(error: BaseException) -> bool:
    """Whether this says that the device's memory does not suffice, so that fewer rows at once may do."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error).lower() for text in OUT_OF_MEMORY_TEXTS)


def fair_shares(wanted: list[int], room: int) -> list[int]:
    """How many rows each gets when the room is dealt out one by one, in turns, until all have what they wanted."""
    shares = [0] * len(wanted)
    while room > 0 and shares != wanted:
        for i in range(len(wanted)):
            if room > 0 and shares[i] < wanted[i]:
                shares[i], room = shares[i] + 1, room - 1
    return shares


def forward(parts: list[Part], device: torch.device) -> Tensor | Exception:
    """x0 (rows, C, H, W) float32 on the CPU for the next rows of each call, or why there is none."""
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
        return error.with_traceback(None) if out_of_memory(error) else error  # its frames hold what fills the memory
