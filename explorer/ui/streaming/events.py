"""What every compute event of a view has in common: its ticket, its queue, and how a refusal reaches the person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from explorer.errors import RequestRefused
from explorer.schemas import SamplingRequest

MAX_COMPUTATION_S = 300.0  # seconds that one computation of a visitor may take
# One queue for everything that needs the network; the newest event of a visitor ends the older ones.
COMPUTE = {"concurrency_id": "compute", "concurrency_limit": 4, "show_progress": "hidden"}


def scale_concurrency(app: gr.Blocks, times: int) -> None:
    """Let so many times as many computations run at once, as their network has so many replicas; before the launch."""
    for event in app.fns.values():
        if event.concurrency_id == COMPUTE["concurrency_id"]:
            event.concurrency_limit = times * COMPUTE["concurrency_limit"]


def private_event(name: str) -> dict[str, str]:
    """What makes an event the page's own: programs ask for the same under its plain name (explorer/ui/calls)."""
    return {"api_name": f"page_{name}", "api_visibility": "private"}


def with_ticket_js(player: str) -> str:
    """The script that fills in the last input, the ticket, from the player under that name in the page."""
    return f"(...values) => [...values.slice(0, -1), window.{player}?.ticket() ?? 0]"


def newest_ticket_js(player: str) -> str:
    """The script that gives the ticket of the newest question of the player under that name in the page."""
    return f"() => window.{player}?.newest() ?? 0"


def clear_waiting_js(player: str) -> str:
    """The script that ends the waiting after a refusal: what was on the page stays."""
    return f"() => {{ window.{player}?.settled(); }}"


@contextmanager
def plain_refusals() -> Iterator[None]:
    """Turn a refused request into the one sentence that the person sees."""
    try:
        yield
    except RequestRefused as refusal:
        raise gr.Error(str(refusal), print_exception=False, title="Not possible") from None


def first_run(requests: list[SamplingRequest] | None) -> SamplingRequest:
    """The run that is in the sampling player. Raises RequestRefused when there is none yet."""
    if not requests:
        raise RequestRefused("There is no run yet; let one finish first.")
    return requests[0]
