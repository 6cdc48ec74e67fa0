"""What is sent straight to the page's public functions: numbers that make no sense get a sentence."""

import json

import httpx
import pytest

from explorer.server.error_handling import is_plain
from tests.support.page_calls import RUN

GOOD = ["mountains", "network", "any", 0, 64, 0]


def call(server, data, name="page_noising"):
    """("refused", sentence) for an HTTP error, else ("complete" or "error", what the event stream said)."""
    if isinstance(data, str):
        sent = {"content": data, "headers": {"content-type": "application/json"}}
    else:
        sent = {"json": {"data": data}}
    answer = httpx.post(f"{server}/gradio_api/call/{name}", timeout=30, **sent)
    if answer.status_code != 200:
        return "refused", answer.json()["detail"]
    kind, text = None, ""
    with httpx.stream("GET", f"{server}/gradio_api/call/{name}/{answer.json()['event_id']}", timeout=60) as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and kind in ("complete", "error"):
                text = line.removeprefix("data: ")
                break
    return kind, text


def changed(position, value):
    data = list(GOOD)
    data[position] = value
    return data[1:]  # the picture is the session's own and is not among the public inputs


def test_a_good_call_is_answered(server):
    assert call(server, GOOD[1:])[0] == "complete"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite(server, number):
    kind, sentence = call(server, f'{{"data": ["network", "any", {number}, 64, 0]}}')
    assert kind == "refused" and is_plain(sentence)


@pytest.mark.parametrize(
    "position, value",
    [(3, -1), (3, 1e300), (3, "abc"), (3, [1]), (4, 65), (4, 512), (4, 1e9), (4, None), (1, "other"), (2, "dragon"),
     (1, None), (5, -1), (5, 1e18)],
)  # fmt: skip
def test_values_out_of_range(server, position, value):
    kind, text = call(server, changed(position, value))
    assert kind in ("error", "refused"), text
    sentence = text.strip('"')
    assert sentence not in ("", "null") and "Traceback" not in sentence


NUMBERS = {"steps": 3, "guidance": 5, "eta": 6, "seed": 7, "size": 8, "sigma": 10, "ticket": 19}
NAMES = {"model": 0, "class": 1, "sampler": 2, "schedule": 4, "start": 9, "difference": 11}


def test_a_good_run_is_answered(server):
    assert call(server, RUN, "page_sampling")[0] == "complete"


@pytest.mark.parametrize("value", [-1, 1e308, None, "abc", [], {}, 10**30], ids=str)
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_a_run_that_make_no_sense(server, name, value):
    assert is_plain(error_message(server, NUMBERS[name], value))


@pytest.mark.parametrize("value", ["other", None, 3, [], {}], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_names_in_a_run_that_do_not_exist(server, name, value):
    assert is_plain(error_message(server, NAMES[name], value))


def error_message(server, position, value):
    kind, text = call(server, [*RUN[:position], value, *RUN[position + 1 :]], "page_sampling")
    assert kind in ("error", "refused"), text
    sentence = json.loads(text) if text.startswith(("{", '"')) else text
    return sentence["error"] if isinstance(sentence, dict) else sentence


NO_STEPS = ["", "1", "1e9", "-3", "5 10 20 30 40 50 60", "x" * 5000, None, 5]


@pytest.mark.parametrize("steps", NO_STEPS, ids=lambda value: str(value)[:9])
def test_numbers_of_steps_for_gains(server, steps):
    kind, text = call(server, [["euler"], steps, 0], "page_transfer")
    assert kind in ("error", "refused") and "Traceback" not in text
