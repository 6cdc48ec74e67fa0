"""What tests of the batcher share: a model that says which rows it was given, and waits at a gate.

With it a test fixes who comes when; nothing depends on how long anything takes.
"""

import threading

import torch

from tests.support.waiting import GIVE_UP_S, wait_until

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
            assert self.gate.acquire(timeout=GIVE_UP_S)
        self.before(x, sigma)
        return x + sigma[:, None, None, None] + (0 if label is None else 100 * label[:, None, None, None])

    def open(self):
        """Let this pass and all later ones through."""
        self.gated = False
        self.gate.release()


def rows(count, side=SIDE):
    return torch.zeros(count, 3, side, side)


def busy(batcher, start, model, count=1, sigma=99.0):
    """A first call that keeps the model at its gate, so that later ones have to queue up."""
    first = start(batcher.denoiser(model), rows(count), sigma)
    assert model.entered.acquire(timeout=GIVE_UP_S)
    return first


def queued(batcher, start, denoiser, x, sigma, label=None):
    """A call that is certain to wait when this returns."""
    before = batcher.stats().waiting
    call = start(denoiser, x, sigma, label)
    wait_until(lambda: batcher.stats().waiting == before + len(x))
    return call
