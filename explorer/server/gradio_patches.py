"""Every private part of Gradio that this project reads or replaces; no other module touches one.

Gradio promises nothing about these parts, so the whole module is written for one version, GRADIO_VERSION.
`missing_parts` names those that another version no longer has, and its test fails with these sentences.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import nullcontext
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import Any

import gradio as gr
from gradio import http_server, route_utils, state_holder, utils
from gradio.block_function import BlockFunction
from gradio.blocks import Blocks
from gradio.components import Component, State
from gradio.queueing import Event, Queue
from gradio.routes import App
from gradio.server_messages import ProcessCompletedMessage
from gradio.state_holder import SessionState, StateHolder

GRADIO_VERSION = "6.31.0"

# class -> attributes of its instances that are read, called or replaced here
PRIVATE_PARTS = {
    "Blocks": ("_queue", "blocks", "default_config", "fns", "process_api", "temp_file_sets"),
    "Queue": (
        "ANALYTICS_MAX_EVENTS", "active_jobs", "blocks", "clean_events", "event_ids_to_events",
        "event_queue_per_concurrency_id", "get_events", "max_size", "pending_event_ids_session",
        "pending_messages_per_session", "remove_from_queue", "send_message",
    ),
    "EventQueue": ("concurrency_limit", "current_concurrency", "queue"),
    "Event": ("_id", "concurrency_id", "enqueue_time", "fn", "session_hash"),
    "BlockFunction": ("_id", "concurrency_id", "concurrency_limit", "outputs"),
    "SessionState": (
        "STATE_TTL_WHEN_CLOSED", "_state_ttl", "_update_config", "_update_value_in_config", "blocks_config",
        "config_values", "is_closed", "state_data",
    ),
    "EventData": ("_data",),
    "UploadButton": ("preprocess",),
}  # fmt: skip
# function of Gradio -> what its source says where a replacement of this module takes effect
CALL_SITES: dict[Callable, str] = {
    Queue.start_processing: "self.get_events()",
    Queue.push: "self.ANALYTICS_MAX_EVENTS",
    StateHolder.__getitem__: "SessionState(self.blocks)",
    route_utils.call_process_api: "MatplotlibBackendMananger()",
    http_server.start_server: "get_space()",
    Blocks.preprocess_data: "block.preprocess,",
    route_utils.delete_files_created_by_app: "blocks.temp_file_sets",
}


def missing_parts(instances: Mapping[str, object]) -> list[str]:
    """Return one sentence for each private part that is gone; instances: an object for each key of PRIVATE_PARTS."""
    gone = [
        f"Gradio's {owner}.{name} is gone: explorer/server/gradio_patches.py was written for {GRADIO_VERSION}."
        for owner, names in PRIVATE_PARTS.items()
        for name in names
        if not hasattr(instances[owner], name)
    ]
    moved = [
        f"Gradio's {function.__qualname__} no longer says {text}: its replacement in "
        f"explorer/server/gradio_patches.py, written for {GRADIO_VERSION}, has no effect."
        for function, text in CALL_SITES.items()
        if text not in inspect.getsource(function)
    ]
    return gone + moved


# -- sessions, and what Gradio does around each event


class LeanSessionState(SessionState):
    """A visitor's state values without a description of the whole page.

    Gradio describes every component anew for each session and keeps that for an hour, so that its deep links can show
    a session again: 50 ms of the event loop and 25 kB for each visitor, and for each call of a program. This page has
    links of its own (explorer.permalinks).
    """

    def __init__(self, blocks: Blocks) -> None:
        self._page = blocks.default_config
        self.blocks_config = self._page  # of all visitors, until a component of this one's page is another
        self.config_values: dict[int, dict] = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl: dict[int, tuple] = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600  # seconds; a closed tab may be opened again

    def __setitem__(self, key: int, value: Any) -> None:  # noqa: ANN401 - whatever a state holds
        block = self.blocks_config.blocks.get(key)
        if isinstance(block, State):
            self._state_ttl[key] = (block.time_to_live, datetime.now())
            self.state_data[key] = value
        else:
            if self.blocks_config is self._page:
                self.blocks_config = copy(self._page)
            self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        """Do nothing: there is no description to update."""

    def _update_value_in_config(self, key: int, value: Any) -> None:  # noqa: ANN401 - whatever a component shows
        """Do nothing: there is no description to update."""


def install(blocks: Blocks) -> None:
    """Replace what serves no purpose here, for the whole process; call it once, before the first visitor.

    Sessions become LeanSessionState. The list of the last ten thousand events, summed up after each event for a page
    that is closed here, stays empty; /metrics has counts of its own. No event sets up matplotlib, for which the first
    visitor would wait. In a Space, no second port is opened that takes changes to the program.
    """
    state_holder.SessionState = LeanSessionState  # type: ignore[misc]
    utils.MatplotlibBackendMananger = nullcontext  # type: ignore[misc, assignment]
    queue_of(blocks).ANALYTICS_MAX_EVENTS = 0
    http_server.get_space = lambda: None


class InterceptedBlocks(gr.Blocks):
    """gr.Blocks in which every event runs through `run_event`."""

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on unchanged
        """Return what gr.Blocks.process_api returns, as `run_event` hands it on."""
        return await self.run_event(super().process_api(*args, **kwargs))

    async def run_event(self, event: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        """Await one event and return its outputs; subclasses decide what becomes of its errors."""
        return await event


# -- components, files and event data


def replace_preprocess(component: Component, replacement: Callable[[Callable, Any], Any]) -> None:
    """Have replacement(original, payload) turn what a browser sent into the handler's argument.

    A subclass of the component would have Gradio write a file beside its source.
    """
    original = component.preprocess
    component.preprocess = lambda payload: replacement(original, payload)  # type: ignore[method-assign]


def upload_folder() -> Path:
    """Return the folder in which Gradio puts uploads."""
    return Path(utils.get_upload_folder())


def forget_files(blocks: Blocks, paths: Iterable[str]) -> None:
    """Cross deleted files off Gradio's lists of uploads, which would otherwise grow for ever; event loop only."""
    for listed in blocks.temp_file_sets:
        listed.difference_update(paths)


