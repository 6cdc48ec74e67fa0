"""Which of a visitor's computations is the newest, so that older ones can stop at their next step."""

from __future__ import annotations

import threading

from cachetools import LRUCache

MAX_VISITORS = 4096


class Tickets:
    """The newest ticket of each visitor, and which one was stopped by hand; safe to use from many threads.

    Tickets are numbered by the page, in the order in which the person moved the controls: events can overtake each
    other on their way. Ticket 0 belongs to callers that do not number their requests, and never grows old.
    """

    def __init__(self) -> None:
        self._newest: LRUCache[str, int] = LRUCache(MAX_VISITORS)
        self._stopped: LRUCache[str, int] = LRUCache(MAX_VISITORS)
        self._lock = threading.Lock()

    def begin(self, visitor: str, ticket: int) -> None:
        """Note a ticket; all smaller ones of this visitor are stale from now on."""
        with self._lock:
            self._newest[visitor] = max(ticket, self._newest.get(visitor, 0))

    def is_current(self, visitor: str, ticket: int) -> bool:
        """Return whether nothing newer has begun for this visitor."""
        with self._lock:
            return ticket == 0 or self._newest.get(visitor, ticket) <= ticket

    def stop(self, visitor: str, ticket: int) -> None:
        """Note that the person has stopped this ticket."""
        with self._lock:
            self._stopped[visitor] = ticket

    def is_stopped(self, visitor: str, ticket: int) -> bool:
        """Return whether the person has stopped this very ticket."""
        with self._lock:
            return ticket != 0 and self._stopped.get(visitor) == ticket
