"""What is kept: by weights and request, up to a number of bytes, and the examples for good."""

import dataclasses
import threading

import numpy as np
import pytest

from explorer.engine import Engine
from explorer.engine.cache import Cache
from explorer.examples import EXAMPLES
from explorer.schemas import NoisingRequest, SamplingRequest
from tests.support.waiting import GIVE_UP_S, wait_until

SMALL = {"size": 64, "levels": 6}


def test_bytes_are_bounded_and_the_newest_stays():
    kept = Cache(10, len)
    for key, value in (("a", b"12345"), ("b", b"1234"), ("a", b"123")):
        kept.put(key, value)
    kept.put("c", b"1234")
    assert [kept.get(key) for key in "abc"] == [b"123", None, b"1234"]
    kept.put("d", b"123456789012")
    assert kept.get("d") and kept.get("a") is None and kept.get("c") is None


def test_what_is_kept_for_good_is_not_counted_and_stays():
    kept = Cache(4, len)
    kept.put("a", b"123")
    kept.pin("a", b"123")
    for key in "bcdef":
        kept.put(key, b"1234")
    assert kept.get("a") == b"123" and kept.get("e") is None and kept.get("f") == b"1234"


@pytest.fixture
def engine(monkeypatch):
    """Small pictures, few levels: what the first page asks for, in little."""
    small = lambda picture: NoisingRequest(picture=picture, **SMALL)
    monkeypatch.setattr("explorer.engine.engine.NoisingRequest", small)
    made = Engine()
    yield made
    made.models.batcher.close()


def ask(engine, name):
    return list(engine.denoise(engine.noise(NoisingRequest(picture=name, **SMALL))))


def test_choosing_an_example_runs_no_pass_once_they_are_prepared(engine):
    engine.prepare_examples(lambda: False)
    before = engine.models.batcher.stats()
    assert before.rows == len(EXAMPLES) * SMALL["levels"]
    for example in EXAMPLES:
        parts = ask(engine, example.name)
        assert sorted(np.concatenate([part.indices for part in parts])) == list(range(SMALL["levels"]))
    assert engine.models.batcher.stats().passes == before.passes


def test_prepared_answers_are_those_that_a_visitor_would_get(engine):
    visitors = ask(Engine(), "cat")
    engine.prepare_examples(lambda: False)
    for mine, theirs in zip(ask(engine, "cat"), visitors, strict=True):
        np.testing.assert_array_equal(mine.indices, theirs.indices)
        np.testing.assert_allclose(mine.error, theirs.error, atol=1e-4)


def test_visitors_do_not_push_the_examples_out(engine):
    engine._levels = Cache(1, lambda parts: sum(part.error.nbytes for part in parts))
    engine.prepare_examples(lambda: False)
    for seed in (1, 2):
        list(engine.denoise(engine.noise(NoisingRequest(seed=seed, **SMALL))))
    before = engine.models.batcher.stats().passes
    ask(engine, EXAMPLES[0].name)
    assert engine.models.batcher.stats().passes == before


def test_preparing_stops_when_it_is_told_to(engine):
    told = threading.Event()
    preparing = threading.Thread(target=engine.prepare_examples, args=(told.is_set,))
    preparing.start()
    wait_until(lambda: engine.models.batcher.stats().rows > 0)
    told.set()
    preparing.join(GIVE_UP_S)
    stats = engine.models.batcher.stats()
    assert not preparing.is_alive() and stats.waiting == 0 and stats.rows < len(EXAMPLES) * SMALL["levels"]


def test_a_closed_server_ends_the_preparing(engine):
    engine.models.batcher.close()
    engine.prepare_examples(lambda: False)
    assert engine.models.batcher.stats().rows == 0


def test_a_server_for_smaller_pictures_has_nothing_to_prepare():
    engine = Engine(largest_side=64)
    engine.prepare_examples(lambda: False)
    assert engine.models.batcher.stats().rows == 0


def test_other_weights_are_another_key():
    engine, request = Engine(), NoisingRequest(**SMALL)
    first = engine._key(request)
    engine.models._hashes["network"] = "0" * 64
    assert engine._key(request) != first
    wiener = dataclasses.replace(request, model="wiener")
    assert engine._key(wiener)[0] == engine.models.card_of("wiener")["sha256"]
    assert engine._key(SamplingRequest(model="ideal"))[0] == "ideal"


def test_leaving_in_the_middle_of_a_run_leaves_no_rows_behind():
    engine = Engine()
    run = engine.sample(engine.plan(SamplingRequest(size=64, steps=30)))
    next(run), next(run)
    run.close()
    stats = engine.models.batcher.stats()
    assert (stats.waiting, stats.in_flight) == (0, 0) and stats.rows <= 3
    engine.models.batcher.close()


def test_what_was_used_last_stays():
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert cache.get("a") == 1 and cache.get("b") is None and cache.get("c") == 3


def test_one_thread_at_a_time_is_at_the_values():
    """A key notes at every use of its hash whether the lock is held."""
    cache, held = Cache(10), []

    class Key:
        def __hash__(self):
            held.append(cache._lock.locked())
            return 1

    key = Key()
    for use in (lambda: cache.put(key, 1), lambda: cache.get(key), lambda: cache.pin(key, 2)):
        use()
        assert held and all(held)
        held.clear()


def test_sizes_are_the_bytes_of_what_is_kept(engine):
    """Of a run every state and its estimate, of an answer the errors at all levels."""
    run = list(engine.sample(engine.plan(SamplingRequest(model="wiener", size=64, steps=3))))
    assert engine._runs._evictable.currsize == sum(step.x.nbytes + step.x0.nbytes for step in run)
    parts = ask(engine, "cat")
    assert engine._levels._evictable.currsize == sum(part.error.nbytes for part in parts) == 6 * 3 * 64 * 64 * 4
