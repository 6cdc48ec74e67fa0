"""Client of the network's replicas: each step of each run is one call, sent again if a replica dies.

The state of a run stays with the sampler, in this process. A replica that dies loses only the results that it was
computing, and another replica computes them. How calls travel is up to the `send` function that is passed in.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser, broadcast_sigma
from explorer.errors import ModelUnavailable
from explorer.inference.batcher import CLOSED_MESSAGE, DIED_MESSAGE, OVERDUE_MESSAGE
from explorer.inference.replicas.worker import Picture, ReplicaCall, ReplicaFailure, ReplicaInfo
from explorer.inference.scheduler import Cancelled

MAX_ATTEMPTS = 4  # of one call, which may itself be what kills the replicas
RETRY_PAUSE_S = 0.1  # before the second attempt; doubled for each further one
POLL_S = 0.25  # between checks, while a call waits, for cancellation, deadline and shutdown
ANSWER_DEADLINE_S = 60.0  # for one call with all its attempts
NO_REPLICA_GRACE_S = 30.0  # without any replica, before calls fail; a dead replica is usually restarted by then
COUNT_INTERVAL_S = 1.0  # between two counts of the replicas
COUNT_STALE_S = 10.0  # age at which a count no longer appears in the metrics
UNREACHABLE_MESSAGE = "The machines that run the model cannot be reached just now; please try again in a minute."


class PendingAnswer(Protocol):
    """The future result of a call."""

    def result(self, timeout_s: float) -> Picture | ReplicaFailure:
        """Return the result. Raise TimeoutError when it is not there within timeout_s; may then be called again."""
        ...

    def cancel(self) -> None:
        """Tell the replica that the result is no longer needed."""
        ...


@dataclass(frozen=True)
class ReplicaStats:
    """Counters of the client."""

    live: int  # replicas that take calls, 0 where unknown
    in_flight: int  # rows sent and not returned
    rows: int  # returned since the start
    repeated: int  # attempts lost with a replica since the start


class Replicas:
    """All replicas of one network; thread-safe."""

    def __init__(
        self,
        send: Callable[[ReplicaCall], PendingAnswer],
        lost_errors: tuple[type[Exception], ...],
        count_live: Callable[[], int],
        info: ReplicaInfo,
        on_close: Callable[[], None] = lambda: None,
        max_replicas: int = 1,
        deadline_s: float = ANSWER_DEADLINE_S,
        grace_s: float = NO_REPLICA_GRACE_S,
    ) -> None:
        """Connect to replicas.

        send: passes a call to any replica. lost_errors: what `PendingAnswer.result` raises when the replica died.
        count_live: the number of replicas that take calls; may raise or take long. info: what all replicas have in
        common. on_close: called once, by `close`. max_replicas: how many there can be. deadline_s, grace_s: see
        ANSWER_DEADLINE_S and NO_REPLICA_GRACE_S.
        """
        self._send, self._lost_errors, self._count_live, self._on_close = send, lost_errors, count_live, on_close
        self.info, self.max_replicas = info, max_replicas
        self._deadline_s, self._grace_s = deadline_s, grace_s
        self._lock = threading.Lock()  # guards the numbers that follow
        self._in_flight = self._rows = self._repeated = 0
        self._live, self._counted, self._seen = 0, 0.0, time.monotonic()  # last count, its time, last time above 0
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="replicas", daemon=True).start()

    def denoiser(self, cancelled: Callable[[], bool] = lambda: False, background: bool = False) -> Denoiser:
        """Return the network as a Denoiser of CPU tensors, float32 out; make one for each run of a sampler.

        cancelled, background and the exceptions of a call are those of `Batcher.denoiser`.
        """
        return partial(self._ask, uuid.uuid4().hex, cancelled, background)

    def stats(self) -> ReplicaStats:
        """Return the counters."""
        with self._lock:
            fresh = time.monotonic() - self._counted < COUNT_STALE_S
            return ReplicaStats(self._live if fresh else 0, self._in_flight, self._rows, self._repeated)

    def close(self) -> None:
        """Make calls under way and all later ones raise ModelUnavailable, and call `on_close`."""
        if not self._closed.is_set():
            self._closed.set()
            self._on_close()

    def _ask(
        self, run: str, cancelled: Callable[[], bool], background: bool, x: Tensor, sigma: Tensor | float,
        label: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        x = x.detach().float()
        labels = None if label is None else torch.as_tensor(label).expand(len(x)).numpy()
        call = ReplicaCall(x.numpy(), broadcast_sigma(sigma, x).flatten().numpy(), labels, run, background)
        with self._lock:
            self._in_flight += len(x)
        try:
            answer = self._answer(call, cancelled)
        finally:
            with self._lock:
                self._in_flight -= len(x)
        if isinstance(answer, ReplicaFailure):
            raise (FloatingPointError if answer.not_finite else ModelUnavailable)(answer.sentence)
        with self._lock:
            self._rows += len(x)
        return torch.tensor(answer)  # a copy: arrays in Ray's shared memory are read-only

    def _answer(self, call: ReplicaCall, cancelled: Callable[[], bool]) -> Picture | ReplicaFailure:
        """The result from the first replica that survives the call."""
        end = time.monotonic() + self._deadline_s
        for attempt in range(MAX_ATTEMPTS):
            if reason := self._reason_to_stop(cancelled, end):
                raise reason
            try:
                return self._wait(self._send(call), cancelled, end)
            except self._lost_errors:
                with self._lock:
                    self._repeated += 1
                self._closed.wait(RETRY_PAUSE_S * 2**attempt)
        raise ModelUnavailable(DIED_MESSAGE)

    def _wait(self, pending: PendingAnswer, cancelled: Callable[[], bool], end: float) -> Picture | ReplicaFailure:
        while True:
            try:
                return pending.result(timeout_s=POLL_S)
            except TimeoutError:
                if reason := self._reason_to_stop(cancelled, end):
                    pending.cancel()
                    raise reason from None

    def _reason_to_stop(self, cancelled: Callable[[], bool], end: float) -> Exception | None:
        now = time.monotonic()
        with self._lock:
            missed = now - self._seen
        if self._closed.is_set():
            return ModelUnavailable(CLOSED_MESSAGE)
        if cancelled():
            return Cancelled()
        if missed > self._grace_s:
            return ModelUnavailable(UNREACHABLE_MESSAGE)
        return ModelUnavailable(OVERDUE_MESSAGE) if now > end else None

    def _watch(self) -> None:
        """Count the replicas every COUNT_INTERVAL_S, in a thread of its own because counting may block."""
        while not self._closed.wait(COUNT_INTERVAL_S):
            with suppress(Exception):  # the last count then becomes stale
                live = self._count_live()
                with self._lock:
                    self._live, self._counted = live, time.monotonic()
                    self._seen = self._counted if live else self._seen
