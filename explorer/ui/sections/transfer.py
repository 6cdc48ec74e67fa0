"""What a number of steps does to each octave: the samplers' gains in closed form beside the model's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import gradio as gr
import plotly.graph_objects as go

from explorer.core.samplers.registry import SAMPLER_INFO
from explorer.engine import Engine
from explorer.errors import RequestRefused
from explorer.figures.transfer import transfer_figure
from explorer.schemas import SamplingRequest, TransferRequest
from explorer.schemas.transfer import NONLINEAR, TransferCurve
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.progress.component import build_progress
from explorer.ui.streaming.events import first_run, private_event
from explorer.ui.streaming.streams import Streams

NOTE = (
    "A sampler with few steps is an equaliser: it gives each octave too much or too little power. Lines: exact, for "
    "Gaussian pictures with the training pictures' spectrum. Points: samples of run A's model, mean and standard error."
)
PLAYER = "transferGains"
SAMPLER_CHOICES = [(info.title, name) for name, info in SAMPLER_INFO.items() if name not in NONLINEAR]


def build(engine: Engine, blobs: BlobStore, requests: gr.State) -> None:
    """Lay out the section. requests: those of the runs that are in the player; model, class and schedule are theirs."""
    streams = Streams(blobs)

    def measure(
        requests: list[SamplingRequest], samplers: list[str], steps: str, seed: float, ticket: float,
        visitor: gr.Request,
    ) -> Iterator[tuple[go.Figure, dict]]:  # fmt: skip
        """Yield the figure with the closed forms, then after every measured curve. Refusals become one sentence."""
        with show_user_errors():
            run = first_run(requests)
            request = TransferRequest(
                samplers=tuple(samplers), step_counts=step_counts(steps), seed=seed,
                model=run.model, label=run.label, guidance=run.guidance, schedule=run.schedule,
            )  # fmt: skip
            total, session = len(request.samplers) * len(request.step_counts), visitor.session_hash or ""
            drawings = complete_curve_sets(engine.transfer(request), total)
            for answer, curves in streams.answers(drawings, ticket, session, of=total + 1):
                yield transfer_figure(request, curves), answer

    default = TransferRequest()
    with gr.Accordion("Gain per octave: what a number of steps does", open=False, elem_id="transfer"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Measure", size="sm", variant="primary", elem_id="measure")
            stop = gr.Button("Stop", size="sm", elem_id="stop-transfer")
            samplers = gr.CheckboxGroup(
                SAMPLER_CHOICES,
                value=list(default.samplers),
                label="Samplers, at most three",
                elem_id="transfer-samplers",
            )
            steps = gr.Textbox(", ".join(map(str, default.step_counts)), label="Steps", elem_id="step-counts")
            seed = gr.Number(default.seed, label="Seed", precision=0, elem_id="transfer-seed")
            progress = build_progress(PLAYER)
        plot = gr.Plot(show_label=False, container=False, elem_classes="plot")
    inputs = [requests, samplers, steps, seed]
    streams.connect(button, stop, measure, inputs, [plot, progress], PLAYER, **private_event("transfer"))


def complete_curve_sets(curves: Iterable[TransferCurve], total: int) -> Iterator[list[TransferCurve]]:
    """All curves once each has its closed form, and again after each that is measured."""
    known: dict[tuple[str, int], TransferCurve] = {}
    for curve in curves:
        known[curve.sampler, curve.steps] = curve
        if len(known) == total:
            yield list(known.values())


def step_counts(text: object) -> tuple[int, ...]:
    """The numbers in "5, 10, 20". Raises RequestRefused for anything else."""
    words = str(text).replace(",", " ").split()[:8]
    if not words or not all(word.isdecimal() and len(word) < 6 for word in words):
        raise RequestRefused("Write the numbers of steps as in: 5, 10, 20.")
    return tuple(sorted({int(word) for word in words}))
