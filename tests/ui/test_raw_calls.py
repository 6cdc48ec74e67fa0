"""What is sent straight to the page's one public function: numbers that make no sense get a sentence."""

import httpx
import pytest

from explorer.ui.refusals import is_plain

GOOD = ["mountains", "network", "any", 0, 64, 0]


def call(server, data):
    """("refused", sentence) for an HTTP error, else ("complete" or "error", what the event stream said)."""
    if isinstance(data, str):
        sent = {"content": data, "headers": {"content-type": "application/json"}}
    else:
        sent = {"json": {"data": data}}
    answer = httpx.post(f"{server}/gradio_api/call/noising", timeout=30, **sent)
    if answer.status_code != 200:
        return "refused", answer.json()["detail"]
    kind, text = None, ""
    with httpx.stream("GET", f"{server}/gradio_api/call/noising/{answer.json()['event_id']}", timeout=60) as stream:
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
