"""The second page: a picture comes out of noise, step by step, from coarse to fine; two runs can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import gradio as gr

from explorer.engine import Engine
from explorer.schemas import SamplingRequest
from explorer.schemas.validation import one_of
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.server.picture_upload import read_picture
from explorer.ui.players.trajectory.component import build_trajectory
from explorer.ui.sections import branching, exporting, transfer, turning
from explorer.ui.streaming.events import COMPUTE, clear_waiting_js, private_event, with_ticket_js
from explorer.ui.streaming.sampling_runs import SamplingRuns
from explorer.ui.widgets.picture_picker import chosen_name
from explorer.ui.widgets.sampling_controls import COMPARABLE_FIELDS, NO_DIFFERENCE, build_controls

LABEL = "Sampling"
PLAYER = "trajectory"


class SamplingView:
    """The page's handlers; they turn what Gradio hands over into requests, and answers into parts."""

    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self.engine = engine
        self.runs = SamplingRuns(engine, blobs)

    def sample(
        self, picture: str, model: str, label: str, sampler: str, steps: float, schedule: str, guidance: float,
        eta: float, seed: float, size: float, start: str, sigma: float, b_differs_in: str, b_sampler: str,
        b_steps: float, b_schedule: str, b_label: str, b_guidance: float, b_seed: float, b_model: str, ticket: float,
        visitor: gr.Request,
    ) -> Iterator[tuple[dict, list[SamplingRequest]]]:  # fmt: skip
        """Yield the growing answer for the page and the requests it belongs to. Refusals become one sentence."""
        with show_user_errors():
            first = SamplingRequest(
                model=model, sampler=sampler, steps=steps, schedule=schedule, label=label, guidance=guidance, eta=eta,
                seed=seed, size=size, start=start, picture=picture, sigma=sigma,
            )  # fmt: skip
            others = (b_sampler, b_steps, b_schedule, b_label, b_guidance, b_seed, b_model)
            requests = [first, *second_run(first, b_differs_in, dict(zip(COMPARABLE_FIELDS, others, strict=True)))]
            for answer in self.runs.stream(requests, ticket, visitor.session_hash or ""):
                yield answer, requests

    def upload(self, data: bytes | None) -> tuple[str, str]:
        """Take in a person's own picture; its id, and that the run starts from it."""
        return self.engine.picture_store.add(read_picture(data)), "picture"

    def choose(self, event: gr.EventData) -> tuple[str, str]:
        """The same for an example picture."""
        return chosen_name(event), "picture"


def second_run(first: SamplingRequest, differs: object, others: dict[str, object]) -> list[SamplingRequest]:
    """Run B, when it is to differ from A in something. Raises RequestRefused."""
    if differs == NO_DIFFERENCE:
        return []
    name = one_of(differs, tuple(COMPARABLE_FIELDS), "difference of run B")
    return [replace(first, **{name: others[name]})]


def build(engine: Engine, blobs: BlobStore, picture: gr.State) -> None:
    """Lay out the view inside the tab, whose context is open, and connect it. picture: its name in the engine."""
    view = SamplingView(engine, blobs)
    requests, ticket = gr.State([]), gr.Number(0, precision=0, visible=False)
    player = build_trajectory()
    controls = build_controls(engine)
    inputs = [picture, *controls.run, controls.differs, *controls.others, ticket]
    run = {"fn": view.sample, "inputs": inputs, "outputs": [player, requests], "js": with_ticket_js(PLAYER), **COMPUTE}
    private = {**run, "api_visibility": "private"}
    quiet = {"show_progress": "hidden", "api_visibility": "private"}

    moved = [control.input for control in (*controls.run, controls.differs, *controls.others)]
    reseeded = controls.again.click(None, controls.seed, controls.seed, js="(seed) => seed + 1", **quiet)
    chosen = controls.examples.select(view.choose, None, [picture, controls.start], **quiet)
    uploaded = controls.upload.upload(view.upload, controls.upload, [picture, controls.start], **quiet)
    events = [
        gr.on(moved, **run, trigger_mode="multiple", **private_event("sampling")),
        controls.begin.click(**private),
        reseeded.then(**private),
        chosen,
        chosen.success(**private),
        uploaded,
        uploaded.success(**private),
    ]
    for event in events:
        event.failure(fn=None, js=clear_waiting_js(PLAYER))
    exporting.build(engine, blobs, requests)
    branching.build(engine, blobs, requests)
    turning.build(engine, blobs, requests)
    transfer.build(engine, blobs, requests)
    view.runs.streams.stopped_by(controls.stop, ticket, PLAYER)
