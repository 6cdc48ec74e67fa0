"""The batcher: whose rows share a forward pass, and that each gets what it would have got alone."""

import os
import sys
import threading

import pytest
import torch

from explorer import weights
from explorer.core.denoisers.guidance import class_guided
from explorer.core.noise import white
from explorer.core.samplers.registry import SAMPLERS
from explorer.inference.batcher import Batcher
from explorer.inference.scheduler import fair_shares
from explorer.thread_priority import WORKER_NICENESS
from tests.support.batching import SIDE, Recorder, busy, queued, rows
from tests.support.waiting import GIVE_UP_S, wait_until


def test_those_who_wait_are_merged_and_get_their_own_rows(batcher, start):
    model = Recorder()
    first = busy(batcher, start, model)
    levels = (torch.tensor([1.0, 2.0]), 3.0, torch.tensor(4.0))
    calls = [queued(batcher, start, batcher.denoiser(model), rows(2), sigma) for sigma in levels]
    stats = batcher.stats()
    assert (stats.waiting, stats.in_flight, stats.passes) == (6, 1, 0)
    model.open()
    for call, expected in zip([first, *calls], ([99], [1, 2], [3, 3], [4, 4]), strict=True):
        x0 = call.result(GIVE_UP_S)
        assert x0.dtype == torch.float32 and not x0.is_inference()
        assert x0[:, 0, 0, 0].tolist() == expected
    assert model.passes == [[99], [1, 2, 3, 3, 4, 4]]
    stats = batcher.stats()
    assert (stats.waiting, stats.in_flight, stats.passes, stats.rows, stats.mean_batch) == (0, 0, 2, 7, 3.5)


def test_a_newcomer_is_in_the_next_pass_of_a_long_run(batcher, start):
    model = Recorder()
    denoiser = batcher.denoiser(model)
    running = start(lambda: [denoiser(rows(1), float(i)) for i in range(4)])
    assert model.entered.acquire(timeout=GIVE_UP_S)  # in pass 0
    newcomer = queued(batcher, start, batcher.denoiser(model), rows(1), 50.0)
    model.gate.release()
    assert model.entered.acquire(timeout=GIVE_UP_S)  # in pass 1, with or without the runner's next step
    assert 50 in model.passes[1]
    model.open()
    assert newcomer.result(GIVE_UP_S).max() == 50 and len(running.result(GIVE_UP_S)) == 4


@pytest.mark.parametrize(("count", "limit"), [(32, 8), (9, 2), (3, 1)])
def test_many_rows_hold_up_nobody(start, count, limit):
    batcher, model = Batcher(max_wait_s=0, max_pixels=limit * SIDE * SIDE), Recorder()
    large = busy(batcher, start, model, count, torch.arange(count) + 2)
    small = queued(batcher, start, batcher.denoiser(model), rows(1), 1.0)
    model.open()
    assert small.result(GIVE_UP_S).max() == 1
    assert large.result(GIVE_UP_S)[:, 0, 0, 0].tolist() == list(range(2, count + 2))
    assert max(map(len, model.passes)) == limit and sum(map(len, model.passes)) == count + 1
    assert any(1 in sigmas for sigmas in model.passes[1:3])  # at the latest one pass after the next
    batcher.close()


def test_more_callers_than_room_take_turns(start):
    batcher, model = Batcher(max_wait_s=0, max_pixels=4 * SIDE * SIDE), Recorder()
    first = busy(batcher, start, model)
    calls = [queued(batcher, start, batcher.denoiser(model), rows(2), float(i)) for i in range(6)]
    model.open()
    for i, call in enumerate([first, *calls]):
        assert call.result(GIVE_UP_S).max() == (i - 1 if i else 99)
    assert model.passes[1:] == [[0, 1, 2, 3], [4, 5, 0, 1], [2, 3, 4, 5]]
    batcher.close()


@pytest.mark.parametrize(
    ("wanted", "room", "shares"),
    [([32, 1], 8, [7, 1]), ([2, 1, 5], 6, [2, 1, 3]), ([1, 1, 1], 2, [1, 1, 0]), ([2, 3], 9, [2, 3]), ([], 4, [])],
)
def test_fair_shares(wanted, room, shares):
    assert fair_shares(wanted, room) == shares


def test_other_models_sizes_and_kinds_of_call_have_passes_of_their_own(batcher, start):
    model, other = Recorder(), Recorder(gated=False)
    first = busy(batcher, start, model)
    one = torch.tensor([1])
    calls = [
        queued(batcher, start, batcher.denoiser(model), rows(1), 1.0),
        queued(batcher, start, batcher.denoiser(model), rows(1), 2.0, one),
        queued(batcher, start, batcher.denoiser(model), rows(1, SIDE + 1), 3.0),
        queued(batcher, start, batcher.denoiser(other), rows(1), 4.0),
        queued(batcher, start, batcher.denoiser(model), rows(2), 5.0, torch.tensor([2, 3])),
        queued(batcher, start, batcher.denoiser(model), rows(1), 6.0),
    ]
    model.open()
    assert [call.result(GIVE_UP_S)[0].max().item() for call in [first, *calls]] == [99, 1, 102, 3, 4, 205, 6]
    assert model.passes == [[99], [1, 6], [2, 5, 5], [3]] and other.passes == [[4]]
    assert model.labels == [None, None, [1, 2, 3], None]


def test_a_lone_caller_waits_for_nobody(patient, start):
    model = Recorder(gated=False)
    denoiser = patient.denoiser(model)
    assert len(start(lambda: [denoiser(rows(2), float(i)) for i in range(5)]).result(GIVE_UP_S)) == 5
    assert model.passes == [[i, i] for i in map(float, range(5))]


