"""Where the network runs: the decisions follow from the times, and what cannot run is left out."""

import time

import pytest
import torch

from explorer.errors import DeviceRefused
from explorer.inference import autotune
from explorer.inference.autotune import best_chunk, best_device_and_dtype, tune


@pytest.mark.parametrize(
    ("seconds", "place"),
    [
        ({("cpu", "float32"): 1.0}, ("cpu", "float32")),
        ({("cpu", "float32"): 1.0, ("cpu", "bfloat16"): 0.5}, ("cpu", "bfloat16")),
        ({("cpu", "float32"): 1.0, ("cpu", "bfloat16"): 0.95}, ("cpu", "float32")),  # not worth the digits
        ({("cpu", "float32"): 1.0, ("cpu", "bfloat16"): 8.0}, ("cpu", "float32")),
        ({("cuda", "float32"): 0.1, ("cuda", "bfloat16"): 0.03, ("cpu", "bfloat16"): 0.5}, ("cuda", "bfloat16")),
        ({("mps", "float32"): 2.0, ("cpu", "float32"): 1.0}, ("cpu", "float32")),  # a device slower than the processor
        ({("cuda", "bfloat16"): 0.1}, ("cuda", "bfloat16")),  # float32 did not run
    ],
)
def test_the_fastest_place_and_float32_unless_it_costs(seconds, place):
    assert best_device_and_dtype(seconds) == place


@pytest.mark.parametrize(
    ("seconds", "chunk"),
    [
        ({1: 0.3}, 1),
        ({1: 0.20, 2: 0.36, 4: 0.70, 8: 1.40}, 2),  # no gain per picture after two
        ({1: 0.20, 2: 0.30, 4: 0.40, 8: 0.60}, 8),
        ({1: 0.02, 2: 0.04, 4: 0.08, 8: 0.16}, 8),  # each pass is a message: not for less than a tenth of a second
        ({1: 0.001, 2: 0.001, 4: 0.0015, 64: 0.02}, 64),
    ],
)
def test_the_smallest_number_that_is_as_good_per_picture(seconds, chunk):
    assert best_chunk(seconds) == chunk


class Slow:
    """A model that keeps its thread busy for as long as it is told, or fails."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __call__(self, x, sigma, label=None):
        if self.seconds is None:
            raise RuntimeError("not implemented for this type")
        end = time.thread_time() + self.seconds
        while time.thread_time() < end:
            pass
        return x


@pytest.fixture
def native(monkeypatch):
    """A machine with nothing but a CPU that computes bfloat16."""
    monkeypatch.setattr(autotune, "present_devices", lambda: ["cpu"])
    monkeypatch.setattr(autotune, "native_bfloat16", lambda device: True)
    monkeypatch.setattr(autotune, "TIMING_BUDGET_S", 0.05)


@pytest.mark.parametrize(
    ("single", "half", "expected"),
    [(0.05, 0.001, torch.bfloat16), (0.001, 0.05, torch.float32), (0.01, None, torch.float32)],
)
def test_both_types_are_timed(native, single, half, expected):
    loaded = []

    def load(device, dtype):
        loaded.append((device.type, dtype))
        return Slow(single if dtype is torch.float32 else half)

    threads = torch.get_num_threads()
    choice = tune(load)
    assert loaded == [("cpu", torch.float32), ("cpu", torch.bfloat16)] and torch.get_num_threads() == threads
    assert (choice.device.type, choice.dtype) == ("cpu", expected) and choice.chunk in (1, 2, 4, 8)


def test_bfloat16_is_not_tried_where_it_is_emulated(native, monkeypatch):
    monkeypatch.setattr(autotune, "native_bfloat16", lambda device: False)
    assert tune(lambda device, dtype: Slow({torch.float32: 0.001}[dtype])).dtype is torch.float32


def test_what_is_given_is_not_put_in_question(native):
    loaded = []
    choice = tune(lambda device, dtype: loaded.append((device.type, dtype)) or Slow(0.001), "cpu", "bfloat16")
    assert loaded == [("cpu", torch.bfloat16)] and choice.dtype is torch.bfloat16


def test_where_nothing_runs_there_is_still_an_answer(native):
    choice = tune(lambda device, dtype: Slow(None))
    assert (choice.device.type, choice.dtype, choice.chunk) == ("cpu", torch.float32, 1)


def test_a_device_that_is_not_there_is_refused(native):
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(DeviceRefused, match="There is no"):
        tune(lambda device, dtype: Slow(0.001), missing)


@pytest.mark.parametrize(
    ("ratio", "dtype"),
    [(0.89, "bfloat16"), (0.91, "float32")],  # bfloat16 is worth it from a tenth on
)
def test_how_much_faster_bfloat16_must_be(ratio, dtype):
    assert best_device_and_dtype({("cpu", "float32"): 1.0, ("cpu", "bfloat16"): ratio}) == ("cpu", dtype)


def test_a_pass_that_is_just_long_enough_is_preferred_to_a_longer_one():
    assert best_chunk({1: 0.05, 2: 0.1, 4: 0.2}) == 2
    assert best_chunk({1: 0.1049, 2: 0.2}) == 1  # within five per cent per picture
    assert best_chunk({1: 0.1051, 2: 0.2}) == 2


def test_larger_batches_are_tried_while_time_is_left(monkeypatch):
    """Each is timed three times, the first to warm up; four times the last must fit into what is left."""
    taken = {4: 0.01, 8: 0.02, 16: 0.04, 32: 0.08}
    asked = []
    monkeypatch.setattr(autotune, "_time_pass", lambda model, device, rows: asked.append(rows) or taken[rows])
    monkeypatch.setattr(autotune, "MAX_CHUNK_PICTURES", {"cpu": 8})
    monkeypatch.setattr(autotune, "TIMING_BUDGET_S", 0.2)
    found = autotune._seconds_by_chunk(None, torch.device("cpu"), 0.01)
    assert found == {1: 0.01, 2: 0.02, 4: 0.04} and asked == [8] * 3 + [16] * 3  # 0.02 s are left of 0.2
    monkeypatch.setattr(autotune, "MAX_CHUNK_PICTURES", {"cpu": 2})
    assert autotune._seconds_by_chunk(None, torch.device("cpu"), 0.01) == {1: 0.01, 2: 0.02}
    assert autotune._seconds_by_chunk(None, torch.device("cpu"), 0.06) == {1: 0.06}


def test_the_shortest_pass_counts_and_the_first_is_a_warm_up(monkeypatch):
    times = iter([0.9, 0.05, 0.03, 0.04, 0.06])
    monkeypatch.setattr(autotune, "_time_pass", lambda model, device, rows: next(times))
    monkeypatch.setattr(autotune, "TIMING_BUDGET_S", 10.0)
    place = ("cpu", "float32")
    assert autotune._seconds_by_device({place: None}, {"cpu": torch.device("cpu")}) == {place: 0.03}


def test_timing_ends_when_its_budget_is_spent(monkeypatch):
    asked = []
    monkeypatch.setattr(autotune, "_time_pass", lambda model, device, rows: asked.append(rows) or 0.3)
    monkeypatch.setattr(autotune, "TIMING_BUDGET_S", 0.5)
    autotune._seconds_by_device({("cpu", "float32"): None}, {"cpu": torch.device("cpu")})
    assert asked == [autotune.PROBE_ROWS] * 2  # at least a warm-up and one that counts
