"""Dynamic batching: one thread runs the models, and each forward pass merges rows of all callers who are waiting.

A sampler calls its denoiser for one noise level at a time and is unaware of this. The rows (x, sigma, label) of a new
call are in the next pass; a call of one row waits for the pass under way and for its own. See `scheduler`.

The same call by itself gives the same bytes each time, on the same machine with the same versions. Merged with other
rows it is a different batch for the device, and the last digits may differ: by less than 1e-4 in float32, more in
bfloat16.
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

PICTURE_PIXELS = 128 * 128  # of the picture that batch sizes are stated for
PASSES_BEFORE_GROWTH = 100  # without running out of memory, before a reduced limit is doubled again
WORKER_IDLE_S = 10.0  # without a call, after which the thread ends; the next call starts another
DEFAULT_PASS_PICTURES = {"cuda": 64}  # of 128x128; other devices: 8
CLOSED_MESSAGE = "The model is shutting down."
OVERDUE_MESSAGE = "The model took too long over this and was stopped; please try again."
DIED_MESSAGE = "The model stopped unexpectedly; please try again."


@dataclass(frozen=True)
class Stats:
    """Counters of a batcher."""

    waiting: int  # rows in no pass yet
    in_flight: int  # rows in the pass under way
    passes: int  # completed since the start
    rows: int  # completed since the start
    max_pixels: int  # of one pass; halved when memory runs out, doubled again after PASSES_BEFORE_GROWTH
    stalled_s: float = 0.0  # seconds since a pass began or ended; 0 without open calls

    @property
    def mean_batch(self) -> float:
        """Mean number of rows in a pass, 0 before the first."""
        return self.rows / max(1, self.passes)


class Batcher:
    """Merge the calls of many threads into batches; thread-safe.

    On Linux the worker thread, and those that torch starts from it, run at a lower priority.
    """

    def __init__(
        self, device: torch.device | str = "cpu", max_wait_s: float = 0.004, max_pixels: int = 0, deadline_s: float = 60
    ) -> None:
        """Prepare for a device; the worker thread starts with the first call.

        max_wait_s: seconds that a pass with room waits for callers whose calls the last pass completed. max_pixels:
        rows x H x W of a pass, 0 for 8 pictures of 128x128, 64 on CUDA. deadline_s: seconds after which a pass is
        abandoned.
        """
        self._device = torch.device(device)
        self._max_wait_s, self._deadline_s = max_wait_s, deadline_s
        self._full_pixels = max_pixels or PICTURE_PIXELS * DEFAULT_PASS_PICTURES.get(self._device.type, 8)
        self._changed = threading.Condition()  # guards all that follows
        self._scheduler, self._max_pixels, self._passes_in_memory = PassScheduler(), self._full_pixels, 0
        self._worker: threading.Thread | None = (
            None  # an abandoned thread, which is no longer this one, changes nothing
        )
        self._flight: list[Part] = []
        # start and end of the last pass, and the first call after a time without any, in seconds of time.monotonic
        self._started = self._ended = self._woken = 0.0
        self._passes = self._rows = 0
        self._closed = False

    def denoiser(
        self, model: Denoiser, cancelled: Callable[[], bool] = lambda: False, background: bool = False
    ) -> Denoiser:
        """Return the model as a Denoiser of CPU tensors, float32 out; make one for each run of a sampler.

        model: called with tensors on the device, by one thread. cancelled: polled by the worker thread between passes;
        once true, rows are dropped and calls raise Cancelled. background: computed only while no other call is open. A
        call also raises ModelUnavailable after `close` or the deadline, FloatingPointError for a result that is not
        finite, and what the model raises for its rows alone.
        """
        return partial(self._ask, Caller(model, cancelled, background))

    def stats(self) -> Stats:
        """Return the counters."""
        with self._changed:
            in_flight = sum(rows for _, rows in self._flight)
            waiting = sum(call.left for call in self._scheduler.calls) - in_flight
            moved = max(self._started, self._ended, self._woken) if self._scheduler.calls else time.monotonic()
            stalled = max(0.0, time.monotonic() - moved)
            return Stats(waiting, in_flight, self._passes, self._rows, self._max_pixels, stalled)

    def close(self) -> None:
        """Make open and later calls raise ModelUnavailable, and end the thread after the pass under way."""
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
            if not self._scheduler.calls:
                self._woken = time.monotonic()
            self._scheduler.calls.append(call)
            self._changed.notify_all()
        while not wait([call.future], self._deadline_s / 2).done:
            self._abandon_overdue()
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
        """Wait for the parts of the next pass; an empty list ends this thread."""
        self._drop_cancelled()
        with self._changed:
            while self._is_worker():
                if self._scheduler.calls:
                    parts, more_expected = self._scheduler.next_pass(self._max_pixels)
                    wait_s = self._ended + self._max_wait_s - time.monotonic() if more_expected else 0.0
                    if wait_s <= 0:
                        return parts
                    self._changed.wait(wait_s)
                elif not self._changed.wait(WORKER_IDLE_S) and not self._scheduler.calls and self._is_worker():
                    self._worker = None
        return []

    def _drop_cancelled(self) -> None:
        with self._changed:
            calls = list(self._scheduler.calls)
        reasons = [(call, call.caller.reason_to_drop()) for call in calls]  # foreign code: not under the lock
        with self._changed:
            for call, reason in reasons:
                if reason is not None and self._is_worker():
                    self._scheduler.fail(call, reason)

    def _run(self, parts: list[Part]) -> None:
        """One forward pass; if it fails for several callers, one for each of them."""
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
                self._scheduler.answer(parts, outcome)
                self._passes, self._rows = self._passes + 1, self._rows + rows
                self._grow()
            elif no_memory and rows > 1:
                self._max_pixels = rows // 2 * parts[0][0].pixels  # the calls stay open: fewer rows in the next pass
                self._passes_in_memory = 0
            else:
                self._scheduler.fail(parts[0][0], outcome)

    def _grow(self) -> None:
        """Double a reduced limit after PASSES_BEFORE_GROWTH passes without running out of memory."""
        self._passes_in_memory += 1
        if self._passes_in_memory >= PASSES_BEFORE_GROWTH and self._max_pixels < self._full_pixels:
            self._max_pixels, self._passes_in_memory = min(2 * self._max_pixels, self._full_pixels), 0

    def _abandon_overdue(self) -> None:
        """Abandon a pass beyond the deadline together with its thread, fail its calls and start a new thread."""
        with self._changed:
            if self._flight and time.monotonic() - self._started > self._deadline_s:
                for call, _ in self._flight:
                    self._scheduler.fail(call, ModelUnavailable(OVERDUE_MESSAGE))
                self._flight = []
                self._start_worker()

    def _end_all(self, sentence: str) -> None:
        for call in list(self._scheduler.calls):
            self._scheduler.fail(call, ModelUnavailable(sentence))
        self._flight, self._worker = [], None
        self._changed.notify_all()
