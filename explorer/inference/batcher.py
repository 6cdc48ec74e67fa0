"""One thread that runs the models for everybody: each forward pass takes rows of all callers who are waiting.

A sampler asks for one noise level at a time and knows nothing of this. A newcomer's rows (x, sigma, label) are in the
next pass, whoever else is under way; a call of one row waits for the pass under way, and for its own. See `turns`.

The same call alone, on the same machine and versions, gives the same bytes each time. Merged with others' rows it is
another batch for the device, and the last digits may differ: by less than 1e-4 in float32, more in bfloat16.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser
from explorer.errors import ModelUnavailable
from explorer.inference.scheduler import Call, Caller, Cancelled, Part, PassScheduler, forward, out_of_memory
from explorer.thread_priority import lower_thread_priority

__all__ = ["Batcher", "Cancelled", "Stats"]

PICTURE_PIXELS = 128 * 128  # pixels
PASSES_BEFORE_GROWTH = 100  # without running out of memory, after which a limit that had been halved is doubled again
WORKER_IDLE_S = 10.0  # without calls, and the thread ends until the next one
CLOSED_MESSAGE = "The model is shutting down."
OVERDUE_MESSAGE = "The model took too long over this and was stopped; please try again."
DIED_MESSAGE = "The model stopped unexpectedly; please try again."


@dataclass(frozen=True)
class Stats:
    """Rows that wait and that are in a forward pass now; passes and rows answered since the start."""

    waiting: int
    in_flight: int
    passes: int
    rows: int
    max_pixels: int  # of one pass; falls when memory runs out, and rises again after a while
    stalled_s: float = 0.0  # since a pass began or ended, while rows wait or are in one

    @property
    def mean_batch(self) -> float:
        """Rows per forward pass, 0 before the first."""
        return self.rows / max(1, self.passes)


class Batcher:
    """Merges the calls of many threads; on Linux, its thread and those of torch below it have a lower priority."""

    def __init__(
        self, device: torch.device | str = "cpu", max_wait_s: float = 0.004, max_pixels: int = 0, deadline_s: float = 60
    ) -> None:
        """max_wait_s: how long a pass with room waits for callers whom the last one answered. max_pixels: rows x H x W
        of a pass, 0 for 8 pictures of 128x128, 64 on CUDA. deadline_s: a pass that takes longer is given up.
        """
        self._device = torch.device(device)
        self._max_wait_s, self._deadline_s = max_wait_s, deadline_s
        self._most_pixels = max_pixels or PICTURE_PIXELS * (64 if self._device.type == "cuda" else 8)
        self._changed = threading.Condition()  # guards all that follows
        self._turns, self._max_pixels, self._clean = PassScheduler(), self._most_pixels, 0
        self._worker: threading.Thread | None = None  # a thread that is no longer this one changes nothing
        self._flight: list[Part] = []
        self._started = self._ended = self._woken = 0.0  # passes, and a call when there was none; monotonic seconds
        self._passes = self._rows = 0
        self._closed = False

    def denoiser(
        self, model: Denoiser, cancelled: Callable[[], bool] = lambda: False, background: bool = False
    ) -> Denoiser:
        """The model as one caller sees it: CPU tensors, float32 out. Make one for each run of a sampler.

        model: is called with tensors on the device, one pass at a time. cancelled: asked by another thread, between
        passes; once it is true, rows are dropped and calls raise Cancelled. background: nobody waits for the answer;
        it is worked on while there is nothing else. A call also raises ModelUnavailable, what the model raises for its
        rows alone, and FloatingPointError for a result that is not finite.
        """
        return partial(self._ask, Caller(model, cancelled, background))

    def stats(self) -> Stats:
        """Counters for the metrics."""
        with self._changed:
            in_flight = sum(rows for _, rows in self._flight)
            waiting = sum(call.left for call in self._turns.calls) - in_flight
            moved = max(self._started, self._ended, self._woken) if self._turns.calls else time.monotonic()
            stalled = max(0.0, time.monotonic() - moved)
            return Stats(waiting, in_flight, self._passes, self._rows, self._max_pixels, stalled)

    def close(self) -> None:
        """Open calls and all later ones raise ModelUnavailable; the thread ends with the pass under way."""
        with self._changed:
            worker, self._closed = self._worker, True
            self._end_all(CLOSED_MESSAGE)
        if worker is not None:
            worker.join(self._deadline_s)

    def _ask(self, caller: Caller, x: Tensor, sigma: Tensor | float, label: Tensor | None = None) -> Tensor:
        call = Call(caller, x, sigma, label)
        if reason := caller.reason_to_drop():
            raise reason
        if call.left == 0:
            return call.x0
        with self._changed:
            if self._closed:
                raise ModelUnavailable(CLOSED_MESSAGE)
            if self._worker is None:
                self._start_worker()
            if not self._turns.calls:
                self._woken = time.monotonic()
            self._turns.calls.append(call)
            self._changed.notify_all()
        while not wait([call.future], self._deadline_s / 2).done:
            self._give_up_overdue()
        return call.future.result()

    def _start_worker(self) -> None:
        worker = threading.Thread(target=self._work, name="batcher", daemon=True)
        worker.start()
        self._worker = worker

    def _is_worker(self) -> bool:
        return threading.current_thread() is self._worker

    @torch.inference_mode()
    def _work(self) -> None:
        try:
            lower_thread_priority()
            while parts := self._next_pass():
                self._run(parts)
        except BaseException:
            with self._changed:
                if self._is_worker():
                    self._end_all(DIED_MESSAGE)
            raise

    def _next_pass(self) -> list[Part]:
        """Wait until there is one to be run; none when this thread's work is over."""
        self._drop_cancelled()
        with self._changed:
            while self._is_worker():
                if self._turns.calls:
                    parts, more_expected = self._turns.next_pass(self._max_pixels)
                    patience = self._ended + self._max_wait_s - time.monotonic() if more_expected else 0.0
                    if patience <= 0:
                        return parts
                    self._changed.wait(patience)
                elif not self._changed.wait(WORKER_IDLE_S) and not self._turns.calls and self._is_worker():
                    self._worker = None
        return []

    def _drop_cancelled(self) -> None:
        with self._changed:
            calls = list(self._turns.calls)
        reasons = [(call, call.caller.reason_to_drop()) for call in calls]  # others' code: not under the lock
        with self._changed:
            for call, reason in reasons:
                if reason is not None and self._is_worker():
                    self._turns.fail(call, reason)

    def _run(self, parts: list[Part]) -> None:
        """One forward pass; should it fail for several callers, one for each of them."""
        with self._changed:
            if not self._is_worker():
                return
            self._flight, self._started = parts, time.monotonic()
        outcome, rows = forward(parts, self._device), sum(rows for _, rows in parts)
        no_memory = isinstance(outcome, Exception) and out_of_memory(outcome)
        if isinstance(outcome, Exception) and len(parts) > 1 and not no_memory:
            for part in parts:
                self._run([part])
            return
        with self._changed:
            if not self._is_worker():
                return
            self._flight, self._ended = [], time.monotonic()
            if isinstance(outcome, Tensor):
                self._turns.answer(parts, outcome)
                self._passes, self._rows = self._passes + 1, self._rows + rows
                self._grow()
            elif no_memory and rows > 1:
                self._max_pixels = rows // 2 * parts[0][0].pixels  # the same calls come again, fewer at once
                self._clean = 0
            else:
                self._turns.fail(parts[0][0], outcome)

    def _grow(self) -> None:
        """Double a limit that had been halved, once there has been memory enough for a while."""
        self._clean += 1
        if self._clean >= PASSES_BEFORE_GROWTH and self._max_pixels < self._most_pixels:
            self._max_pixels, self._clean = min(2 * self._max_pixels, self._most_pixels), 0

    def _give_up_overdue(self) -> None:
        """Leave a pass that hangs to its thread, tell its callers, and go on with a new thread."""
        with self._changed:
            if self._flight and time.monotonic() - self._started > self._deadline_s:
                for call, _ in self._flight:
                    self._turns.fail(call, ModelUnavailable(OVERDUE_MESSAGE))
                self._flight = []
                self._start_worker()

    def _end_all(self, sentence: str) -> None:
        for call in list(self._turns.calls):
            self._turns.fail(call, ModelUnavailable(sentence))
        self._flight, self._worker = [], None
        self._changed.notify_all()
