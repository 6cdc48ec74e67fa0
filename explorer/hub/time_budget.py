"""A limit on time and bytes for all requests to the Hub about one model.

huggingface_hub limits each read, but retries, and resumes broken transfers indefinitely. Here all requests together may
take BASE_BUDGET_S plus the time of the expected bytes at MIN_BYTES_PER_S. They run in a thread, which is abandoned when
the budget is spent.
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
BASE_BUDGET_S = 6.0  # for all requests together, without the transfer of bytes
MIN_BYTES_PER_S = 250_000
PROGRESS_CHUNK_BYTES = 10 * 2**20  # that huggingface_hub may have received before it reports them
MAX_TRANSFER_RATIO = 4  # received over expected bytes: transfers can break, and some bytes are counted twice
POLL_S = 0.5


class TimeBudget:
    """The budget of time and bytes for one model."""

    def __init__(self, model: HubModel) -> None:
        self.model = model
        self.waited_s = 0.0
        self.expected = self.received = 0  # bytes
        self.expired = False

    def expect(self, size: int) -> None:
        """Add the size in bytes of a file that is about to be downloaded."""
        self.expected += size

    def count(self, size: int) -> None:
        """Add received bytes. Raise HubRefused, which ends the transfer, for too many or after the budget expired."""
        self.received += max(size, 0)
        if self.expired or self.received > MAX_TRANSFER_RATIO * self.expected:
            raise HubRefused(f"The Hub sends something else than the files of {self.model.repository}.")

    def progress_bar(self) -> type[tqdm]:
        """Return a class of progress bars that draw nothing and `count` every received byte."""
        count = self.count

        class Counter(tqdm):
            def __init__(self, *values: object, **options: object) -> None:
                super().__init__(*values, **{**options, "disable": True})

            def update(self, n: float | None = 1) -> None:
                count(int(n or 0))

        return Counter

    def run(self, work: Callable[[], T]) -> T:
        """Return work(), run in a thread. Raise HubRefused when it fails or outlasts the budget."""
        outcome: Future[T] = Future()
        Thread(target=_settle, args=(outcome, work), daemon=True).start()
        begun = time.monotonic()
        while not outcome.done():
            left_s = self._allowed_s() - self.waited_s - (time.monotonic() - begun)
            if left_s <= 0:
                self.expired = True
                raise HubRefused(f"{self.model.repository} could not be fetched: the Hub takes too long to answer.")
            wait([outcome], timeout=min(left_s, POLL_S))
        self.waited_s += time.monotonic() - begun
        try:
            return outcome.result()
        except HubRefused:
            raise
        except Exception as error:  # of the Hub's client, its HTTP library or the disk
            raise HubRefused(_reason(error, self.model)) from None

    def _allowed_s(self) -> float:
        unreported = max(0, min(self.expected - self.received, PROGRESS_CHUNK_BYTES))
        return BASE_BUDGET_S + (self.received + unreported) / MIN_BYTES_PER_S


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
