"""Events without a listener: they wait behind the others, and are stopped after ORPHAN_GRACE_S seconds.

Gradio computes an event to its end whether or not anybody fetches the answer, so that a few clients who ask and never
listen would hold all places. Here at most half of a group's places go to events that have no listener yet, which
spares honest clients a round trip.
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

ORPHAN_GRACE_S = 8.0  # how long an event may be without a listener
NEW_EVENT_GRACE_S = 1.0  # how long after asking a client may still be about to open its stream
CHECK_INTERVAL_S = 0.5
SESSION_RETENTION_S = 20.0  # how long a session is remembered after it has fetched all
ORPHANED_MESSAGE = "Nobody was listening for this answer, so it was stopped."
_STREAM = re.compile(r"/gradio_api/(queue/data|call/(?:v2/)?[^/]+/(?P<event>[^/]+))/?")


class OrphanedEvents:
    """Keep count of the open event streams by session or event, and stop events that have none.

    Used from the server's event loop alone.
    """

    def __init__(self, grace_s: float = ORPHAN_GRACE_S) -> None:
        self._grace_s = grace_s
        self._open_streams: Counter[str] = Counter()  # by session or event id
        self._last_heard: dict[str, float] = {}  # event id -> when it last had a listener, or was first seen
        self._finished_since: dict[str, float] = {}  # session -> since when it waits for nothing

    @contextmanager
    def listening(self, path: str, query: bytes) -> Iterator[None]:
        """Around a GET request: while it lasts, its session or event has a listener, if it is an event stream."""
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
        """Order and watch the queue of a server from its start to its end."""
        queue = gradio_patches.queue_of(gradio_patches.blocks_of(app))
        gradio_patches.filter_next_events(queue, self.split)
        watch = asyncio.create_task(self._watch(queue))
        yield
        watch.cancel()

    def split(self, waiting: list[Event], limit: int | None, running: int) -> tuple[list[Event], list[Event]]:
        """Return which events of a group may begin, those with a listener first, and which must wait for one."""
        heard = [event for event in waiting if self.has_listener(event)]
        unheard = [event for event in waiting if not self.has_listener(event)]
        if limit is None or 2 * running < limit:
            return heard + unheard, []
        return heard, unheard

    async def make_room(self, queue: Queue) -> bool:
        """Return whether one more event may wait; in a full queue, the oldest without a listener is stopped for it.

        An honest client asks first and listens a round trip later, so no event is stopped before NEW_EVENT_GRACE_S.
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
        """Stop the events that have been without a listener for too long, running or waiting."""
        now, events = time.monotonic(), gradio_patches.events_by_id(queue)
        last_heard = lambda name, event: now if self.has_listener(event) else self._last_heard.get(name, now)
        self._last_heard = {name: last_heard(name, event) for name, event in events.items()}
        for name, heard in self._last_heard.items():
            if now - heard > self._grace_s:
                await _stop(queue, events[name])
        self._drop_finished_sessions(queue)

    def _drop_finished_sessions(self, queue: Queue) -> None:
        """Forget what the queue remembers of sessions that nothing more can come of.

        An answer through a stream that is open already can be there before the page has heard that its question waits;
        the page then opens one more stream, and would take a refusal of that for a broken connection.
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
    """End an event, and leave a message for its client in case it comes to listen after all."""
    gradio_patches.send_error(queue, event, ORPHANED_MESSAGE, title="Stopped")
    await gradio_patches.cancel_event(queue, event)