def test_a_pass_waits_for_those_who_are_coming_back(patient, start):
    blocker, model = Recorder(), Recorder(gated=False)
    first = busy(patient, start, blocker)
    callers = [patient.denoiser(model) for _ in range(3)]
    calls = [queued(patient, start, denoiser, rows(1), 1.0) for denoiser in callers]
    blocker.open()
    assert [call.result(GIVE_UP_S).max().item() for call in (first, *calls)] == [99, 1, 1, 1]
    calls = [queued(patient, start, denoiser, rows(1), 2.0) for denoiser in callers[:2]]  # and stay so
    calls.append(start(callers[2], rows(1), 2.0))
    assert [call.result(GIVE_UP_S).max().item() for call in calls] == [2, 2, 2]
    assert model.passes == [[1] * 3, [2] * 3]


def test_a_pass_does_not_wait_long_for_those_who_have_left(start):
    batcher, model = Batcher(max_wait_s=0.05), Recorder()
    first = busy(batcher, start, model)
    denoiser = batcher.denoiser(model)
    stays = queued(batcher, start, denoiser, rows(1), 1.0)
    leaves = queued(batcher, start, batcher.denoiser(model), rows(1), 2.0)
    model.open()
    assert [call.result(GIVE_UP_S).max().item() for call in (first, stays, leaves)] == [99, 1, 2]
    assert start(denoiser, rows(1), 3.0).result(GIVE_UP_S).max() == 3
    batcher.close()


def test_the_background_waits_until_there_is_nobody_and_then_gets_one_row(batcher, start):
    model = Recorder()
    first = busy(batcher, start, model)
    behind = queued(batcher, start, batcher.denoiser(model, background=True), rows(3), 50.0)
    visitor = queued(batcher, start, batcher.denoiser(model), rows(2), 1.0)
    model.gate.release()
    for _ in range(2):  # the visitor's pass, the first of the background
        assert model.entered.acquire(timeout=GIVE_UP_S)
        model.gate.release()
    assert model.entered.acquire(timeout=GIVE_UP_S)  # in the second of the background: who comes now is in the next
    late = queued(batcher, start, batcher.denoiser(model), rows(2), 2.0)
    model.open()
    assert [call.result(GIVE_UP_S).max().item() for call in (first, visitor, late, behind)] == [99, 1, 2, 50]
    assert model.passes == [[99], [1, 1], [50], [50], [2, 2], [50]]


def test_the_background_waits_for_those_who_are_coming_back(patient, start):
    model = Recorder(gated=False)
    denoiser, blocker = patient.denoiser(model), Recorder()
    first = busy(patient, start, blocker)
    step = queued(patient, start, denoiser, rows(1), 1.0)
    behind = queued(patient, start, patient.denoiser(model, background=True), rows(1), 50.0)
    blocker.open()
    assert step.result(GIVE_UP_S).max() == 1
    assert start(denoiser, rows(1), 2.0).result(GIVE_UP_S).max() == 2  # the same run's next step
    assert model.passes == [[1], [2]] and first.done() and not behind.done()


def test_the_model_runs_in_inference_mode_and_the_caller_does_not_notice(batcher):
    seen = []
    model = Recorder(gated=False, before=lambda x, sigma: seen.append(torch.is_inference_mode_enabled()))
    x0 = batcher.denoiser(model)(rows(1).requires_grad_(), 1.0)
    assert seen == [True] and not x0.is_inference() and not x0.requires_grad
    (x0 * torch.ones(1, requires_grad=True)).sum().backward()  # refused to tensors of inference mode


def test_no_rows_need_no_pass(batcher):
    assert batcher.denoiser(Recorder())(rows(0), 1.0).shape == (0, 3, SIDE, SIDE)


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_the_threads_priority_is_low_and_the_callers_is_not(batcher):
    own, seen = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), []
    look = lambda x, sigma: seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    batcher.denoiser(Recorder(gated=False, before=look))(rows(1), 1.0)
    assert seen == [max(own, WORKER_NICENESS)] and os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


@pytest.fixture(scope="module")
def network():
    return weights.load("scenes")


def picture_noise(index):
    return 5 * white((1, 3, 64, 64), index, "batcher")


def test_merged_trajectories_of_the_network_are_the_lone_ones(network, start):
    """Other samplers, levels and classes at once; each as if it had been alone."""
    sigmas = [5.0, 1.0, 0.2, 0.0]
    batcher, blocker = Batcher(max_wait_s=0.5), Recorder()
    busy(batcher, start, blocker)

    def run(denoiser, sampler, index):
        guided = class_guided(denoiser, index, 2.0, 7)
        return list(SAMPLERS[sampler](guided, picture_noise(index), sigmas))[-1].x

    cases = [("euler", 0), ("heun", 3), ("dpmpp-2m", 5)]
    together = [start(run, batcher.denoiser(network), *case) for case in cases]
    wait_until(lambda: batcher.stats().waiting == 6)  # each call has two rows, for a class and for any
    blocker.open()
    for case, future in zip(cases, together, strict=True):
        torch.testing.assert_close(future.result(GIVE_UP_S), run(network, *case), atol=1e-4, rtol=0)
    assert batcher.stats().mean_batch > 2
    batcher.close()


def test_a_lone_call_of_the_network_has_the_same_bytes_each_time(network, batcher):
    x = picture_noise(1)
    first, second = (batcher.denoiser(network)(x, 1.0) for _ in range(2))
    with torch.inference_mode():
        direct = network(x, 1.0)
    assert torch.equal(first, second) and torch.equal(first, direct)
