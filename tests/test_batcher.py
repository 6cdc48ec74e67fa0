"""The batcher: whose rows share a forward pass, and that nobody's failure, size or departure is another's.

The models here say which rows they were given and wait at a gate, so that each test fixes who comes when.
"""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import torch

from explorer import weights
from explorer.backends.local import NICENESS, Batcher, Cancelled, Unavailable
from explorer.backends.turns import fair_shares
from explorer.core.guidance import class_guided
from explorer.core.noise import white
from explorer.core.samplers import SAMPLERS

PATIENCE = 60  # seconds until a test gives up; none depends on how long anything takes
SIDE = 4


class Recorder:
    """x0 = x + sigma (+ 100 label); notes the sigmas of every pass, and waits at the gate within it."""

    def __init__(self, gated=True, before=lambda x, sigma: None):
        self.passes, self.labels, self.gate, self.entered = [], [], threading.Semaphore(0), threading.Semaphore(0)
        self.gated, self.before = gated, before

    def __call__(self, x, sigma, label=None):
        self.thread = threading.current_thread()
        self.passes.append(sigma.tolist())
        self.labels.append(None if label is None else label.tolist())
        self.entered.release()
        if self.gated:
            assert self.gate.acquire(timeout=PATIENCE)
        self.before(x, sigma)
        return x + sigma[:, None, None, None] + (0 if label is None else 100 * label[:, None, None, None])

    def open(self):
        """Let this pass and all later ones through."""
        self.gated = False
        self.gate.release()


@pytest.fixture
def start():
    """Call a denoiser in a thread of its own, as start(denoiser, x, sigma) -> Future."""
    with ThreadPoolExecutor(80) as threads:
        yield threads.submit


@pytest.fixture
def batcher():
    with closing(Batcher(max_wait_s=0, max_pixels=8 * SIDE * SIDE)) as made:
        yield made


@pytest.fixture
def patient():
    """A batcher that waits an hour for callers that may come back."""
    with closing(Batcher(max_wait_s=3600)) as made:
        yield made


def rows(count, side=SIDE):
    return torch.zeros(count, 3, side, side)


