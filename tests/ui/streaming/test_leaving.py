"""A run ends within a step when the person has gone or has pressed stop, and nothing of it stays in memory."""

import gc
import json
import time
import weakref

import gradio as gr
import httpx
import pytest

from explorer.engine import Engine
from explorer.schemas import SamplingRequest
from explorer.server.blob_store import BlobStore
from explorer.server.config import Hosting
from explorer.server.launch_options import launch_options
from explorer.ui.app import build_app
from explorer.ui.streaming.sampling_runs import SamplingRuns
from harness.server_process import free_port
from tests.support.guarded_app import API
from tests.support.waiting import holds_throughout, wait_until

SLOW = 0.05  # seconds per call of the denoiser, so that a run of 200 steps outlasts the test
# the public inputs of the event `sampling`: everything but the picture, which is the session's own
LONG = ["wiener", "any", "euler", 200, "karras", 1, 1, 0, 64, "noise", 1, "nothing", "ddpm", 8, "flow", "any", 3, 1]


class CountingEngine(Engine):
    """The engine with a denoiser that takes its time and counts its calls."""

    calls = 0

    def denoiser(self, request):
        inner = super().denoiser(request)

        def call(x, sigma, label=None):
            self.calls += 1
            time.sleep(SLOW)  # a slow model is what the test needs
            return inner(x, sigma, label)

        return call

    def rests(self):
        """Whether there has been no call for a second: many times what one takes, on a busy machine too."""
        before = self.calls
        return holds_throughout(lambda: self.calls == before, 20 * SLOW)


@pytest.fixture(scope="module")
def engine():
    return CountingEngine()


@pytest.fixture(scope="module")
def url(engine):
    app: gr.Blocks = build_app(engine, blobs := BlobStore()).queue(max_size=8)
    app.launch(**launch_options(Hosting(port=free_port()), routes=[blobs.route]), prevent_thread_lock=True, quiet=True)
    yield app.local_url.rstrip("/")
    app.close(verbose=False)


def test_a_client_that_goes_away_ends_its_run(engine, url):
    asked = httpx.post(f"{url}{API}/call/page_sampling", json={"data": [*LONG, "wiener", 0]}, timeout=30)
    assert asked.status_code == 200, asked.text
    with httpx.stream("GET", f"{url}{API}/call/page_sampling/{asked.json()['event_id']}", timeout=30) as stream:
        lines = stream.iter_lines()  # kept: the connection ends with it
        for line in lines:
            if line.startswith("data: ") and len(json.loads(line[6:])[0]["parts"]) > 3:
                break
        assert not engine.rests()  # it is running, and would go on for ten seconds
    wait_until(engine.rests, 4)


def test_stop_ends_a_run_at_its_next_step_and_says_what_there_is(engine):
    runs = SamplingRuns(engine, blobs := BlobStore())
    answers = runs.stream([SamplingRequest(model="wiener", steps=200, sampler="euler")], 7, "somebody")
    for _ in range(3):
        answer = next(answers)
    before = engine.calls
    runs.streams.tickets.stop("somebody", 7)
    *_, last = [answer, *answers]
    assert engine.calls <= before + 2 and last["state"] == "done"
    kinds = [json.loads(blobs.get(name)[4:].split(b"}", 1)[0].split(b",")[0] + b"}")["kind"] for name in last["parts"]]
    assert kinds[0] == "plan" and kinds[-1] == "octaves"


def sampled_steps():
    return [found for found in gc.get_objects() if type(found).__name__ == "SampledStep"]


def test_what_an_abandoned_run_held_is_let_go(engine):
    before = sampled_steps()  # of other tests, in the engine's keeping
    answers = SamplingRuns(engine, BlobStore()).stream([SamplingRequest(model="wiener", steps=50, seed=5)], 1, "x")
    for _ in range(3):
        next(answers)
    known = {id(step) for step in before}
    held = [weakref.ref(step) for step in sampled_steps() if id(step) not in known]
    assert held
    answers.close()
    del answers
    gc.collect()
    assert not any(step() for step in held)
