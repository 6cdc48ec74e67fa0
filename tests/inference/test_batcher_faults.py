"""The batcher: nobody's failure, size, departure or end is another's."""

import threading
from contextlib import closing

import pytest
import torch

from explorer.errors import ModelUnavailable
from explorer.inference.batcher import Batcher, Cancelled
from tests.support.batching import SIDE, Recorder, busy, queued, rows
from tests.support.waiting import GIVE_UP_S, wait_until


def refuse_thirteen(x, sigma):
    if 13 in sigma:
        raise ValueError("unlucky")


def test_a_callers_exception_is_its_own(batcher, start):
    model = Recorder(before=refuse_thirteen)
    first = busy(batcher, start, model)
    good, bad, fine = (queued(batcher, start, batcher.denoiser(model), rows(2), s) for s in (1.0, 13.0, 2.0))
    model.open()
    assert [call.result(GIVE_UP_S).max().item() for call in (first, good, fine)] == [99, 1, 2]
    with pytest.raises(ValueError, match="unlucky"):
        bad.result(GIVE_UP_S)
    assert model.passes == [[99], [1, 1, 13, 13, 2, 2], [1, 1], [13, 13], [2, 2]]


def test_a_result_that_is_not_finite_fails_its_caller_alone(batcher, start):
    model = Recorder()
    first = busy(batcher, start, model)
    broken = rows(2)
    broken[1, 0, 0, 0] = float("nan")
    calls = [queued(batcher, start, batcher.denoiser(model), x, 1.0) for x in (rows(2), broken, rows(1))]
    model.open()
    with pytest.raises(FloatingPointError, match="not a number"):
        calls[1].result(GIVE_UP_S)
    assert all(call.result(GIVE_UP_S).isfinite().all() for call in (first, calls[0], calls[2]))
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


def test_rows_of_those_who_have_gone_are_dropped(batcher, start):
    model, gone = Recorder(), threading.Event()
    first = start(batcher.denoiser(model, gone.is_set), rows(20), 99.0)  # 8 of its rows are in the first pass
    assert model.entered.acquire(timeout=GIVE_UP_S)
    cancelled = queued(batcher, start, batcher.denoiser(model, gone.is_set), rows(1), 1.0)
    stays = queued(batcher, start, batcher.denoiser(model), rows(1), 2.0)
    gone.set()
    model.open()
    assert stays.result(GIVE_UP_S).max() == 2
    for call in (first, cancelled):
        with pytest.raises(Cancelled):
            call.result(GIVE_UP_S)
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
        bad.result(GIVE_UP_S)
    assert good.result(GIVE_UP_S).max() == 2 and first.result(GIVE_UP_S).max() == 99


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
    assert [call.result(GIVE_UP_S).max().item() for call in (first, *calls)] == [99, 1, 2]
    assert [len(sigmas) for sigmas in model.passes] == [1, 8, 4, 2, 2, 2, 2]
    assert batcher.stats().max_pixels == 2 * SIDE * SIDE


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.89 GB, other allocations: 172.98 MB)."),
        RuntimeError("Invalid buffer size: 16.00 GB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] data. DefaultCPUAllocator: not enough memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
    ids=lambda error: f"{type(error).__name__} {str(error)[:20]}",
)
def test_every_device_has_its_own_words_for_no_memory(batcher, error):
    def check(x, sigma):
        if len(x) > 2:
            raise error

    model = Recorder(gated=False, before=check)
    assert batcher.denoiser(model)(rows(5), 1.0).unique().tolist() == [1.0]
    assert [len(sigmas) for sigmas in model.passes] == [5, 2, 2, 1]


def test_another_error_is_not_taken_for_no_memory(batcher):
    def check(x, sigma):
        raise RuntimeError("The size of tensor a (3) must match the size of tensor b (4)")

    model = Recorder(gated=False, before=check)
    with pytest.raises(RuntimeError, match="must match"):
        batcher.denoiser(model)(rows(4), 1.0)
    assert len(model.passes) == 1 and batcher.stats().max_pixels == 8 * SIDE * SIDE


