"""Answers that grow while they are computed: a visitor's newest choice wins; stop ends one, and so does a deadline.

An answer is {"generation", "parts", "state", "done", ...}: the ticket of the question, the names of all parts so far,
"running" or "done", and how many items have been computed. explorer/ui/players/shared/exchange.js takes it in.
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
    """The computations of one player; safe to use from many threads."""

    def __init__(self, blobs: BlobStore, slow: str = TIMEOUT_MESSAGE) -> None:
        """slow: the sentence for a computation that is past the deadline."""
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
        """Yield the answer with its newest item after every item, and once more when all is done or was stopped.

        encode: the parts that an item adds; ending: those that end the answer; about: what else the answer says.
        Raises RequestRefused.
        """
        ticket, names, done = whole_number(ticket, 0, 2**53, "ticket"), [], 0
        answer = lambda state: {"generation": ticket, "parts": list(names), "state": state, "done": done, **about}
        try:
            for item in self._while_wanted(items, ticket, visitor):
                names, done = [*names, *map(self._blobs.put, encode(item))], done + 1
                yield answer("running"), item
        except RequestRefused:
            if done:
                yield answer("done"), item  # the page is at rest before it is told why
            raise
        if done and self.tickets.is_current(visitor, ticket):
            names = [*names, *map(self._blobs.put, ending())]
            yield answer("done"), item

    def stop(self, ticket: float, visitor: gr.Request) -> None:
        """End what is being computed at its next step; what has been computed stays."""
        with show_user_errors():
            self.tickets.stop(visitor.session_hash or "", whole_number(ticket, 0, 2**53, "ticket"))

    def connect(
        self, begin: gr.Button, stop: gr.Button, ask: Callable, inputs: Sequence, outputs: Sequence, player: str,
        **event: object,
    ) -> None:  # fmt: skip
        """Connect a section's two buttons: ask(*inputs, ticket, visitor) yields its outputs, the last one the answer.

        player: the name in the page of what shows the answer; event: what else the event is told.
        """
        ticket = gr.Number(0, precision=0, visible=False)
        event = {"js": with_ticket_js(player), "api_visibility": "private", **event}
        begun = begin.click(ask, [*inputs, ticket], outputs, trigger_mode="multiple", **event, **COMPUTE)
        begun.failure(fn=None, js=clear_waiting_js(player))
        self.stopped_by(stop, ticket, player)

    def stopped_by(self, button: gr.Button, ticket: gr.Number, player: str) -> None:
        """Connect a stop button; ticket: a hidden number to be filled in by the player under that name in the page."""
        button.click(self.stop, ticket, None, js=newest_ticket_js(player), queue=False, **PRIVATE_EVENT)

    def _while_wanted(self, items: Iterable[T], ticket: int, visitor: str) -> Iterator[T]:
        deadline = time.monotonic() + MAX_COMPUTATION_S
        self.tickets.begin(visitor, ticket)
        for item in items:
            if not self.tickets.is_current(visitor, ticket):
                return  # a newer choice has been made; its answer is on its way
            if time.monotonic() > deadline:
                raise RequestRefused(self._slow)
            yield item
            if self.tickets.is_stopped(visitor, ticket):
                return


def accumulate(items: Iterable[T]) -> Iterator[list[T]]:
    """All items so far, after each of them."""
    found: list[T] = []
    for item in items:
        found.append(item)
        yield list(found)


def batch_by_time(items: Iterable[T], seconds: float, at_once: bool = True) -> Iterator[list[T]]:
    """The items in lists, one every so many seconds, so that no page is flooded; the first item alone if at_once."""
    some, since = [], float("-inf") if at_once else time.monotonic()
    for item in items:
        some.append(item)
        if time.monotonic() - since > seconds:
            yield some
            some, since = [], time.monotonic()
    if some:
        yield some
