"""What tests of the batcher share: a model that says which rows it was given, and waits at a gate.

With it a test fixes who comes when; nothing depends on how long anything takes.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import torch

from explorer.inference.batcher import Batcher

PATIENCE = 60  # seconds until a test gives up; none depends on how long anything takes
SIDE = 4


class Recorder:
    """x0 = x + sigma (+ 100 label); notes the sigmas of every pass, and waits at the gate within it."""

    def __init__(self, gated=True, before=lambda x, sigma: None):
        self.passes, self.labels, self.gate, self.entered = [], [], threading.Semaphore(0), threading.Semaphore(0)
        self.gated, self.before = gated, before

    def __call__(self, x, sigma, label=None):
        self.thread = threading.current_thread()
        self.passes.append(sigma.tolist())
        self.labels.append(None if label is None else label.tolist())
        self.entered.release()
        if self.gated:
            assert self.gate.acquire(timeout=PATIENCE)
        self.before(x, sigma)
        return x + sigma[:, None, None, None] + (0 if label is None else 100 * label[:, None, None, None])

    def open(self):
        """Let this pass and all later ones through."""
        self.gated = False
        self.gate.release()


@pytest.fixture
def start():
    """Call a denoiser in a thread of its own, as start(denoiser, x, sigma) -> Future."""
    threads = ThreadPoolExecutor(80)
    yield threads.submit
    threads.shutdown(wait=False)  # those that still wait are told when the batcher is closed


@pytest.fixture
def batcher():
    with closing(Batcher(max_wait_s=0, max_pixels=8 * SIDE * SIDE)) as made:
        yield made


@pytest.fixture
def patient():
    """A batcher that waits an hour for callers that may come back."""
    with closing(Batcher(max_wait_s=3600)) as made:
        yield made


def rows(count, side=SIDE):
    return torch.zeros(count, 3, side, side)


def wait_for(condition):
    """Until a condition that another thread brings about."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def busy(batcher, start, model, count=1, sigma=99.0):
    """A first call that keeps the model at its gate, so that later ones have to queue up."""
    first = start(batcher.denoiser(model), rows(count), sigma)
    assert model.entered.acquire(timeout=PATIENCE)
    return first


def queued(batcher, start, denoiser, x, sigma, label=None):
    """A call that is certain to wait when this returns."""
    before = batcher.stats().waiting
    call = start(denoiser, x, sigma, label)
    wait_for(lambda: batcher.stats().waiting == before + len(x))
    return call
