"""A score field in two dimensions: its arrows, walkers that follow them, and a network that learns them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import gradio as gr

from explorer.api import RequestRefused, whole_number
from explorer.api.planar import KINDS, LearnRequest, PlaneRequest, WalkFrame, WalkPlan, WalkRequest
from explorer.engine import Engine
from explorer.ui.events import COMPUTE, DEADLINE, plain_refusals, settled
from explorer.ui.field.field import build_field
from explorer.ui.field.payload import frames_part, learned_part, plane_part, walk_part
from explorer.ui.latest import Latest
from explorer.ui.parts import PartStore

DENSITIES = [("two modes", "two"), ("ring", "ring"), ("spiral", "spiral"), ("grid", "grid"), ("your drawing", "drawn")]
SOURCES = [("exact", "exact"), ("learned", "learned")]
PACE = 0.15  # seconds between two messages to the page
PLAYER = "scoreField"
ASK = f"(...v) => [...v.slice(0, -3), ...(window.{PLAYER}?.asks() ?? [null, 0.05, 0])]"  # points, sigma, ticket


class ScoreFieldSection:
    """The handlers of the section; points, sigma and ticket come from the player."""

    def __init__(self, engine: Engine, parts: PartStore) -> None:
        self.engine, self.parts, self.latest = engine.planar, parts, Latest()

    def walk(
        self, density: str, source: str, seed: float, points: list | None, sigma: float, ticket: float,
        visitor: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        """Yield the density at once, then the walkers as they move. Refusals become one sentence."""
        with plain_refusals():
            plane = _plane(density, points)
            request = WalkRequest(plane=plane, source=source, sigma=sigma, seed=seed)
            first = plane_part(self.engine.plane(plane))  # to be seen even where nobody can walk
            frames = _in_batches(self.engine.plan(request), self.engine.walks(request))
            yield from self._stream([first], frames, ticket, visitor.session_hash or "")

    def learn(
        self, density: str, points: list | None, sigma: float, ticket: float, visitor: gr.Request
    ) -> Iterator[dict]:
        """Yield what the network knows, again and again while it learns. Refusals become one sentence."""
        with plain_refusals():
            request = LearnRequest(plane=_plane(density, points))
            reports = (learned_part(request, learned) for learned in self.engine.learn(request))
            yield from self._stream([], reports, ticket, visitor.session_hash or "")

    def stop(self, ticket: float, visitor: gr.Request) -> None:
        """End what is being computed at its next step; what has been computed stays."""
        with plain_refusals():
            self.latest.stop(visitor.session_hash or "", whole_number(ticket, 0, 2**53, "ticket"))

    def _stream(self, first: list[bytes], rest: Iterator[bytes | None], ticket: float, visitor: str) -> Iterator[dict]:
        """The growing answer; None in `rest` stands for a breath, at which it may end. Raises RequestRefused."""
        ticket, deadline = whole_number(ticket, 0, 2**53, "ticket"), time.monotonic() + DEADLINE
        self.latest.begin(visitor, ticket)
        names = [self.parts.put(part) for part in first]
        answer = lambda state: {"generation": ticket, "parts": list(names), "state": state}
        if names:
            yield answer("running")
        try:
            for part in rest:
                if not self.latest.is_current(visitor, ticket):
                    return
                if time.monotonic() > deadline:
                    raise RequestRefused("This took too long here and was stopped; please try again later.")
                if part is not None:
                    names.append(self.parts.put(part))
                    yield answer("running")
                if self.latest.is_stopped(visitor, ticket):
                    break
        except RequestRefused:
            yield answer("done")  # the page is at rest before it is told why
            raise
        yield answer("done")


def _plane(density: object, points: object) -> PlaneRequest:
    return PlaneRequest(density, points) if points is not None else PlaneRequest(density)


def _in_batches(plan: WalkPlan, frames: Iterator[WalkFrame]) -> Iterator[bytes | None]:
    """The plan, then the records of every PACE seconds in one part, and None for those in between."""
    batch, sent = [], time.monotonic()
    for frame in frames:
        if (frame.kind, frame.i) == (KINDS[0], 0):
            yield walk_part(plan)
        batch.append(frame)
        if time.monotonic() - sent > PACE and frame.kind == KINDS[-1]:
            yield frames_part(batch)
            batch, sent = [], time.monotonic()
        else:
            yield None
    if batch:
        yield frames_part(batch)


def build(engine: Engine, parts: PartStore) -> None:
    """Lay out the section, whose context is open, and connect it."""
    section, default = ScoreFieldSection(engine, parts), WalkRequest()
    title = "A score field in two dimensions"
    with gr.Accordion(title, open=True, elem_id="score-field"):
        with gr.Row(elem_id="field-controls", elem_classes="controls line"):
            density = gr.Radio(DENSITIES, value=default.plane.density, label="Density", elem_id="field-density")
            source = gr.Radio(SOURCES, value=default.source, label="Score to follow", elem_id="field-source")
            seed = gr.Number(default.seed, label="Seed", precision=0, elem_id="field-seed")
            walk = gr.Button("Walk", size="sm", variant="primary", elem_id="field-walk")
            learn = gr.Button("Learn", size="sm", elem_id="field-learn")
            stop = gr.Button("Stop", size="sm", elem_id="field-stop")
        player = build_field()
    points = gr.JSON(None, visible=False)
    sigma, ticket = gr.Number(default.sigma, visible=False), gr.Number(0, precision=0, visible=False)
    asked = [points, sigma, ticket]
    run = {"outputs": player, "js": ASK, "trigger_mode": "multiple", **COMPUTE}
    walked = {"fn": section.walk, "inputs": [density, source, seed, *asked], **run}
    events = [
        gr.on([density.input, source.input, seed.input], **walked, api_visibility="private"),
        walk.click(**walked, api_name="walk"),
        learn.click(section.learn, [density, *asked], api_name="learn_score", **run),
    ]
    for event in events:
        event.failure(fn=None, js=settled(PLAYER))
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    stop.click(section.stop, ticket, None, js=f"() => window.{PLAYER}.newest()", queue=False, **quiet)
