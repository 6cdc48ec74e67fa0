"""The numbers that the threads of a client of replicas share are touched under its lock alone."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from explorer.errors import ModelUnavailable
from explorer.inference.replicas import client
from explorer.inference.replicas.client import Replicas
from explorer.inference.replicas.worker import ReplicaFailure
from tests.support.lock_watch import watched
from tests.support.waiting import wait_until

SHARED = {"_in_flight", "_rows", "_repeated", "_live", "_counted", "_seen"}
X = torch.zeros(2, 3, 4, 4)


class Lost(Exception):
    """A replica that died under a call."""


class Owned:
    """A lock that knows the thread which holds it."""

    def __init__(self):
        self.lock, self.owner = threading.Lock(), None

    def __enter__(self):
        self.lock.acquire()
        self.owner = threading.get_ident()

    def __exit__(self, *error):
        self.owner = None
        self.lock.release()


WatchedReplicas = watched(Replicas, SHARED, lambda replicas: replicas._lock.owner == threading.get_ident())


@pytest.fixture
def connect(monkeypatch):
    """Replicas whose calls end in what is given, one after another; nothing may be touched without the lock."""
    monkeypatch.setattr(client, "RETRY_PAUSE_S", 0.0)
    monkeypatch.setattr(client, "COUNT_INTERVAL_S", 0.001)
    own = SimpleNamespace(Lock=Owned, Event=threading.Event, Thread=threading.Thread)
    monkeypatch.setattr(client, "threading", own)
    made = []

    def connected(*outcomes, live=3):
        left = iter(outcomes)

        def result(timeout_s):
            outcome = next(left)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        pending = SimpleNamespace(result=result, cancel=lambda: None)
        made.append(WatchedReplicas(lambda call: pending, (Lost,), lambda: live, None))
        made[-1].unguarded = []
        return made[-1]

    yield connected
    for replicas in made:
        replicas.close()
        assert replicas.unguarded == []


def test_answers_losses_and_counts(connect):
    replicas = connect(Lost(), TimeoutError(), np.ones(X.shape, np.float32))
    assert replicas.denoiser()(X, 1.0).unique().tolist() == [1.0]
    wait_until(lambda: replicas.stats().live == 3)
    stats = replicas.stats()
    assert (stats.in_flight, stats.rows, stats.repeated) == (0, 2, 1)


def test_failures_leave_nothing_in_flight(connect):
    replicas = connect(ReplicaFailure("Not now."), ReplicaFailure("Not finite.", not_finite=True))
    with pytest.raises(ModelUnavailable, match="Not now"):
        replicas.denoiser()(X, 1.0)
    with pytest.raises(FloatingPointError, match="Not finite"):
        replicas.denoiser()(X, 1.0)
    assert (replicas.stats().in_flight, replicas.stats().rows) == (0, 0)


def test_a_call_is_sent_four_times_at_most(connect):
    replicas = connect(*[Lost()] * 4)
    with pytest.raises(ModelUnavailable, match="stopped unexpectedly"):
        replicas.denoiser()(X, 1.0)
    assert replicas.stats().repeated == 4
