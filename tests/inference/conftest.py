"""Batchers, and threads that call them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from explorer.inference.batcher import Batcher
from tests.support.batching import SIDE


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