def test_a_halved_batch_grows_back_up_to_where_it_began(batcher, monkeypatch):
    monkeypatch.setattr("explorer.inference.batcher.PASSES_BEFORE_GROWTH", 6)
    limit, seen = [2], []

    def check(x, sigma):
        if len(x) > limit[0]:
            raise torch.OutOfMemoryError("out of memory")

    denoiser = batcher.denoiser(Recorder(gated=False, before=check))
    denoiser(rows(8), 1.0)  # 8 and 4 fail, then four times 2
    assert batcher.stats().max_pixels == 2 * SIDE * SIDE
    limit[0] = 8  # others have freed theirs
    for _ in range(12):
        denoiser(rows(1), 1.0)
        seen.append(batcher.stats().max_pixels // SIDE**2)
    assert sorted(set(seen)) == [2, 4, 8] and seen == sorted(seen) and seen[-4:] == [8] * 4


def test_memory_too_small_for_one_row_fails_that_caller(batcher, start):
    with pytest.raises(torch.OutOfMemoryError):
        batcher.denoiser(Recorder(gated=False, before=only(0)))(rows(2), 1.0)
    assert batcher.denoiser(Recorder(gated=False))(rows(2), 1.0).max() == 1


def test_closing_tells_all_and_refuses_the_rest(batcher, start):
    model = Recorder()
    calls = [busy(batcher, start, model), queued(batcher, start, batcher.denoiser(model), rows(1), 1.0)]
    closing = start(batcher.close)
    for call in calls:  # told at once, while the pass is still under way
        with pytest.raises(ModelUnavailable, match="shutting down"):
            call.result(GIVE_UP_S)
    assert not closing.done()
    model.open()
    closing.result(GIVE_UP_S)
    assert not model.thread.is_alive()
    with pytest.raises(ModelUnavailable, match="shutting down"):
        batcher.denoiser(model)(rows(1), 1.0)
    batcher.close()


def exit_at_thirteen(x, sigma):
    if 13 in sigma:
        raise SystemExit


def test_a_thread_that_dies_is_replaced_and_callers_are_told(batcher, monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", lambda report: reported.append(report.exc_type))
    denoiser = batcher.denoiser(Recorder(gated=False, before=exit_at_thirteen))
    with pytest.raises(ModelUnavailable, match="stopped unexpectedly"):
        denoiser(rows(1), 13.0)
    assert denoiser(rows(1), 1.0).max() == 1
    wait_until(lambda: reported == [SystemExit])


def test_a_pass_that_hangs_is_given_up_and_its_thread_disturbs_nobody(start):
    batcher, model, good = Batcher(deadline_s=0.5), Recorder(), Recorder(gated=False)
    hanging = busy(batcher, start, model)
    stuck = model.thread
    waiting = queued(batcher, start, batcher.denoiser(good), rows(1), 1.0)
    with pytest.raises(ModelUnavailable, match="too long"):
        hanging.result(GIVE_UP_S)
    assert waiting.result(GIVE_UP_S).max() == 1 and stuck.is_alive()
    model.open()
    stuck.join(GIVE_UP_S)
    assert not stuck.is_alive() and batcher.stats().rows == 1
    assert batcher.denoiser(model)(rows(1), 2.0).max() == 2
    batcher.close()


def test_an_idle_thread_ends_and_comes_back(monkeypatch):
    monkeypatch.setattr("explorer.inference.batcher.WORKER_IDLE_S", 0.01)
    batcher, model = Batcher(), Recorder(gated=False)
    denoiser = batcher.denoiser(model)
    for sigma in (1.0, 2.0):
        assert denoiser(rows(1), sigma).max() == sigma
        wait_until(lambda: not model.thread.is_alive())
    batcher.close()


def test_the_count_of_passes_starts_again_when_memory_runs_out(batcher, monkeypatch):
    monkeypatch.setattr("explorer.inference.batcher.PASSES_BEFORE_GROWTH", 3)
    denoiser = batcher.denoiser(Recorder(gated=False, before=only(2)))
    denoiser(rows(1), 1.0)
    denoiser(rows(1), 1.0)
    denoiser(rows(3), 1.0)  # fails, then 1, 1 and 1: the third pass since lets it double
    assert batcher.stats().max_pixels == 2 * SIDE * SIDE and batcher.stats().passes == 5


def test_a_halved_batch_does_not_grow_beyond_where_it_began(monkeypatch):
    monkeypatch.setattr("explorer.inference.batcher.PASSES_BEFORE_GROWTH", 1)
    limit = [4]

    def check(x, sigma):
        if len(x) > limit[0]:
            raise torch.OutOfMemoryError("out of memory")

    with closing(Batcher(max_wait_s=0, max_pixels=5 * SIDE * SIDE)) as batcher:
        denoiser = batcher.denoiser(Recorder(gated=False, before=check))
        denoiser(rows(5), 1.0)  # to 2 rows, then 4 after the next pass
        limit[0] = 5
        for _ in range(3):
            denoiser(rows(1), 1.0)
        assert batcher.stats().max_pixels == 5 * SIDE * SIDE


def test_a_pass_is_given_up_at_its_deadline_and_not_before(start):
    with closing(Batcher(deadline_s=1000)) as batcher:
        model = Recorder()
        call = busy(batcher, start, model)
        batcher._started -= 990
        batcher._abandon_overdue()
        assert not call.done()
        batcher._started -= 20
        batcher._abandon_overdue()
        with pytest.raises(ModelUnavailable, match="too long"):
            call.result(GIVE_UP_S)
        model.open()
