"""How many places one session may take in the queue: two, or four different things where its page asks.

A person who clicks fast is never refused: what waits of the same control is superseded by its newest event.
"""

from __future__ import annotations

from typing import Any

from gradio.queueing import Event, Queue
from gradio.server_messages import ProcessCompletedMessage

MAX_API_EVENTS_PER_SESSION = 2  # of a program that calls the page's functions, running and waiting in one group
MAX_PAGE_FUNCTIONS_PER_SESSION = 4  # different ones of a page, running and waiting in one group
TOO_MANY_EVENTS_MESSAGE = "Too many of your computations are still running; please wait for one of them, or stop it."
NO_UPDATE = {"__type__": "update"}


async def admit_event(queue: Queue, asked: dict[str, Any]) -> bool:
    """Whether one more event, the JSON of /queue/join, may be queued; on the way, supersede what it replaces."""
    session, number = asked.get("session_hash"), asked.get("fn_index")
    function = queue.blocks.fns.get(number) if type(number) is int else None
    if not isinstance(session, str) or function is None:
        return True  # Gradio refuses it, or gives it a session of its own
    group = queue.event_queue_per_concurrency_id.get(function.concurrency_id)
    waiting = [event for event in group.queue if event.session_hash == session] if group else []
    jobs = [event for job in queue.active_jobs for event in job or ()]
    running = [e for e in jobs if e.session_hash == session and e.concurrency_id == function.concurrency_id]
    if asked.get("trigger_id") is None:  # no control of a page has been moved
        return len(waiting) + len(running) < MAX_API_EVENTS_PER_SESSION
    for event in waiting:
        if event.fn._id == number:
            await _supersede(queue, event)
    return len({event.fn._id for event in [*waiting, *running]} - {number}) < MAX_PAGE_FUNCTIONS_PER_SESSION


async def _supersede(queue: Queue, event: Event) -> None:
    """End a waiting event as if it had run and changed nothing."""
    await queue.remove_from_queue(event._id)
    if event._id in queue.event_ids_to_events:
        return  # it has just begun
    output = {"data": [NO_UPDATE] * len(event.fn.outputs), "is_generating": False}
    queue.send_message(event, ProcessCompletedMessage(output=output, success=True))
