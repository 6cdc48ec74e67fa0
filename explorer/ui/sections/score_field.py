"""The section on a score field in the plane: its arrows, walkers that follow them, a network that learns them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import gradio as gr

from explorer.engine import Engine, score_field
from explorer.schemas.score_field import KINDS, DensityRequest, LearnRequest, WalkFrame, WalkPlan, WalkRequest
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.score_field.component import build_score_field
from explorer.ui.players.score_field.payload import density_part, frames_part, learned_part, walk_part
from explorer.ui.players.shared.modules import reference
from explorer.ui.streaming.events import COMPUTE, clear_waiting_js, private_event
from explorer.ui.streaming.streams import Streams, batch_by_time

DENSITIES = [("two modes", "two"), ("ring", "ring"), ("spiral", "spiral"), ("grid", "grid"), ("your drawing", "drawn")]
SOURCES = [("exact", "exact"), ("learned", "learned")]
MESSAGE_INTERVAL_S = 0.15  # between two messages to the page
PLAYER = "score_field"
PLAYER_INPUTS_JS = (
    f"(...v) => [...v.slice(0, -3), ...({reference(PLAYER)}?.question() ?? [null, 0.05, 0])]"  # points, sigma, ticket
)


class ScoreFieldSection:
    """The event handlers of the section; points, sigma and ticket come from the player."""

    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self.score_fields, self.streams = engine.score_fields, Streams(blobs)

    def walk(
        self, density: str, source: str, seed: float, points: list | None, sigma: float, ticket: float,
        visitor: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        """Yield the growing answer: the density, then the walkers. Raise gr.Error when the request is refused."""
        with show_user_errors():
            request = WalkRequest(plane=_density(density, points), source=source, sigma=sigma, seed=seed)
            plan = self.score_fields.plan(request)
            # the density first, so that it is shown even when the walk is refused
            items = chain([[]], batch_by_time(self.score_fields.walk(plan), MESSAGE_INTERVAL_S))
            encode = lambda frames: _walked(plan, frames)
            for answer, _ in self.streams.answers(items, ticket, visitor.session_hash or "", encode):
                yield answer

    def learn(
        self, density: str, points: list | None, sigma: float, ticket: float, visitor: gr.Request
    ) -> Iterator[dict]:
        """Yield the growing answer: the learned field at intervals. Raise gr.Error when the request is refused."""
        with show_user_errors():
            request = LearnRequest(plane=_density(density, points))
            encode = lambda learned: [learned_part(request, learned)]
            items = self.score_fields.learn(request)
            for answer, _ in self.streams.answers(items, ticket, visitor.session_hash or "", encode):
                yield answer


def _walked(plan: WalkPlan, frames: list[WalkFrame]) -> Iterator[bytes]:
    """Yield the blob of the density for no frames, else that of the frames, after the plan if they are the first."""
    if not frames:
        yield density_part(score_field.density(plan.request.plane))
        return
    if (frames[0].kind, frames[0].i) == (KINDS[0], 0):
        yield walk_part(plan)
    yield frames_part(frames)


def _density(density: object, points: object) -> DensityRequest:
    return DensityRequest(density, points) if points is not None else DensityRequest(density)


def build(engine: Engine, blobs: BlobStore) -> None:
    """Lay out and connect the section."""
    section, default = ScoreFieldSection(engine, blobs), WalkRequest()
    title = "A score field in two dimensions"
    with gr.Accordion(title, open=True, elem_id="score-field"):
        with gr.Row(elem_id="score-field-controls", elem_classes="controls line"):
            density = gr.Radio(DENSITIES, value=default.plane.density, label="Density", elem_id="score-field-density")
            source = gr.Radio(SOURCES, value=default.source, label="Score to follow", elem_id="score-field-source")
            seed = gr.Number(default.seed, label="Seed", precision=0, elem_id="score-field-seed")
            walk = gr.Button("Walk", size="sm", variant="primary", elem_id="score-field-walk")
            learn = gr.Button("Learn", size="sm", elem_id="score-field-learn")
            stop = gr.Button("Stop", size="sm", elem_id="score-field-stop")
        player = build_score_field()
    points = gr.JSON(None, visible=False)
    sigma, ticket = gr.Number(default.sigma, visible=False), gr.Number(0, precision=0, visible=False)
    asked = [points, sigma, ticket]
    run = {"outputs": player, "js": PLAYER_INPUTS_JS, "trigger_mode": "multiple", **COMPUTE}
    walked = {"fn": section.walk, "inputs": [density, source, seed, *asked], **run}
    events = [
        gr.on([density.input, source.input, seed.input], **walked, api_visibility="private"),
        walk.click(**walked, **private_event("walk")),
        learn.click(section.learn, [density, *asked], **private_event("learn_score"), **run),
    ]
    for event in events:
        event.failure(fn=None, js=clear_waiting_js(PLAYER))
    section.streams.stopped_by(stop, ticket, PLAYER)
