"""How many events of one session may wait and run: two of a program, those of four functions of a page.

A person who clicks fast is never refused: what waits of the same function is superseded by its newest event.
"""

from __future__ import annotations

from typing import Any

from gradio.queueing import Queue

from explorer.server import gradio_patches
from explorer.server.gradio_patches import function_id

MAX_API_EVENTS_PER_SESSION = 2  # of a program, waiting and running in one concurrency group
MAX_PAGE_FUNCTIONS_PER_SESSION = 4  # different ones of a page, waiting and running in one concurrency group
TOO_MANY_EVENTS_MESSAGE = "Too many of your computations are still running; please wait for one of them, or stop it."


async def admit_event(queue: Queue, body: dict[str, Any]) -> bool:
    """Return whether one more event, the JSON of /queue/join, may be queued; supersede the one that it replaces."""
    session, function = body.get("session_hash"), gradio_patches.function_of(queue, body.get("fn_index"))
    if not isinstance(session, str) or function is None:
        return True  # Gradio refuses it, or gives it a session of its own
    group = function.concurrency_id
    waiting = [e for e in gradio_patches.waiting_events(queue, group) if e.session_hash == session]
    running = [
        e for e in gradio_patches.running_events(queue) if e.session_hash == session and e.concurrency_id == group
    ]
    if body.get("trigger_id") is None:  # no control of a page has been moved
        return len(waiting) + len(running) < MAX_API_EVENTS_PER_SESSION
    number = body["fn_index"]
    for event in waiting:
        if function_id(event) == number and await gradio_patches.withdraw_event(queue, event):
            gradio_patches.send_unchanged(queue, event)
    others = {function_id(event) for event in [*waiting, *running]} - {number}
    return len(others) < MAX_PAGE_FUNCTIONS_PER_SESSION
