"""Everything that the batcher's threads share is touched under its lock alone, whatever happens to a call."""

import threading

import pytest
import torch

from explorer.errors import ModelUnavailable
from explorer.inference.batcher import Batcher, Cancelled
from tests.support.batching import SIDE, Recorder, busy, queued, rows
from tests.support.lock_watch import watched
from tests.support.waiting import GIVE_UP_S

SHARED = {
    "_scheduler", "_max_pixels", "_passes_in_memory", "_worker", "_flight", "_started", "_ended", "_woken", "_passes",
    "_rows", "_closed",
}  # fmt: skip
WatchedBatcher = watched(Batcher, SHARED, lambda batcher: batcher._changed._is_owned())


@pytest.fixture
def watched_batcher():
    batcher = WatchedBatcher(max_wait_s=0, max_pixels=8 * SIDE * SIDE)
    batcher.unguarded = []
    yield batcher
    batcher.close()
    assert batcher.unguarded == []


def test_calls_that_are_merged_and_counted(watched_batcher, start):
    model = Recorder()
    first = busy(watched_batcher, start, model)
    calls = [queued(watched_batcher, start, watched_batcher.denoiser(model), rows(2), 1.0) for _ in range(3)]
    model.open()
    assert all(call.result(GIVE_UP_S).max() == 1 for call in calls) and first.result(GIVE_UP_S).max() == 99
    assert watched_batcher.stats().rows == 7


def test_calls_that_fail_are_dropped_or_run_out_of_memory(watched_batcher, start):
    def check(x, sigma):
        if 13 in sigma:
            raise ValueError("unlucky")
        if len(x) > 2:
            raise torch.OutOfMemoryError("out of memory")

    model, gone = Recorder(before=check), threading.Event()
    first = busy(watched_batcher, start, model)
    bad = queued(watched_batcher, start, watched_batcher.denoiser(model), rows(1), 13.0)
    dropped = queued(watched_batcher, start, watched_batcher.denoiser(model, gone.is_set), rows(1), 1.0)
    large = queued(watched_batcher, start, watched_batcher.denoiser(model), rows(4), 1.0)
    gone.set()
    model.open()
    assert first.result(GIVE_UP_S).max() == 99 and large.result(GIVE_UP_S).max() == 1
    with pytest.raises(ValueError, match="unlucky"):
        bad.result(GIVE_UP_S)
    with pytest.raises(Cancelled):
        dropped.result(GIVE_UP_S)


def test_a_pass_that_is_abandoned_and_the_end(watched_batcher, start):
    model = Recorder()
    call = busy(watched_batcher, start, model)
    with watched_batcher._changed:
        watched_batcher._started -= 1000
    watched_batcher._abandon_overdue()
    with pytest.raises(ModelUnavailable, match="too long"):
        call.result(GIVE_UP_S)
    other = Recorder()
    waiting = busy(watched_batcher, start, other)
    closing = start(watched_batcher.close)
    with pytest.raises(ModelUnavailable, match="shutting down"):
        waiting.result(GIVE_UP_S)
    model.open()
    other.open()
    closing.result(GIVE_UP_S)
