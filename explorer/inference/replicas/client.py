"""The network where replicas of it run elsewhere: each step of each visitor is one call, asked again if a replica dies.

The state of a run is with the sampler, here. A replica that dies takes nothing along but an answer that it owed, and
the run goes on from its last step with the answer of another. Nothing here knows what carries the calls.
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

import numpy as np
import torch
from torch import Tensor

from explorer.core.denoiser import Denoiser, broadcast_sigma
from explorer.errors import ModelUnavailable
from explorer.inference.batcher import CLOSED_MESSAGE, DIED_MESSAGE, OVERDUE_MESSAGE
from explorer.inference.replicas.worker import ReplicaCall, ReplicaFailure, ReplicaInfo
from explorer.inference.scheduler import Cancelled

MAX_ATTEMPTS = 4  # deaths under one call: perhaps the call is the cause
RETRY_PAUSE_S = 0.1  # before a call is asked again; twice as long each time
POLL_S = 0.25  # how often somebody who waits looks whether it is still worth it
ANSWER_DEADLINE_S = 60.0  # for one answer
NO_REPLICA_GRACE_S = 30.0  # without any replica: one that has died is usually back by then
COUNT_INTERVAL_S = 1.0  # between two counts of the replicas
COUNT_STALE_S = 10.0  # after which a count is not believed any more
UNREACHABLE_MESSAGE = "The machines that run the model cannot be reached just now; please try again in a minute."


class PendingAnswer(Protocol):
    """An answer that is under way."""

    def result(self, timeout_s: float) -> np.ndarray | ReplicaFailure:
        """Raises TimeoutError when it is not there yet; it can be asked again then."""
        ...

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        ...


@dataclass(frozen=True)
class ReplicaStats:
    """Replicas that run; rows asked for and not answered; rows answered and calls repeated since the start."""

    live: int
    in_flight: int
    rows: int
    repeated: int


class Replicas:
    """All replicas of one network; safe from many threads."""

    def __init__(
        self,
        ask: Callable[[ReplicaCall], PendingAnswer],
        lost: tuple[type[Exception], ...],
        count: Callable[[], int],
        about: ReplicaInfo,
        end: Callable[[], None] = lambda: None,
        most: int = 1,
        deadline_s: float = ANSWER_DEADLINE_S,
        grace_s: float = NO_REPLICA_GRACE_S,
    ) -> None:
        """ask: hand a call to any replica. lost: what `result` raises when it died over it. count: of live replicas,
        may raise or take long. about: what is the same for all of them. end: called once, by close. most: replicas.
        """
        self._send, self._lost, self._count, self._end = ask, lost, count, end
        self.about, self.most = about, most
        self._deadline_s, self._grace_s = deadline_s, grace_s
        self._lock = threading.Lock()  # guards the numbers that follow
        self._in_flight = self._rows = self._repeated = 0
        self._live, self._counted, self._seen = 0, 0.0, time.monotonic()  # when counted, when the last one was seen
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="replicas", daemon=True).start()

    def denoiser(self, cancelled: Callable[[], bool] = lambda: False, background: bool = False) -> Denoiser:
        """The network as one caller sees it: CPU tensors, float32 out. Make one for each run of a sampler.

        cancelled, background, and what calls raise: as of Batcher.denoiser.
        """
        return partial(self._ask, uuid.uuid4().hex, cancelled, background)

    def stats(self) -> ReplicaStats:
        """Counters for the metrics."""
        with self._lock:
            fresh = time.monotonic() - self._counted < COUNT_STALE_S
            return ReplicaStats(self._live if fresh else 0, self._in_flight, self._rows, self._repeated)

    def close(self) -> None:
        """Calls under way and all later ones raise ModelUnavailable."""
        if not self._closed.is_set():
            self._closed.set()
            self._end()

    def _ask(
        self, run: str, cancelled: Callable[[], bool], background: bool, x: Tensor, sigma: Tensor | float,
        label: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        x = x.detach().float()
        labels = None if label is None else torch.as_tensor(label).expand(len(x)).numpy()
        ask = ReplicaCall(x.numpy(), broadcast_sigma(sigma, x).flatten().numpy(), labels, run, background)
        with self._lock:
            self._in_flight += len(x)
        try:
            answer = self._answer(ask, cancelled)
        finally:
            with self._lock:
                self._in_flight -= len(x)
        if isinstance(answer, ReplicaFailure):
            raise (FloatingPointError if answer.not_finite else ModelUnavailable)(answer.sentence)
        with self._lock:
            self._rows += len(x)
        return torch.tensor(answer)  # a copy: what comes out of shared memory is read-only

    def _answer(self, ask: ReplicaCall, cancelled: Callable[[], bool]) -> np.ndarray | ReplicaFailure:
        """Of the first replica that lives long enough."""
        end = time.monotonic() + self._deadline_s
        for attempt in range(MAX_ATTEMPTS):
            if reason := self._reason_to_stop(cancelled, end):
                raise reason
            try:
                return self._wait(self._send(ask), cancelled, end)
            except self._lost:
                with self._lock:
                    self._repeated += 1
                self._closed.wait(RETRY_PAUSE_S * 2**attempt)
        raise ModelUnavailable(DIED_MESSAGE)

    def _wait(self, pending: PendingAnswer, cancelled: Callable[[], bool], end: float) -> np.ndarray | ReplicaFailure:
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
        """Count the replicas now and then; whoever waits looks at the last count, which never takes long."""
        while not self._closed.wait(COUNT_INTERVAL_S):
            with suppress(Exception):  # there is no count then, and the last one grows old
                live = self._count()
                with self._lock:
                    self._live, self._counted = live, time.monotonic()
                    self._seen = self._counted if live else self._seen
