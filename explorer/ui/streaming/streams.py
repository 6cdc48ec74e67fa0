"""Streamed answers, which a newer request of the visitor, a stop or a deadline ends.

An answer is {"generation", "parts", "state", "done", ...}: the ticket of the request, the names of all blobs so far,
"running" or "done", and the number of computed items. explorer/ui/players/shared/exchange.js receives it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import gradio as gr

from explorer.errors import RequestRefused
from explorer.schemas import whole_number
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.streaming.events import COMPUTE, MAX_COMPUTATION_S, clear_waiting_js, newest_ticket_js, with_ticket_js
from explorer.ui.streaming.tickets import Tickets

TIMEOUT_MESSAGE = "This took too long here and was stopped; please try again later."
PRIVATE_EVENT = {"show_progress": "hidden", "api_visibility": "private"}
T = TypeVar("T")


class Streams:
    """The computations of one player. Thread-safe."""

    def __init__(self, blobs: BlobStore, slow: str = TIMEOUT_MESSAGE) -> None:
        """slow: the message for a computation that exceeds MAX_COMPUTATION_S."""
        self.tickets, self._blobs, self._slow = Tickets(), blobs, slow

    def answers(
        self,
        items: Iterable[T],
        ticket: float,
        visitor: str,
        encode: Callable[[T], Iterable[bytes]] = lambda item: (),
        ending: Callable[[], Iterable[bytes]] = tuple,
        **about: object,
    ) -> Iterator[tuple[dict, T]]:
        """Yield (answer, newest item) after every item, and once more when all items are computed or it was stopped.

        encode: returns the blobs that an item adds; ending: returns the last blobs; about: further fields of the answer
        Raise RequestRefused when the ticket is invalid or the deadline has passed.
        """
        ticket, names, done = whole_number(ticket, 0, 2**53, "ticket"), [], 0
        answer = lambda state: {"generation": ticket, "parts": list(names), "state": state, "done": done, **about}
        try:
            for item in self._while_wanted(items, ticket, visitor):
                names, done = [*names, *map(self._blobs.put, encode(item))], done + 1
                yield answer("running"), item
        except RequestRefused:
            if done:
                yield answer("done"), item  # ends the waiting state of the page before the error arrives
            raise
        if done and self.tickets.is_current(visitor, ticket):
            names = [*names, *map(self._blobs.put, ending())]
            yield answer("done"), item

    def stop(self, ticket: float, visitor: gr.Request) -> None:
        """Stop the computation of a ticket after its next item; computed items remain. Raise gr.Error when invalid."""
        with show_user_errors():
            self.tickets.stop(visitor.session_hash or "", whole_number(ticket, 0, 2**53, "ticket"))

    def connect(
        self, begin: gr.Button, stop: gr.Button, ask: Callable, inputs: Sequence, outputs: Sequence, player: str,
        **event: object,
    ) -> None:  # fmt: skip
        """Connect a section's two buttons: ask(*inputs, ticket, visitor) yields its outputs, the last one the answer.

        player: the name in the page of the player that shows the answer; event: further arguments of the event
        """
        ticket = gr.Number(0, precision=0, visible=False)
        event = {"js": with_ticket_js(player), "api_visibility": "private", **event}
        begun = begin.click(ask, [*inputs, ticket], outputs, trigger_mode="multiple", **event, **COMPUTE)
        begun.failure(fn=None, js=clear_waiting_js(player))
        self.stopped_by(stop, ticket, player)

    def stopped_by(self, button: gr.Button, ticket: gr.Number, player: str) -> None:
        """Connect a stop button. ticket: a hidden number, which the player of that name in the page sets."""
        button.click(self.stop, ticket, None, js=newest_ticket_js(player), queue=False, **PRIVATE_EVENT)

    def _while_wanted(self, items: Iterable[T], ticket: int, visitor: str) -> Iterator[T]:
        deadline = time.monotonic() + MAX_COMPUTATION_S
        self.tickets.begin(visitor, ticket)
        for item in items:
            if not self.tickets.is_current(visitor, ticket):
                return  # a newer request has begun; its answer follows
            if time.monotonic() > deadline:
                raise RequestRefused(self._slow)
            yield item
            if self.tickets.is_stopped(visitor, ticket):
                return


def accumulate(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the list of all items so far after each item."""
    found: list[T] = []
    for item in items:
        found.append(item)
        yield list(found)


def batch_by_time(items: Iterable[T], seconds: float, at_once: bool = True) -> Iterator[list[T]]:
    """Yield the items in lists, at most one per `seconds`, to limit messages; the first item alone if `at_once`."""
    some, since = [], float("-inf") if at_once else time.monotonic()
    for item in items:
        some.append(item)
        if time.monotonic() - since > seconds:
            yield some
            some, since = [], time.monotonic()
    if some:
        yield some
