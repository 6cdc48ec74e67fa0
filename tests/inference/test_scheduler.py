"""The queue of calls by itself, without threads: who is in the next pass, and what happens to a call that is over."""

import pytest
import torch

from explorer.inference.scheduler import Call, Caller, PassScheduler, forward, out_of_memory

SIDE = 4
PIXELS = SIDE * SIDE


def caller(background=False):
    return Caller(lambda x, sigma, label: x, lambda: False, background)


def call(rows, who=None):
    return Call(who or caller(), torch.zeros(rows, 3, SIDE, SIDE), 1.0, None)


def scheduler(*calls):
    made = PassScheduler()
    made.calls.extend(calls)
    return made


def counts(parts):
    return [rows for _, rows in parts]


def answered(made, parts):
    made.answer(parts, torch.zeros(sum(counts(parts)), 3, SIDE, SIDE))


def test_a_pass_with_room_waits_for_those_whom_the_last_one_answered():
    model = lambda x, sigma, label: x
    gone, here = Caller(model, lambda: False, False), Caller(model, lambda: False, False)
    made = scheduler(call(1, gone))
    answered(made, made.next_pass(8 * PIXELS)[0])
    made.calls.append(call(3, here))
    parts, expected = made.next_pass(8 * PIXELS)
    assert counts(parts) == [3] and expected
    assert made.next_pass(3 * PIXELS)[1] is False  # no room for more rows
    assert made.next_pass(4 * PIXELS)[1] is True
    made.calls.append(call(1, gone))  # back again
    assert made.next_pass(8 * PIXELS)[1] is False


def test_nobody_is_waited_for_whose_rows_would_not_share_the_pass():
    made = scheduler(call(1))
    answered(made, made.next_pass(8 * PIXELS)[0])
    made.calls.append(call(1))  # another model
    assert made.next_pass(8 * PIXELS)[1] is False


def test_the_background_gets_one_row_and_waits_for_whoever_may_return():
    made = scheduler(call(2, caller(background=True)), call(3))
    parts, _ = made.next_pass(8 * PIXELS)
    assert counts(parts) == [3]
    answered(made, parts)
    parts, expected = made.next_pass(8 * PIXELS)
    assert counts(parts) == [1] and expected
    answered(made, parts)
    assert made.next_pass(8 * PIXELS)[1] is False  # only the background was answered


def test_one_row_always_fits():
    assert counts(scheduler(call(3)).next_pass(1)[0]) == [1]


def test_a_call_that_is_over_is_not_failed():
    done = call(1)
    made = scheduler(done)
    answered(made, made.next_pass(8 * PIXELS)[0])
    made.fail(done, RuntimeError("too late"))
    assert done.future.result().shape == (1, 3, SIDE, SIDE) and made.calls == []
    left = call(1)
    made = scheduler(left)
    made.fail(left, RuntimeError("now"))
    with pytest.raises(RuntimeError, match="now"):
        left.future.result()
    made.fail(left, RuntimeError("again"))
    assert made.calls == []


def raising(error):
    def model(x, sigma, label):
        raise error

    return Caller(model, lambda: False, False)


def test_an_error_that_says_no_memory_holds_no_tensors():
    """Its traceback's frames would keep the pass alive while the next, smaller one is tried."""
    lost = forward([(call(2, raising(torch.OutOfMemoryError("out of memory"))), 2)], torch.device("cpu"))
    assert out_of_memory(lost) and lost.__traceback__ is None
    other = forward([(call(2, raising(ValueError("shape"))), 2)], torch.device("cpu"))
    assert not out_of_memory(other) and other.__traceback__ is not None


def test_a_pass_takes_the_next_rows_of_each_call():
    who = Caller(lambda x, sigma, label: x + sigma[:, None, None, None], lambda: False, False)
    first, second = (Call(who, torch.zeros(3, 1, 2, 2), torch.arange(3.0) + start, None) for start in (0, 10))
    first.done = 1
    x0 = forward([(first, 2), (second, 1)], torch.device("cpu"))
    assert x0[:, 0, 0, 0].tolist() == [1, 2, 10]