def wait_for(condition):
    """Until a condition that another thread brings about."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def busy(batcher, start, model, count=1, sigma=99.0):
    """A first call that keeps the model at its gate, so that later ones have to queue up."""
    first = start(batcher.denoiser(model), rows(count), sigma)
    assert model.entered.acquire(timeout=PATIENCE)
    return first


def queued(batcher, start, denoiser, x, sigma, label=None):
    """A call that is certain to wait when this returns."""
    before = batcher.stats().waiting
    call = start(denoiser, x, sigma, label)
    wait_for(lambda: batcher.stats().waiting == before + len(x))
    return call


def test_those_who_wait_are_merged_and_get_their_own_rows(batcher, start):
    model = Recorder()
    first = busy(batcher, start, model)
    levels = (torch.tensor([1.0, 2.0]), 3.0, torch.tensor(4.0))
    calls = [queued(batcher, start, batcher.denoiser(model), rows(2), sigma) for sigma in levels]
    stats = batcher.stats()
    assert (stats.waiting, stats.in_flight, stats.passes) == (6, 1, 0)
    model.open()
    for call, expected in zip([first, *calls], ([99], [1, 2], [3, 3], [4, 4]), strict=True):
        x0 = call.result(PATIENCE)
        assert x0.dtype == torch.float32 and not x0.is_inference()
        assert x0[:, 0, 0, 0].tolist() == expected
    assert model.passes == [[99], [1, 2, 3, 3, 4, 4]]
    stats = batcher.stats()
    assert (stats.waiting, stats.in_flight, stats.passes, stats.rows, stats.mean_batch) == (0, 0, 2, 7, 3.5)


def test_a_newcomer_is_in_the_next_pass_of_a_long_run(batcher, start):
    model = Recorder()
    denoiser = batcher.denoiser(model)
    running = start(lambda: [denoiser(rows(1), float(i)) for i in range(4)])
    assert model.entered.acquire(timeout=PATIENCE)  # in pass 0
    newcomer = queued(batcher, start, batcher.denoiser(model), rows(1), 50.0)
    model.gate.release()
    assert model.entered.acquire(timeout=PATIENCE)  # in pass 1, with or without the runner's next step
    assert 50 in model.passes[1]
    model.open()
    assert newcomer.result(PATIENCE).max() == 50 and len(running.result(PATIENCE)) == 4


@pytest.mark.parametrize(("count", "limit"), [(32, 8), (9, 2), (3, 1)])
def test_many_rows_hold_up_nobody(start, count, limit):
    batcher, model = Batcher(max_wait_s=0, max_pixels=limit * SIDE * SIDE), Recorder()
    large = busy(batcher, start, model, count, torch.arange(count) + 2)
    small = queued(batcher, start, batcher.denoiser(model), rows(1), 1.0)
    model.open()
    assert small.result(PATIENCE).max() == 1
    assert large.result(PATIENCE)[:, 0, 0, 0].tolist() == list(range(2, count + 2))
    assert max(map(len, model.passes)) == limit and sum(map(len, model.passes)) == count + 1
    assert any(1 in sigmas for sigmas in model.passes[1:3])  # at the latest one pass after the next
    batcher.close()


def test_more_callers_than_room_take_turns(start):
    batcher, model = Batcher(max_wait_s=0, max_pixels=4 * SIDE * SIDE), Recorder()
    first = busy(batcher, start, model)
    calls = [queued(batcher, start, batcher.denoiser(model), rows(2), float(i)) for i in range(6)]
    model.open()
    for i, call in enumerate([first, *calls]):
        assert call.result(PATIENCE).max() == (i - 1 if i else 99)
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
    assert [call.result(PATIENCE)[0].max().item() for call in [first, *calls]] == [99, 1, 102, 3, 4, 205, 6]
    assert model.passes == [[99], [1, 6], [2, 5, 5], [3]] and other.passes == [[4]]
    assert model.labels == [None, None, [1, 2, 3], None]


def test_a_lone_caller_waits_for_nobody(patient, start):
    model = Recorder(gated=False)
    denoiser = patient.denoiser(model)
    assert len(start(lambda: [denoiser(rows(2), float(i)) for i in range(5)]).result(PATIENCE)) == 5
    assert model.passes == [[i, i] for i in map(float, range(5))]


def test_a_pass_waits_for_those_who_are_coming_back(patient, start):
    blocker, model = Recorder(), Recorder(gated=False)
    first = busy(patient, start, blocker)
    callers = [patient.denoiser(model) for _ in range(3)]
    for step in range(3):
        calls = [queued(patient, start, denoiser, rows(1), float(i)) for i, denoiser in enumerate(callers[:2])]
        calls.append(start(callers[2], rows(1), 2.0))
        blocker.open()
        assert [call.result(PATIENCE).max().item() for call in calls] == [0, 1, 2]
        assert len(model.passes) == step + 1
    assert first.result(PATIENCE).max() == 99


def test_a_pass_does_not_wait_long_for_those_who_have_left(start):
    batcher, model = Batcher(max_wait_s=0.05), Recorder()
    first = busy(batcher, start, model)
    denoiser = batcher.denoiser(model)
    stays = queued(batcher, start, denoiser, rows(1), 1.0)
    leaves = queued(batcher, start, batcher.denoiser(model), rows(1), 2.0)
    model.open()
    assert [call.result(PATIENCE).max().item() for call in (first, stays, leaves)] == [99, 1, 2]
    assert start(denoiser, rows(1), 3.0).result(PATIENCE).max() == 3
    batcher.close()


def refuse_thirteen(x, sigma):
    if 13 in sigma:
        raise ValueError("unlucky")


def test_a_callers_exception_is_its_own(batcher, start):
    model = Recorder(before=refuse_thirteen)
    first = busy(batcher, start, model)
    good, bad, fine = (queued(batcher, start, batcher.denoiser(model), rows(2), s) for s in (1.0, 13.0, 2.0))
    model.open()
    assert [call.result(PATIENCE).max().item() for call in (first, good, fine)] == [99, 1, 2]
    with pytest.raises(ValueError, match="unlucky"):
        bad.result(PATIENCE)
    assert model.passes == [[99], [1, 1, 13, 13, 2, 2], [1, 1], [13, 13], [2, 2]]


def test_a_result_that_is_not_finite_fails_its_caller_alone(batcher, start):
    model = Recorder()
    first = busy(batcher, start, model)
    broken = rows(2)
    broken[1, 0, 0, 0] = float("nan")
    calls = [queued(batcher, start, batcher.denoiser(model), x, 1.0) for x in (rows(2), broken, rows(1))]
    model.open()
    with pytest.raises(FloatingPointError, match="not a number"):
        calls[1].result(PATIENCE)
    assert all(call.result(PATIENCE).isfinite().all() for call in (first, calls[0], calls[2]))
    assert model.passes == [[99], [1] * 5]


@pytest.mark.parametrize(
    ("x", "sigma", "label"), [(rows(2), torch.ones(3), None), (rows(2)[0], 1.0, None), (rows(2), 1.0, torch.ones(3))]
)
def test_arguments_that_do_not_fit_are_refused_before_they_are_merged(batcher, x, sigma, label):
    model = Recorder(gated=False)
    with pytest.raises((ValueError, RuntimeError)):
        batcher.denoiser(model)(x, sigma, label)
    assert model.passes == []


def test_a_result_of_another_shape_is_refused(batcher):
    with pytest.raises(ValueError, match="turned"):
        batcher.denoiser(lambda x, sigma, label: x[:, :1])(rows(1), 1.0)


def test_the_model_runs_in_inference_mode_and_the_caller_does_not_notice(batcher):
    seen = []
    model = Recorder(gated=False, before=lambda x, sigma: seen.append(torch.is_inference_mode_enabled()))
    x0 = batcher.denoiser(model)(rows(1).requires_grad_(), 1.0)
    assert seen == [True] and not x0.is_inference() and not x0.requires_grad
    (x0 * torch.ones(1, requires_grad=True)).sum().backward()  # refused to tensors of inference mode


def test_no_rows_need_no_pass(batcher):
    assert batcher.denoiser(Recorder())(rows(0), 1.0).shape == (0, 3, SIDE, SIDE)


def test_rows_of_those_who_have_gone_are_dropped(batcher, start):
    model, gone = Recorder(), threading.Event()
    first = start(batcher.denoiser(model, gone.is_set), rows(20), 99.0)  # 8 of its rows are in the first pass
    assert model.entered.acquire(timeout=PATIENCE)
    cancelled = queued(batcher, start, batcher.denoiser(model, gone.is_set), rows(1), 1.0)
    stays = queued(batcher, start, batcher.denoiser(model), rows(1), 2.0)
    gone.set()
    model.open()
    assert stays.result(PATIENCE).max() == 2
    for call in (first, cancelled):
        with pytest.raises(Cancelled):
            call.result(PATIENCE)
    with pytest.raises(Cancelled):
        batcher.denoiser(model, gone.is_set)(rows(1), 1.0)
    assert model.passes == [[99] * 8, [2]] and batcher.stats().waiting == 0


def test_a_failing_question_whether_it_is_cancelled_fails_its_caller_alone(batcher, start):
    model, answers = Recorder(), iter([False])
    first = busy(batcher, start, model)
    bad = queued(batcher, start, batcher.denoiser(model, lambda: next(answers)), rows(1), 1.0)
    good = queued(batcher, start, batcher.denoiser(model), rows(1), 2.0)
    model.open()
    with pytest.raises(StopIteration):
        bad.result(PATIENCE)
    assert good.result(PATIENCE).max() == 2 and first.result(PATIENCE).max() == 99


def only(limit):
    def check(x, sigma):
        if len(x) > limit:
            raise torch.OutOfMemoryError("out of memory")

    return check


def test_memory_that_runs_out_halves_the_batch(batcher, start):
    model = Recorder(before=only(3))
    first = busy(batcher, start, model)
    calls = [queued(batcher, start, batcher.denoiser(model), rows(4), s) for s in (1.0, 2.0)]
    model.open()
    assert [call.result(PATIENCE).max().item() for call in (first, *calls)] == [99, 1, 2]
    assert [len(sigmas) for sigmas in model.passes] == [1, 8, 4, 2, 2, 2, 2]
    assert batcher.stats().max_pixels == 2 * SIDE * SIDE


def test_memory_too_small_for_one_row_fails_that_caller(batcher, start):
    with pytest.raises(torch.OutOfMemoryError):
        batcher.denoiser(Recorder(gated=False, before=only(0)))(rows(2), 1.0)
    assert batcher.denoiser(Recorder(gated=False))(rows(2), 1.0).max() == 1


def test_closing_tells_all_and_refuses_the_rest(batcher, start):
    model = Recorder()
    calls = [busy(batcher, start, model), queued(batcher, start, batcher.denoiser(model), rows(1), 1.0)]
    closing = start(batcher.close)
    for call in calls:  # told at once, while the pass is still under way
        with pytest.raises(Unavailable, match="shutting down"):
            call.result(PATIENCE)
    assert not closing.done()
    model.open()
    closing.result(PATIENCE)
    assert not model.thread.is_alive()
    with pytest.raises(Unavailable, match="shutting down"):
        batcher.denoiser(model)(rows(1), 1.0)
    batcher.close()


def exit_at_thirteen(x, sigma):
    if 13 in sigma:
        raise SystemExit


def test_a_thread_that_dies_is_replaced_and_callers_are_told(batcher, monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", lambda report: reported.append(report.exc_type))
    denoiser = batcher.denoiser(Recorder(gated=False, before=exit_at_thirteen))
    with pytest.raises(Unavailable, match="stopped unexpectedly"):
        denoiser(rows(1), 13.0)
    assert denoiser(rows(1), 1.0).max() == 1
    wait_for(lambda: reported == [SystemExit])


def test_a_pass_that_hangs_is_given_up_and_its_thread_disturbs_nobody(start):
    batcher, model, good = Batcher(deadline_s=0.5), Recorder(), Recorder(gated=False)
    hanging = busy(batcher, start, model)
    stuck = model.thread
    waiting = queued(batcher, start, batcher.denoiser(good), rows(1), 1.0)
    with pytest.raises(Unavailable, match="too long"):
        hanging.result(PATIENCE)
    assert waiting.result(PATIENCE).max() == 1 and stuck.is_alive()
    model.open()
    stuck.join(PATIENCE)
    assert not stuck.is_alive() and batcher.stats().rows == 1
    assert batcher.denoiser(model)(rows(1), 2.0).max() == 2
    batcher.close()


def test_an_idle_thread_ends_and_comes_back(monkeypatch):
    monkeypatch.setattr("explorer.backends.local.IDLE_S", 0.01)
    batcher, model = Batcher(), Recorder(gated=False)
    denoiser = batcher.denoiser(model)
    for sigma in (1.0, 2.0):
        assert denoiser(rows(1), sigma).max() == sigma
        wait_for(lambda: not model.thread.is_alive())
    batcher.close()


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_the_threads_priority_is_low_and_the_callers_is_not(batcher):
    own, seen = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), []
    look = lambda x, sigma: seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    batcher.denoiser(Recorder(gated=False, before=look))(rows(1), 1.0)
    assert seen == [max(own, NICENESS)] and os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


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
    wait_for(lambda: batcher.stats().waiting == 6)  # each call has two rows, for a class and for any
    blocker.open()
    for case, future in zip(cases, together, strict=True):
        torch.testing.assert_close(future.result(PATIENCE), run(network, *case), atol=1e-4, rtol=0)
    assert batcher.stats().mean_batch > 2
    batcher.close()


def test_a_lone_call_of_the_network_has_the_same_bytes_each_time(network, batcher):
    x = picture_noise(1)
    first, second = (batcher.denoiser(network)(x, 1.0) for _ in range(2))
    with torch.inference_mode():
        direct = network(x, 1.0)
    assert torch.equal(first, second) and torch.equal(first, direct)
