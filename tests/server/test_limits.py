"""How often an address may ask and how much a session may have under way; who clicks fast is never refused."""

import json
import threading

import gradio as gr
import httpx
import pytest

from explorer.server.config import Hosting
from explorer.server.error_handling import ErrorHandlingBlocks
from explorer.server.launch_options import launch_options
from explorer.server.rate_limit import (
    LOGIN_RATE,
    TOO_MANY_REQUESTS_MESSAGE,
    WORK_RATE,
    Rate,
    RateLimiter,
    client_network,
)
from explorer.server.session_limits import (
    MAX_API_EVENTS_PER_SESSION,
    MAX_PAGE_FUNCTIONS_PER_SESSION,
    TOO_MANY_EVENTS_MESSAGE,
)
from harness.server_process import free_port
from tests.support.guarded_app import API
from tests.support.waiting import wait_until

gate = threading.Event()  # handlers wait for it
begun: list[tuple[int, float]] = []  # which handlers have begun, with what


@pytest.fixture(scope="module")
def app():
    with ErrorHandlingBlocks(analytics_enabled=False) as blocks:
        number, answer = gr.Number(), gr.Number()
        for i in range(MAX_PAGE_FUNCTIONS_PER_SESSION + 1):

            def wait(value, i=i):
                begun.append((i, value))
                gate.wait(20)
                return value

            number.change(wait, number, answer, api_name=f"wait{i}", concurrency_id="group", concurrency_limit=2)
        number.blur(lambda value: value, number, answer, api_name="quick")
    blocks.launch(**launch_options(Hosting(port=free_port())), prevent_thread_lock=True, quiet=True)
    yield blocks
    gate.set()
    blocks.close(verbose=False)


@pytest.fixture
def client(app):
    gate.clear()
    begun.clear()
    with httpx.Client(base_url=app.local_url, timeout=20) as connection:
        yield connection
    gate.set()
    wait_until(lambda: not any(app._queue.active_jobs) and not len(app._queue))


def join(client, session, function, value, trigger=None):
    body = {"session_hash": session, "fn_index": function, "data": [value], "trigger_id": trigger}
    return client.post(f"{API}/queue/join", json=body)


def outcomes(app, session, asked):
    """event id -> (success, data) of the answers to `asked` events, from the session's stream."""
    found = {}
    with httpx.stream("GET", f"{app.local_url}gradio_api/queue/data?session_hash={session}", timeout=30) as stream:
        for line in stream.iter_lines():
            message = json.loads(line.removeprefix("data: ")) if line else {}
            if message.get("msg") == "process_completed":
                found[message["event_id"]] = message["success"], message["output"].get("data")
                if len(found) == asked:
                    gate.set()
                    return found
            if asked - len(found) <= 2:
                gate.set()  # what is left runs
    return found


