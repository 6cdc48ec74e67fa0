"""Waiting for the Hub: how long, for how many bytes, and what is said when it was in vain.

huggingface_hub bounds each read, but it retries, and takes up a broken transfer again without end. Here all requests
together may take SECONDS plus what the bytes need at the slowest acceptable rate. The requests run in a thread, so that
whatever they wait for, the person does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

from tqdm import tqdm

from explorer.errors import HubRefused
from explorer.hub.model_id import HubModel

T = TypeVar("T")
BASE_BUDGET_S = 6.0
MIN_BYTES_PER_S = 250_000  # bytes a second
PROGRESS_CHUNK_BYTES = 10 * 2**20  # bytes that huggingface_hub gathers before it tells of them
MAX_TRANSFER_RATIO = 4  # times its size that a file may cost: a transfer can break, and some are counted twice


class TimeBudget:
    """One budget of time and bytes for everything that is asked of the Hub about one model."""

    def __init__(self, model: HubModel) -> None:
        self.model = model
        self.waited = 0.0  # seconds
        self.expected = self.received = 0  # bytes
        self.lost = False

    def expect(self, size: int) -> None:
        """Another file, of this many bytes, is about to be fetched."""
        self.expected += size

    def count(self, size: int) -> None:
        """This many bytes have come; an error here ends the transfer that brought them."""
        self.received += max(size, 0)
        if self.lost or self.received > MAX_TRANSFER_RATIO * self.expected:
            raise HubRefused(f"The Hub sends something else than the files of {self.model.repository}.")

    def counter(self) -> type[tqdm]:
        """A progress bar that draws nothing and tells this budget of every byte."""
        count = self.count

        class Counter(tqdm):
            def __init__(self, *values: object, **options: object) -> None:
                super().__init__(*values, **{**options, "disable": True})

            def update(self, n: float | None = 1) -> None:
                count(int(n or 0))

        return Counter

    def watch(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises HubRefused when it fails or the budget is spent; it is then left to itself."""
        outcome: Future[T] = Future()
        Thread(target=_settle, args=(outcome, work), daemon=True).start()
        begun = time.monotonic()
        while not outcome.done():
            left = self._allowed() - self.waited - (time.monotonic() - begun)
            if left <= 0:
                self.lost = True
                raise HubRefused(f"{self.model.repository} could not be fetched: the Hub takes too long to answer.")
            wait([outcome], timeout=min(left, 0.5))
        self.waited += time.monotonic() - begun
        try:
            return outcome.result()
        except HubRefused:
            raise
        except Exception as error:  # of the Hub's client, its HTTP library or the disk: all end in one sentence
            raise HubRefused(_reason(error, self.model)) from None

    def _allowed(self) -> float:
        unseen = max(0, min(self.expected - self.received, PROGRESS_CHUNK_BYTES))
        return BASE_BUDGET_S + (self.received + unseen) / MIN_BYTES_PER_S


def _settle(outcome: Future, work: Callable[[], object]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:
        outcome.set_exception(error)


def _reason(error: Exception, model: HubModel) -> str:
    from huggingface_hub import errors

    sentences = {
        errors.GatedRepoError: f"The Hub hands {model.repository} only to those who accepted its terms there.",
        errors.RepositoryNotFoundError: f"The Hub has no open model named {model.repository}.",
        errors.RevisionNotFoundError: f"{model.repository} has no revision {model.revision[:12]} on the Hub.",
        errors.OfflineModeIsEnabled: f"{model.repository} is not in the local cache, and HF_HUB_OFFLINE is set.",
    }
    for kind, sentence in sentences.items():
        if isinstance(error, kind):
            return sentence
    return f"{model.repository} is not in the local cache, and could not be fetched from the Hub."