def event_values(event: gr.EventData) -> dict[str, Any]:
    """Return what a component's script sent along with its event; empty where it is no object."""
    return event._data if isinstance(event._data, dict) else {}


def set_concurrency_limit(blocks: Blocks, concurrency_id: str, limit: int) -> None:
    """Let `limit` events of a concurrency group run at once; before the launch."""
    for function in blocks.fns.values():
        if function.concurrency_id == concurrency_id:
            function.concurrency_limit = limit


# -- the queue; to be used in the server's event loop


def blocks_of(app: App) -> Blocks:
    """Return the page that an app serves."""
    return app.get_blocks()


def queue_of(blocks: Blocks) -> Queue:
    """Return the queue of a page's events."""
    return blocks._queue


def is_full(queue: Queue) -> bool:
    """Return whether as many events wait as may."""
    return queue.max_size is not None and len(queue) >= queue.max_size


def function_of(queue: Queue, number: object) -> BlockFunction | None:
    """Return the page's function with this number, None where there is none."""
    return queue.blocks.fns.get(number) if type(number) is int else None


def event_id(event: Event) -> str:
    """Return the name under which clients know an event."""
    return event._id


def function_id(event: Event) -> int:
    """Return the number of the function that an event calls."""
    return event.fn._id


def events_by_id(queue: Queue) -> dict[str, Event]:
    """Return a copy of all events, waiting or running."""
    return dict(queue.event_ids_to_events)


def waiting_events(queue: Queue, concurrency_id: str | None = None) -> list[Event]:
    """Return the events that wait, of one concurrency group or of all."""
    groups = queue.event_queue_per_concurrency_id
    return [event for name, group in groups.items() if concurrency_id in (None, name) for event in group.queue]


def running_events(queue: Queue) -> list[Event]:
    """Return the events that are being computed."""
    return [event for job in queue.active_jobs for event in job or ()]


def filter_next_events(
    queue: Queue, split: Callable[[list[Event], int | None, int], tuple[list[Event], list[Event]]]
) -> None:
    """Before the queue takes up events, split those of each group into (what may begin, in this order; what may not).

    split is given the waiting events of a group, how many may run at once (None for any number), how many do.
    """
    take_next = queue.get_events

    def get_events() -> tuple[list[Event], bool, str] | None:
        groups, held = queue.event_queue_per_concurrency_id, {}
        for name, group in groups.items():
            if group.queue:
                group.queue[:], held[name] = split(group.queue, group.concurrency_limit, group.current_concurrency)
        try:
            return take_next()
        finally:
            for name, events in held.items():
                groups[name].queue += events

    queue.get_events = get_events  # type: ignore[method-assign]


async def withdraw_event(queue: Queue, event: Event) -> bool:
    """Take a waiting event out of the queue; return False when it has just begun."""
    await queue.remove_from_queue(event._id)
    return event._id not in queue.event_ids_to_events


async def cancel_event(queue: Queue, event: Event) -> None:
    """End an event now if it waits, at its next message if it runs."""
    await queue.clean_events(event_id=event._id)


def send_unchanged(queue: Queue, event: Event) -> None:
    """Tell an event's client that it is done and changes none of its outputs."""
    output = {"data": [{"__type__": "update"}] * len(event.fn.outputs), "is_generating": False}
    queue.send_message(event, ProcessCompletedMessage(output=output, success=True))


def send_error(queue: Queue, event: Event, sentence: str, title: str) -> None:
    """Tell an event's client that it failed."""
    output = {"error": sentence, "visible": True}
    queue.send_message(event, ProcessCompletedMessage(output=output, title=title, success=False))


def drop_lost_sessions(queue: Queue) -> None:
    """Forget the sessions whose messages Gradio has dropped: what they wait for can never be fetched."""
    for session in set(queue.pending_event_ids_session) - set(queue.pending_messages_per_session.keys()):
        del queue.pending_event_ids_session[session]


def finished_sessions(queue: Queue) -> list[str]:
    """Return the sessions that have fetched all their messages and wait for no event."""
    waited = queue.pending_event_ids_session
    return [s for s, m in queue.pending_messages_per_session.items() if m.empty() and not waited.get(s)]


def drop_session(queue: Queue, session: str) -> None:
    """Forget a session's messages and events."""
    del queue.pending_messages_per_session[session]
    queue.pending_event_ids_session.pop(session, None)
