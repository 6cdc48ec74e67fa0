"""Clients that ask and never listen: others come first, and what nobody listens for is stopped."""

import json
import time

import gradio as gr
import httpx
import pytest

from explorer.server import orphaned_events
from explorer.server.config import Hosting
from explorer.server.error_handling import ErrorHandlingBlocks
from explorer.server.launch_options import launch_options
from explorer.server.orphaned_events import NEW_EVENT_GRACE_S, ORPHAN_GRACE_S, ORPHANED_MESSAGE
from harness.server_process import free_port
from tests.support.guarded_app import API
from tests.support.waiting import wait_until

CONCURRENCY, SPACE, STEP = 4, 32, 0.05
LIMIT = 10.0  # seconds within which abandoned work must have ended
ended: list[float] = []  # when a long handler was closed, and at which step


@pytest.fixture(scope="module")
def app():
    with ErrorHandlingBlocks(analytics_enabled=False) as blocks:
        number, answer = gr.Number(), gr.Number()

        def long(value):
            try:
                for _ in range(1200):
                    time.sleep(STEP)  # a long computation
                    yield value
            finally:
                ended.append(time.monotonic())

        number.change(long, number, answer, api_name="long", concurrency_id="compute", concurrency_limit=CONCURRENCY)
        number.blur(
            lambda v: v, number, answer, api_name="short", concurrency_id="compute", concurrency_limit=CONCURRENCY
        )
    blocks.queue(max_size=SPACE)
    blocks.launch(**launch_options(Hosting(port=free_port())), prevent_thread_lock=True, quiet=True)
    yield blocks
    blocks.close(verbose=False)


@pytest.fixture
def client(app):
    with httpx.Client(base_url=app.local_url, timeout=30) as connection:
        yield connection


class Sweeps:
    """Counts how often the server has looked for events that nobody listens for."""

    def __init__(self):
        self.count = 0

    def wait_for(self, more):
        end = self.count + more
        wait_until(lambda: self.count >= end)


@pytest.fixture
def sweeps(monkeypatch):
    counted, stop_orphans = Sweeps(), orphaned_events.OrphanedEvents.stop_orphans

    async def counting(self, queue):
        await stop_orphans(self, queue)
        counted.count += 1

    monkeypatch.setattr(orphaned_events.OrphanedEvents, "stop_orphans", counting)
    return counted


def ask(client, name="long"):
    return client.post(f"{API}/call/{name}", json={"data": [7]})


def listen(client, name, event):
    """(kind, data) of the last message for an event."""
    kind, data = "", None
    with client.stream("GET", f"{API}/call/{name}/{event}") as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and kind in ("complete", "error"):
                data = json.loads(line.removeprefix("data: "))
    return kind, data


def groups(app):
    return app._queue.event_queue_per_concurrency_id.values()


def at_work(app):
    return sum(job is not None for job in app._queue.active_jobs) + len(app._queue)


def test_fifty_who_never_listen_hold_up_nobody_and_are_stopped(app, client):
    asked = [ask(client) for _ in range(50)]
    last = time.monotonic()
    asked, sent_away = ([a for a in asked if a.is_success is taken] for taken in (True, False))
    assert len(asked) >= SPACE and {answer.status_code for answer in sent_away} <= {503}
    assert len(app._queue) <= SPACE
    youngest = max(event.enqueue_time for group in groups(app) for event in group.queue)
    wait_until(lambda: time.monotonic() - youngest > NEW_EVENT_GRACE_S)  # none of them may still be about to listen
    short = ask(client, "short")
    assert listen(client, "short", short.json()["event_id"]) == ("complete", [7])
    assert time.monotonic() - last < ORPHAN_GRACE_S  # a place was free, though nothing had been stopped yet
    wait_until(lambda: not at_work(app), LIMIT + last - time.monotonic())
    assert len(ended) >= CONCURRENCY // 2
    kind, said = listen(client, "long", asked[-1].json()["event_id"])  # somebody comes after all
    assert kind == "error" and said["error"] == ORPHANED_MESSAGE


def test_who_listens_is_left_alone(app, client):
    event = ask(client).json()["event_id"]
    begun, count = time.monotonic(), 0
    with client.stream("GET", f"{API}/call/long/{event}") as stream:
        for line in stream.iter_lines():
            count += line.startswith("event: generating")
            assert not line.startswith("event: error")
            if time.monotonic() - begun > ORPHAN_GRACE_S + 2:
                break
    assert count > 20
    wait_until(lambda: not at_work(app), LIMIT)


def test_a_page_whose_stream_opens_a_little_later_gets_its_answer(client, sweeps):
    body = {"session_hash": "late", "fn_index": 1, "data": [3], "trigger_id": 1}
    event = client.post(f"{API}/queue/join", json=body).json()["event_id"]
    sweeps.wait_for(2)
    with client.stream("GET", f"{API}/queue/data?session_hash=late") as stream:
        found = [json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line]
    assert [m["output"]["data"] for m in found if m["msg"] == "process_completed" and m["event_id"] == event] == [[3]]


def test_nothing_is_remembered_of_sessions_whose_messages_are_gone(app, client):
    queue = app._queue
    queue.pending_event_ids_session["gone"] = {"event"}
    assert wait_until(lambda: "gone" not in queue.pending_event_ids_session, LIMIT)


def test_a_stream_opened_once_more_after_the_answer_is_held_open(client, sweeps):
    """What a page does that hears of its question's place only after the answer came through a stream it had open."""
    body = {"session_hash": "again", "fn_index": 1, "data": [3], "trigger_id": 1}
    client.post(f"{API}/queue/join", json=body)
    with client.stream("GET", f"{API}/queue/data?session_hash=again") as stream:
        assert "close_stream" in list(stream.iter_lines())[-2]
    sweeps.wait_for(3)
    with client.stream("GET", f"{API}/queue/data?session_hash=again") as stream:
        sweeps.wait_for(3)
        event = client.post(f"{API}/queue/join", json=body).json()["event_id"]
        found = [json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line]
    assert [m["output"]["data"] for m in found if m["msg"] == "process_completed" and m["event_id"] == event] == [[3]]


def test_nothing_is_remembered_for_long_of_sessions_that_have_fetched_all(app, client, monkeypatch):
    monkeypatch.setattr(orphaned_events, "SESSION_RETENTION_S", 1.0)
    queue = app._queue
    before = set(queue.pending_messages_per_session)
    asked = ask(client, "short").json()["event_id"]
    sessions = set(queue.pending_messages_per_session) - before
    assert listen(client, "short", asked) == ("complete", [7])
    assert sessions
    wait_until(lambda: not set(queue.pending_messages_per_session) & sessions, LIMIT)
