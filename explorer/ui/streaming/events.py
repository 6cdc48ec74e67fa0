"""The queue, the API visibility and the ticket scripts that all compute events of the views share."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.errors import RequestRefused
from explorer.schemas import SamplingRequest
from explorer.server.gradio_patches import set_concurrency_limit
from explorer.ui.players.shared.modules import reference

MAX_COMPUTATION_S = 300.0  # per event
# One queue for all events that run the network; a visitor's newest event ends the older ones of the same player.
COMPUTE: dict[str, Any] = {"concurrency_id": "compute", "concurrency_limit": 4, "show_progress": "hidden"}


def scale_concurrency(app: gr.Blocks, replicas: int) -> None:
    """Multiply the limit of concurrent computations by the number of replicas; call before the launch."""
    set_concurrency_limit(app, COMPUTE["concurrency_id"], replicas * COMPUTE["concurrency_limit"])


def private_event(name: str) -> dict[str, str]:
    """Return the options that hide an event from the API; programs call it without "page_" (explorer.ui.http_api)."""
    return {"api_name": f"page_{name}", "api_visibility": "private"}


def with_ticket_js(player: str) -> str:
    """Return the script that sets the last input, the ticket, from the player of that name in the page."""
    return f"(...values) => [...values.slice(0, -1), {reference(player)}?.ticket() ?? 0]"


def newest_ticket_js(player: str) -> str:
    """Return the script that returns the newest ticket of the player of that name in the page."""
    return f"() => {reference(player)}?.newest() ?? 0"


def clear_waiting_js(player: str) -> str:
    """Return the script that ends a player's waiting state after a failed event; its contents do not change."""
    return f"() => {{ {reference(player)}?.settled(); }}"


def first_run(requests: list[SamplingRequest] | None) -> SamplingRequest:
    """Return the request of run A in the sampling player. Raise RequestRefused when there is none yet."""
    if not requests:
        raise RequestRefused("There is no run yet; let one finish first.")
    return requests[0]
