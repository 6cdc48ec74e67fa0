"""The section that continues the shown step several times, to compare the branches."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from explorer.engine import Engine
from explorer.schemas import BranchRequest, SamplingRequest
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.branches.component import build_branches
from explorer.ui.players.branches.payload import branches_part
from explorer.ui.players.shared.modules import reference
from explorer.ui.streaming.events import first_run, private_event
from explorer.ui.streaming.streams import Streams, batch_by_time

ORIGINS = [("this step, as stored", "step"), ("the clean picture, noised afresh to this level", "picture")]
MESSAGE_INTERVAL_S = 0.2  # between two messages to the page
TIMEOUT_MESSAGE = "The branches took too long here; fewer of them or fewer steps are faster."
PLAYER = "branches"
BRANCH_JS = f"(...v) => [...v.slice(0, -2), {reference('trajectory')}?.step() ?? 0, {reference(PLAYER)}?.ticket() ?? 0]"


class BranchingSection:
    """The event handler of the section."""

    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self.engine, self.streams = engine, Streams(blobs, TIMEOUT_MESSAGE)

    def branch(
        self, requests: list[SamplingRequest], origin: str, count: float, steps: float, seed: float, step: float,
        ticket: float, visitor: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        """Yield the growing answer with the state of the branches. Raise gr.Error when the request is refused."""
        with show_user_errors():
            asked = {"origin": origin, "count": count, "steps": steps, "seed": seed, "step": step}
            request = BranchRequest(run=first_run(requests), **asked)
            states, encode = (
                batch_by_time(self.engine.branch(request), MESSAGE_INTERVAL_S),
                lambda states: [branches_part(states[-1])],
            )
            for answer, _ in self.streams.answers(states, ticket, visitor.session_hash or "", encode):
                yield answer


def build(engine: Engine, blobs: BlobStore, requests: gr.State) -> None:
    """Lay out and connect the section. requests: those of the runs in the player."""
    section, default = BranchingSection(engine, blobs), BranchRequest()
    title = "Branches: what is decided at this step, and what is still open"
    with gr.Accordion(title, open=False, elem_id="branching"):
        with gr.Row(elem_id="branch-controls", elem_classes="controls line"):
            button = gr.Button("Branch", size="sm", variant="primary", elem_id="branch")
            stop = gr.Button("Stop", size="sm", elem_id="branch-stop")
            origin = gr.Radio(ORIGINS, value=default.origin, label="from", elem_id="branch-origin")
            count = gr.Number(default.count, label="Branches", precision=0, elem_id="branch-count")
            steps = gr.Number(default.steps, label="Steps each", precision=0, elem_id="branch-steps")
            seed = gr.Number(default.seed, label="Seed of their noise", precision=0, elem_id="branch-seed")
        player = build_branches()
    inputs = [requests, origin, count, steps, seed, gr.Number(0, precision=0, visible=False)]
    section.streams.connect(
        button, stop, section.branch, inputs, [player], PLAYER, js=BRANCH_JS, **private_event("branch")
    )
