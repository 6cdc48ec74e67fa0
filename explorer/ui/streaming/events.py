"""What every compute event of a view has in common: its queue, its ticket, and the scripts that fill it in."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.errors import RequestRefused
from explorer.schemas import SamplingRequest
from explorer.server.gradio_patches import set_concurrency_limit
from explorer.ui.players.shared.modules import reference

MAX_COMPUTATION_S = 300.0  # of one event of a visitor
# One queue for everything that needs the network; the newest event of a visitor ends the older ones.
COMPUTE: dict[str, Any] = {"concurrency_id": "compute", "concurrency_limit": 4, "show_progress": "hidden"}


def scale_concurrency(app: gr.Blocks, replicas: int) -> None:
    """Let as many computations run at once as so many replicas of the network allow; before the launch."""
    set_concurrency_limit(app, COMPUTE["concurrency_id"], replicas * COMPUTE["concurrency_limit"])


def private_event(name: str) -> dict[str, str]:
    """Return what makes an event the page's own; programs call the same by its plain name (explorer.ui.http_api)."""
    return {"api_name": f"page_{name}", "api_visibility": "private"}


def with_ticket_js(player: str) -> str:
    """Return the script that fills in the last input, the ticket, from the player of that name in the page."""
    return f"(...values) => [...values.slice(0, -1), {reference(player)}?.ticket() ?? 0]"


def newest_ticket_js(player: str) -> str:
    """Return the script that gives the newest ticket of the player of that name in the page."""
    return f"() => {reference(player)}?.newest() ?? 0"


def clear_waiting_js(player: str) -> str:
    """Return the script that ends the waiting after a refusal: what was on the page stays."""
    return f"() => {{ {reference(player)}?.settled(); }}"


def first_run(requests: list[SamplingRequest] | None) -> SamplingRequest:
    """Return the request of the run in the sampling player. Raises RequestRefused when there is none yet."""
    if not requests:
        raise RequestRefused("There is no run yet; let one finish first.")
    return requests[0]
