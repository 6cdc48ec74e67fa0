"""Alive, ready, counted, and stopped without anybody being cut off."""

import re
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from explorer.engine import Engine
from explorer.server.health import LATENCY_BUCKETS_S, Health
from harness import ROOT
from harness.server_process import free_port
from tests.support.guarded_app import API
from tests.support.page_calls import RUN
from tests.support.waiting import wait_until

START_S = 120  # within which a server must have started


def numbers(text):
    return {m[1]: float(m[2]) for m in re.finditer(r"^(\S+) (\S+)$", text, re.M)}


@pytest.fixture
def process():
    port = free_port()
    command = [sys.executable, "app.py", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(url, "/healthz", 200), START_S, every=0.1)
    yield running, url
    running.kill()


def answers(url, path, status):
    """Whether the server gives this status; nobody may listen yet."""
    try:
        return httpx.get(url + path, timeout=5).status_code == status
    except httpx.TransportError:
        return False


def test_ready_after_a_warm_up_run_and_counted(process):
    running, url = process
    wait_until(lambda: answers(url, "/readyz", 200), START_S, every=0.1)
    before = numbers(httpx.get(f"{url}/metrics").text)
    assert before["explorer_ready"] == 1 and before["explorer_rows_total"] >= 32 and before["explorer_passes_total"] > 0
    asked = httpx.post(f"{url}{API}/call/page_sampling", json={"data": RUN}, timeout=30).json()["event_id"]
    assert "event: complete" in httpx.get(f"{url}{API}/call/page_sampling/{asked}", timeout=60).text
    wrong = httpx.post(f"{url}{API}/call/page_sampling", json={"data": [*RUN[:3], 0, *RUN[4:]]}, timeout=30).json()
    assert "event: error" in httpx.get(f"{url}{API}/call/page_sampling/{wrong['event_id']}", timeout=60).text
    after = numbers(httpx.get(f"{url}/metrics").text)
    assert after['explorer_events_total{outcome="refused"}'] == 1
    assert after['explorer_events_total{outcome="done"}'] > before.get('explorer_events_total{outcome="done"}', 0)
    assert after["explorer_event_seconds_count"] == after['explorer_event_seconds_bucket{le="+Inf"}'] > 0
    assert after["explorer_events_running"] == 0


def test_told_to_stop_it_lets_the_running_end_and_begins_nothing(process):
    running, url = process
    wait_until(lambda: answers(url, "/readyz", 200), START_S, every=0.1)
    data = [*RUN[:3], 60, *RUN[4:]]
    asked = httpx.post(f"{url}{API}/call/page_sampling", json={"data": data}, timeout=30).json()["event_id"]
    with httpx.stream("GET", f"{url}{API}/call/page_sampling/{asked}", timeout=60) as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line.startswith("event: generating"))
        running.send_signal(signal.SIGTERM)
        wait_until(lambda: answers(url, "/readyz", 503), seconds=5)
        late = httpx.post(f"{url}{API}/call/page_sampling", json={"data": RUN}, timeout=30)
        assert late.status_code == 503 and late.json()["detail"].endswith(".")
        assert any(line.startswith("event: complete") for line in lines)
    assert running.wait(20) == 0


def test_latency_classes_add_up():
    health = Health(Engine())
    for seconds in (0.01, 0.05, 0.2, 3, 1000):
        health.event_started()
        health.event_finished("done", seconds)
    found = numbers(health.metrics())
    below = [found[f'explorer_event_seconds_bucket{{le="{b}"}}'] for b in (LATENCY_BUCKETS_S[0], 0.25, 5.0, 120.0)]
    assert below == [2, 3, 4, 4]
    assert found['explorer_event_seconds_bucket{le="+Inf"}'] == 5


def test_draining_waits_for_what_runs_but_not_for_ever():
    health = Health(Engine())
    health.event_started()
    assert not health.drain(0.2) and health.draining
    threading.Timer(0.2, health.event_finished, ("done", 0.1)).start()
    assert health.drain(5)
