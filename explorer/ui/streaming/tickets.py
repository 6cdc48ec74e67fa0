"""A record of each visitor's newest ticket, by which older computations stop at their next step."""

from __future__ import annotations

import threading

from cachetools import LRUCache

MAX_VISITORS = 4096


class Tickets:
    """The newest ticket of each visitor, and the ticket that was stopped by hand. Thread-safe.

    The page numbers tickets in the order in which the person moved the controls, as events can overtake each other in
    transit. Ticket 0 is for callers without numbers; it is always current.
    """

    def __init__(self) -> None:
        self._newest: LRUCache[str, int] = LRUCache(MAX_VISITORS)
        self._stopped: LRUCache[str, int] = LRUCache(MAX_VISITORS)
        self._lock = threading.Lock()

    def begin(self, visitor: str, ticket: int) -> None:
        """Record a ticket; all smaller ones of this visitor become stale."""
        with self._lock:
            self._newest[visitor] = max(ticket, self._newest.get(visitor, 0))

    def is_current(self, visitor: str, ticket: int) -> bool:
        """Return whether no newer ticket of this visitor has begun."""
        with self._lock:
            return ticket == 0 or self._newest.get(visitor, ticket) <= ticket

    def stop(self, visitor: str, ticket: int) -> None:
        """Record that the person has stopped this ticket."""
        with self._lock:
            self._stopped[visitor] = ticket

    def is_stopped(self, visitor: str, ticket: int) -> bool:
        """Return whether the person has stopped this ticket."""
        with self._lock:
            return ticket != 0 and self._stopped.get(visitor) == ticket
