"""Scheduling of events without a listener: after the others, and cancelled after ORPHAN_GRACE_S seconds.

Gradio computes an event to its end even if no client fetches the answer, so that a few clients that never listen could
occupy all workers. Here events without a listener take at most half of a group's workers. They may start at all so that
an honest client, which opens its stream after its request, need not wait for that round trip.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import parse_qs

from gradio.queueing import Event, Queue
from gradio.routes import App

from explorer.server import gradio_patches

ORPHAN_GRACE_S = 8.0  # time that an event may be without a listener
NEW_EVENT_GRACE_S = 1.0  # time from a request in which its client may still open the stream
CHECK_INTERVAL_S = 0.5
SESSION_RETENTION_S = 20.0  # time until a session without pending events is dropped
ORPHANED_MESSAGE = "Nobody was listening for this answer, so it was stopped."
_STREAM = re.compile(r"/gradio_api/(queue/data|call/(?:v2/)?[^/]+/(?P<event>[^/]+))/?")


class OrphanedEvents:
    """Count the open event streams by session or event, and stop events that have none.

    Not thread-safe: used from the server's event loop only.
    """

    def __init__(self, grace_s: float = ORPHAN_GRACE_S) -> None:
        self._grace_s = grace_s
        self._open_streams: Counter[str] = Counter()  # by session or event id
        self._last_heard: dict[str, float] = {}  # event id -> monotonic time of its last listener, or when first seen
        self._finished_since: dict[str, float] = {}  # session -> monotonic time since which it has no pending event

    @contextmanager
    def listening(self, path: str, query: bytes) -> Iterator[None]:
        """Count a GET request, if it is an event stream, as a listener of its session or event in the context."""
        found = _STREAM.fullmatch(path)
        name = found and (found["event"] or parse_qs(query.decode("latin-1")).get("session_hash", [""])[0])
        if name:
            self._open_streams[name] += 1
            self._finished_since.pop(name, None)
        try:
            yield
        finally:
            if name:
                self._open_streams[name] -= 1
                if not self._open_streams[name]:
                    del self._open_streams[name]

    def has_listener(self, event: Event) -> bool:
        """Return whether a client has a stream open for this event."""
        return event.session_hash in self._open_streams or gradio_patches.event_id(event) in self._open_streams

    @asynccontextmanager
    async def lifespan(self, app: App) -> AsyncIterator[None]:
        """Order the queue of a server and stop its orphaned events while the server runs."""
        queue = gradio_patches.queue_of(gradio_patches.blocks_of(app))
        gradio_patches.filter_next_events(queue, self.split)
        watch = asyncio.create_task(self._watch(queue))
        yield
        watch.cancel()

    def split(self, waiting: list[Event], limit: int | None, running: int) -> tuple[list[Event], list[Event]]:
        """Return the waiting events of a group that may start, in order, and those that must wait for a listener.

        limit: workers of the group, None for any number; running: its events that are being computed
        """
        heard = [event for event in waiting if self.has_listener(event)]
        unheard = [event for event in waiting if not self.has_listener(event)]
        if limit is None or 2 * running < limit:
            return heard + unheard, []
        return heard, unheard

    async def make_room(self, queue: Queue) -> bool:
        """Return whether the queue can take one more event; if it is full, stop its oldest event without a listener.

        An honest client listens a round trip after its request, so no event is stopped before NEW_EVENT_GRACE_S.
        """
        if not gradio_patches.is_full(queue):
            return True
        youngest = time.monotonic() - NEW_EVENT_GRACE_S
        waiting = gradio_patches.waiting_events(queue)
        unheard = [event for event in waiting if not self.has_listener(event) and event.enqueue_time < youngest]
        if unheard:
            await _stop(queue, min(unheard, key=lambda event: event.enqueue_time))
        return bool(unheard)

    async def stop_orphans(self, queue: Queue) -> None:
        """Stop the events, running or waiting, that have had no listener for longer than the grace period."""
        now, events = time.monotonic(), gradio_patches.events_by_id(queue)
        last_heard = lambda name, event: now if self.has_listener(event) else self._last_heard.get(name, now)
        self._last_heard = {name: last_heard(name, event) for name, event in events.items()}
        for name, heard in self._last_heard.items():
            if now - heard > self._grace_s:
                await _stop(queue, events[name])
        self._drop_finished_sessions(queue)

    def _drop_finished_sessions(self, queue: Queue) -> None:
        """Remove the queue's records of sessions that have had no pending event and no stream for SESSION_RETENTION_S.

        They are not removed at once: an answer through an open stream can arrive before the reply to its request. The
        page then opens another stream, and would show a refusal of it as a broken connection.
        """
        gradio_patches.drop_lost_sessions(queue)
        now, finished = time.monotonic(), gradio_patches.finished_sessions(queue)
        idle = [name for name in finished if name not in self._open_streams]
        self._finished_since = {name: self._finished_since.get(name, now) for name in idle}
        for session, since in self._finished_since.items():
            if now - since > SESSION_RETENTION_S:
                gradio_patches.drop_session(queue, session)

    async def _watch(self, queue: Queue) -> None:
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            await self.stop_orphans(queue)


async def _stop(queue: Queue, event: Event) -> None:
    """Cancel an event, and queue an error message for its client in case it listens later."""
    gradio_patches.send_error(queue, event, ORPHANED_MESSAGE, title="Stopped")
    await gradio_patches.cancel_event(queue, event)
