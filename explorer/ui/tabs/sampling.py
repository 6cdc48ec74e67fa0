"""The second tab: sampling of a picture from noise, step by step, with a comparison of two runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.components import Component

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
from explorer.ui.streaming.streams import PRIVATE_EVENT
from explorer.ui.widgets.picture_picker import chosen_name
from explorer.ui.widgets.sampling_controls import COMPARABLE_FIELDS, NO_DIFFERENCE, RunControls, build_controls

LABEL = "Sampling"
PLAYER = "trajectory"


class SamplingView:
    """The event handlers of the tab; they convert inputs to requests and results to blobs."""

    def __init__(
        self, engine: Engine, blobs: BlobStore, picture: gr.State, controls: RunControls, ticket: gr.Number
    ) -> None:
        """picture, controls, ticket: the inputs of `sample`, by which it looks up their values."""
        self.engine, self.runs = engine, SamplingRuns(engine, blobs)
        self.picture, self.controls, self.ticket = picture, controls, ticket

    @property
    def inputs(self) -> set[Component]:
        """Return the components that are the inputs of `sample`."""
        return {self.picture, *self.controls.all, self.ticket}

    def sample(self, values: dict[Component, Any], visitor: gr.Request) -> Iterator[tuple[dict, list[SamplingRequest]]]:
        """Yield (growing answer, requests). Raise gr.Error when the request is refused."""
        with show_user_errors():
            run = {field: values[control] for field, control in self.controls.run.items()}
            others = {field: values[control] for field, control in self.controls.others.items()}
            first = SamplingRequest(picture=values[self.picture], **run)
            requests = [first, *second_run(first, values[self.controls.differs], others)]
            for answer in self.runs.stream(requests, values[self.ticket], visitor.session_hash or ""):
                yield answer, requests

    def upload(self, data: bytes | None) -> tuple[str, str]:
        """Store an uploaded picture; return its id and "picture", the start of the run. Raise gr.Error if refused."""
        return self.engine.picture_store.add(read_picture(data)), "picture"

    def choose(self, event: gr.EventData) -> tuple[str, str]:
        """Return the name of the example picture that was clicked, and "picture", the start of the run."""
        return chosen_name(event), "picture"


def second_run(first: SamplingRequest, differs: object, others: dict[str, object]) -> list[SamplingRequest]:
    """Return [run B], [] when nothing is to differ from run A. Raise RequestRefused for an invalid value."""
    if differs == NO_DIFFERENCE:
        return []
    name = one_of(differs, tuple(COMPARABLE_FIELDS), "difference of run B")
    return [replace(first, **{name: others[name]})]


def build(engine: Engine, blobs: BlobStore, picture: gr.State) -> None:
    """Lay out the view in the current context, its tab, and connect it. picture: the picture's name in the engine."""
    requests, run_controls = gr.State([]), RunControls(engine)
    ticket = gr.Number(0, precision=0, visible=False)  # created after the controls, so that it is the last input
    view = SamplingView(engine, blobs, picture, run_controls, ticket)
    player = build_trajectory()
    controls = build_controls(run_controls)
    run = {"fn": view.sample, "inputs": view.inputs, "outputs": [player, requests], "js": with_ticket_js(PLAYER)}
    run |= COMPUTE
    private = {**run, "api_visibility": "private"}

    moved = [control.input for control in run_controls.all]
    seed, start = run_controls.run["seed"], run_controls.run["start"]
    reseeded = controls.again.click(None, seed, seed, js="(seed) => seed + 1", **PRIVATE_EVENT)
    chosen = controls.examples.select(view.choose, None, [picture, start], **PRIVATE_EVENT)
    uploaded = controls.upload.upload(view.upload, controls.upload, [picture, start], **PRIVATE_EVENT)
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
