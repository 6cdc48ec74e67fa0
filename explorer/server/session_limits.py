"""The limit of waiting and running events per session: two of a program, those of four functions of a page.

A person who clicks fast is never refused: the newest event of a function replaces the waiting ones.
"""

from __future__ import annotations

from typing import Any

from gradio.queueing import Queue

from explorer.server import gradio_patches
from explorer.server.gradio_patches import function_id

MAX_API_EVENTS_PER_SESSION = 2  # of a program, waiting or running in one concurrency group
MAX_PAGE_FUNCTIONS_PER_SESSION = 4  # of a page, with events waiting or running in one concurrency group
TOO_MANY_EVENTS_MESSAGE = "Too many of your computations are still running; please wait for one of them, or stop it."


async def admit_event(queue: Queue, body: dict[str, Any]) -> bool:
    """Return whether an event may be queued, and withdraw the waiting events of the page that it replaces.

    body: the JSON of /queue/join
    """
    session, function = body.get("session_hash"), gradio_patches.function_of(queue, body.get("fn_index"))
    if not isinstance(session, str) or function is None:
        return True  # Gradio refuses it, or creates a session for it
    group = function.concurrency_id
    waiting = [e for e in gradio_patches.waiting_events(queue, group) if e.session_hash == session]
    running = [
        e for e in gradio_patches.running_events(queue) if e.session_hash == session and e.concurrency_id == group
    ]
    if body.get("trigger_id") is None:  # a call of a program, not of a control
        return len(waiting) + len(running) < MAX_API_EVENTS_PER_SESSION
    number = body["fn_index"]
    for event in waiting:
        if function_id(event) == number and await gradio_patches.withdraw_event(queue, event):
            gradio_patches.send_unchanged(queue, event)
    others = {function_id(event) for event in [*waiting, *running]} - {number}
    return len(others) < MAX_PAGE_FUNCTIONS_PER_SESSION