def test_a_bucket_empties_and_fills_again():
    now = [0.0]
    rates = RateLimiter(Rate(burst=3, per_second=2), clock=lambda: now[0])
    assert [rates.admit("192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert rates.admit("192.0.2.2")  # each has its own
    now[0] = 0.5
    assert [rates.admit("192.0.2.1") for _ in range(2)] == [True, False]
    now[0] = 1000
    assert sum(rates.admit("192.0.2.1") for _ in range(9)) == 3


def test_addresses_are_remembered_until_their_bucket_is_full_again():
    now = [0.0]
    rates = RateLimiter(Rate(burst=4, per_second=2), clock=lambda: now[0])
    for address in ("192.0.2.1", "192.0.2.2"):
        assert rates.admit(address)
    now[0] = 1.9
    assert rates.admit("192.0.2.2") and rates.address_count == 2
    now[0] = 2.0
    assert rates.admit("192.0.2.3") and rates.address_count == 2  # that of the first one is full
    assert sum(rates.admit("192.0.2.1") for _ in range(9)) == 4


def test_this_machine_is_not_limited_and_neighbours_in_one_network_of_ipv6_share():
    rates = RateLimiter(Rate(1, 0.001))
    assert all(rates.admit("127.0.0.1") and rates.admit("::1") for _ in range(9))
    assert rates.admit("2001:db8::1") and not rates.admit("2001:db8::ffff:2") and rates.admit("2001:db8:0:1::1")
    assert (
        client_network("::ffff:192.0.2.1") != client_network("::ffff:192.0.2.2")
        and client_network("testclient") == "testclient"
    )


def many(client, path, count, **headers):
    answers = [client.post(path, json={"data": [1]}, headers=headers) for _ in range(count)]
    return [answer for answer in answers if answer.status_code == 429]


def test_an_address_that_asks_too_often_is_told_so_in_one_sentence(client):
    refused = many(client, f"{API}/run/nothing", WORK_RATE.burst + 60, **{"x-forwarded-for": "203.0.113.7"})
    assert (
        refused
        and refused[0].json() == {"detail": TOO_MANY_REQUESTS_MESSAGE}
        and int(refused[0].headers["retry-after"]) > 0
    )
    assert not many(client, f"{API}/run/nothing", 3, **{"x-forwarded-for": "203.0.113.8"})


def test_passwords_cannot_be_tried_fast(client):
    assert many(client, "/login", LOGIN_RATE.burst + 10, **{"x-forwarded-for": "203.0.113.9"})


def test_whom_nobody_trusts_cannot_choose_an_address(app):
    """127.0.0.2 is not among the trusted proxies, whatever it says."""
    with httpx.Client(base_url=app.local_url, transport=httpx.HTTPTransport(local_address="127.0.0.2")) as stranger:
        refused = 0
        for i in range(int(WORK_RATE.burst) + 60):
            headers = {"x-forwarded-for": f"198.51.{i // 250}.{i % 250}"}
            refused += stranger.post(f"{API}/run/nothing", json={"data": [1]}, headers=headers).status_code == 429
    assert refused


def test_a_program_has_two_under_way_and_is_told_when_it_asks_for_more(client):
    assert [join(client, "program", 0, i).status_code for i in range(MAX_API_EVENTS_PER_SESSION)] == [
        200
    ] * MAX_API_EVENTS_PER_SESSION
    refused = join(client, "program", 1, 9)
    assert refused.status_code == 429 and refused.json() == {"detail": TOO_MANY_EVENTS_MESSAGE}
    assert join(client, "another", 0, 9).status_code == 200
    assert join(client, "program", MAX_PAGE_FUNCTIONS_PER_SESSION + 1, 9).status_code == 200  # in another group


def test_clicking_fast_is_never_refused_and_ends_with_the_newest(app, client):
    answers = [join(client, "person", 0, i, trigger=1) for i in range(20)]
    assert [answer.status_code for answer in answers] == [200] * 20
    ids = [answer.json()["event_id"] for answer in answers]
    found = outcomes(app, "person", 20)
    assert set(found) == set(ids) and all(success for success, _ in found.values())
    assert found[ids[-1]][1] == [19]
    assert 1 <= len(begun) <= 4 and begun[-1] == (0, 19)  # what waited in between never ran
    unchanged = [found[name][1] for name in ids if found[name][1] == [{"__type__": "update"}]]
    assert len(unchanged) == 20 - len(begun)


def test_a_page_may_have_some_different_things_under_way_but_not_all(client):
    assert [join(client, "tabs", i, 0, trigger=1).status_code for i in range(MAX_PAGE_FUNCTIONS_PER_SESSION)] == [
        200
    ] * MAX_PAGE_FUNCTIONS_PER_SESSION
    assert join(client, "tabs", MAX_PAGE_FUNCTIONS_PER_SESSION, 0, trigger=1).json() == {
        "detail": TOO_MANY_EVENTS_MESSAGE
    }
    assert join(client, "tabs", 0, 1, trigger=1).status_code == 200  # again what is under way already


@pytest.mark.parametrize("change", [{"fn_index": 999}, {"fn_index": "x"}, {"session_hash": None}, {"fn_index": None}])
def test_what_makes_no_sense_is_left_to_gradio(client, change):
    body = {"session_hash": "odd", "fn_index": 0, "data": [1], **change}
    answer = client.post(f"{API}/queue/join", json=body)
    assert 400 <= answer.status_code < 500, answer.text


def test_a_person_who_clicks_fast_reads_no_complaint(explorer):
    """In the real page: twenty changes in a row, then what was chosen last, without a word of error."""
    explorer.open()
    names = ["network", "Wiener", "ideal"]
    for i in range(20):
        explorer.choose("model", names[i % 3])
    explorer.choose("size", "64").choose("model", "Wiener")
    explorer.ready()
    assert explorer.page.evaluate("document.getElementById('canvas-denoised').width") == 64
    assert "Wiener" in explorer.text("#model label.selected")
    assert explorer.page.locator(".toast-body").count() == 0
