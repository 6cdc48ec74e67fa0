"""Growing answers: the newest choice wins, stop ends one at its next step, and so does a deadline."""

from itertools import count

import pytest

from explorer.errors import RequestRefused
from explorer.server.blob_store import BlobStore
from explorer.ui.streaming import streams as module
from explorer.ui.streaming.streams import Streams, batch_by_time


@pytest.fixture
def streams():
    return Streams(BlobStore(), slow="Too slow.")


def encode(item):
    return [str(item).encode()]


def test_an_answer_grows_by_the_parts_of_each_item_and_ends_done(streams):
    told = list(streams.answers("abc", 4, "x", encode, lambda: [b"the end"], of=3))
    answers, items = zip(*told, strict=True)
    assert items == ("a", "b", "c", "c") and [a["done"] for a in answers] == [1, 2, 3, 3]
    assert [a["state"] for a in answers] == ["running"] * 3 + ["done"]
    assert all(a["generation"] == 4 and a["of"] == 3 for a in answers)
    assert [streams._blobs.get(name) for name in answers[-1]["parts"]] == [b"a", b"b", b"c", b"the end"]


def test_a_newer_ticket_ends_an_older_answer_without_a_word(streams):
    old = streams.answers(count(), 1, "x", encode)
    next(old)
    assert next(streams.answers(count(), 2, "x", encode))[0]["generation"] == 2
    assert list(old) == []
    late = streams.answers(count(), 1, "x", encode)  # it was overtaken on its way
    assert list(late) == []


def test_visitors_do_not_end_each_others_answers(streams):
    mine = streams.answers(count(), 1, "me", encode)
    next(mine)
    next(streams.answers(count(), 2, "you", encode))
    assert next(mine)[1] == 1


def test_stop_ends_an_answer_at_its_next_step_and_keeps_what_there_is(streams):
    steps = iter(range(1000))
    answers = streams.answers(steps, 7, "x", encode, lambda: [b"summary"])
    next(answers), next(answers)
    streams.tickets.stop("x", 7)
    (last, item), *more = answers
    assert not more and last["state"] == "done" and item == 1 and len(last["parts"]) == 3 and next(steps) == 2


def test_past_the_deadline_the_page_is_at_rest_before_it_is_told_why(streams, monkeypatch):
    monkeypatch.setattr(module, "MAX_COMPUTATION_S", 0.02)
    answers, states = streams.answers(count(), 1, "x"), []
    with pytest.raises(RequestRefused, match="Too slow."):
        for answer, _ in answers:
            states.append(answer["state"])
    assert states[-1] == "done" and set(states[:-1]) == {"running"}


def test_what_is_refused_at_once_leaves_the_page_as_it_was(streams):
    def refused():
        raise RequestRefused("No.")
        yield

    with pytest.raises(RequestRefused, match="No."):
        next(streams.answers(refused(), 1, "x"))
    with pytest.raises(RequestRefused, match="ticket"):
        next(streams.answers("abc", -1, "x"))


def test_paced_items_come_in_order_the_first_at_once_and_none_is_lost(monkeypatch):
    now = count(step=0.25)  # seconds, one quarter at every look at the clock
    monkeypatch.setattr(module.time, "monotonic", lambda: next(now))
    lists = list(batch_by_time(range(10), 1.0))
    assert lists[0] == [0] and sum(lists, []) == list(range(10)) and 1 < len(lists) < 10
    assert list(batch_by_time([], 1.0)) == []
