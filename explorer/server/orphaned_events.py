"""Who listens: an event whose client has no event stream open waits behind the others, and is stopped before long.

Gradio computes an event to its end whether or not anybody will fetch the answer, so that a few clients who ask and
never listen would hold all places. Here at most half of a group's places go to events that have no listener yet, which
spares honest clients a round trip, and for ORPHAN_GRACE_S seconds at most.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import parse_qs

from gradio.queueing import Event, EventQueue, Queue
from gradio.routes import App
from gradio.server_messages import ProcessCompletedMessage

ORPHAN_GRACE_S = 8.0  # seconds that an event may be without a listener
NEW_EVENT_GRACE_S = 1.0  # seconds within which whoever has just asked may still open a stream
CHECK_INTERVAL_S = 0.5  # seconds between two looks
SESSION_RETENTION_S = 20.0  # seconds for which a session is remembered after it has fetched all
ORPHANED_MESSAGE = "Nobody was listening for this answer, so it was stopped."
_STREAM = re.compile(r"/gradio_api/(queue/data|call/(?:v2/)?[^/]+/(?P<event>[^/]+))/?")


class OrphanedEvents:
    """The open event streams by session or event, and what becomes of events that nobody listens for.

    Used from the server's event loop alone.
    """

    def __init__(self, patience: float = ORPHAN_GRACE_S) -> None:
        self._patience = patience
        self._open: Counter[str] = Counter()
        self._heard: dict[str, float] = {}  # event id -> when somebody last listened, or when it was first seen
        self._idle: dict[str, float] = {}  # session -> since when nothing is to come for it

    @contextmanager
    def listening(self, path: str, query: bytes) -> Iterator[None]:
        """Around a GET: where it is an event stream, its session or event has a listener for so long."""
        found = _STREAM.fullmatch(path)
        name = found and (found["event"] or parse_qs(query.decode("latin-1")).get("session_hash", [""])[0])
        if name:
            self._open[name] += 1
            self._idle.pop(name, None)
        try:
            yield
        finally:
            if name:
                self._open[name] -= 1
                if not self._open[name]:
                    del self._open[name]

    def hears(self, event: Event) -> bool:
        """Whether somebody listens for this event."""
        return event.session_hash in self._open or event._id in self._open

    @asynccontextmanager
    async def lifespan(self, app: App) -> AsyncIterator[None]:
        """From the server's start to its end: look after its queue."""
        queue = app.get_blocks()._queue
        self.order(queue)
        watch = asyncio.create_task(self._watch(queue))
        yield
        watch.cancel()

    def order(self, queue: Queue) -> None:
        """Let the queue take up events that somebody listens for first, and few of the others."""
        take_next = queue.get_events

        def get_events() -> tuple[list[Event], bool, str] | None:
            held = {name: self._hold_back(group) for name, group in queue.event_queue_per_concurrency_id.items()}
            try:
                return take_next()
            finally:
                for name, events in held.items():
                    queue.event_queue_per_concurrency_id[name].queue += events

        queue.get_events = get_events

    def _hold_back(self, group: EventQueue) -> list[Event]:
        """Take out of the group's queue what has no listener and must not begin now, and put the rest in order."""
        unheard = [event for event in group.queue if not self.hears(event)]
        group.queue.sort(key=lambda event: not self.hears(event))
        if group.concurrency_limit is None or 2 * group.current_concurrency < group.concurrency_limit:
            return []
        del group.queue[len(group.queue) - len(unheard) :]
        return unheard

    async def make_space(self, queue: Queue) -> bool:
        """Whether one more may wait; in a full queue, whoever has been without a listener for longest gives way.

        An honest client asks first and listens a round trip later, so that nobody gives way before NEW_EVENT_GRACE_S.
        """
        if queue.max_size is None or len(queue) < queue.max_size:
            return True
        waiting = [event for group in queue.event_queue_per_concurrency_id.values() for event in group.queue]
        youngest = time.monotonic() - NEW_EVENT_GRACE_S
        unheard = [event for event in waiting if not self.hears(event) and event.enqueue_time < youngest]
        if unheard:
            await _stop(queue, min(unheard, key=lambda event: event.enqueue_time))
        return bool(unheard)

    async def dismiss(self, queue: Queue) -> None:
        """Stop the events that have been without a listener for too long, running or waiting."""
        now, events = time.monotonic(), dict(queue.event_ids_to_events)
        self._heard = {name: now if self.hears(event) else self._heard.get(name, now) for name, event in events.items()}
        for name, heard in self._heard.items():
            if now - heard > self._patience:
                await _stop(queue, events[name])
        self._forget(queue)

    def _forget(self, queue: Queue) -> None:
        """Let go of what the queue keeps of sessions that nothing more can come of.

        An answer through a stream that is open already can be there before the page has heard that its question waits;
        the page then opens one more stream, and would take a refusal of that for a broken connection.
        """
        waited, kept = queue.pending_event_ids_session, queue.pending_messages_per_session
        for session in set(waited) - set(kept.keys()):
            del waited[session]  # its messages are gone, so they can never be fetched
        now, fetched = time.monotonic(), [n for n, messages in kept.items() if messages.empty() and not waited.get(n)]
        self._idle = {name: self._idle.get(name, now) for name in fetched if name not in self._open}
        for session in [name for name, since in self._idle.items() if now - since > SESSION_RETENTION_S]:
            del kept[session]
            waited.pop(session, None)

    async def _watch(self, queue: Queue) -> None:
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            await self.dismiss(queue)


async def _stop(queue: Queue, event: Event) -> None:
    """End an event, at its next message if it runs, and tell whoever should come and listen after all."""
    output = {"error": ORPHANED_MESSAGE, "visible": True}
    queue.send_message(event, ProcessCompletedMessage(output=output, title="Stopped", success=False))
    await queue.clean_events(event_id=event._id)
