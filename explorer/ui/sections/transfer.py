"""What a number of steps does to each octave: the samplers' gains in closed form beside the model's own."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import plotly.graph_objects as go

from explorer.api import RequestRefused, SamplingRequest, TransferRequest
from explorer.api.transfer import NONLINEAR
from explorer.core.samplers import SAMPLER_INFO
from explorer.engine import Engine
from explorer.figures.transfer import transfer_figure
from explorer.ui.events import COMPUTE, named, plain_refusals, run_a

NOTE = (
    "A sampler with few steps is an equaliser: it gives each octave too much or too little power. Lines: exact, for "
    "Gaussian pictures with the training pictures' spectrum. Points: samples of run A's model, mean and standard error."
)
CHOICES = [(info.title, name) for name, info in SAMPLER_INFO.items() if name not in NONLINEAR]


def build(engine: Engine, requests: gr.State) -> None:
    """Lay out the section. requests: those of the runs that are in the player; model, class and schedule are theirs."""

    def measure(
        requests: list[SamplingRequest], samplers: list[str], steps: str, seed: float
    ) -> Iterator[tuple[go.Figure, str]]:
        """Yield the figure with the closed forms, then after every measured curve. Refusals become one sentence."""
        with plain_refusals():
            run = run_a(requests)
            request = TransferRequest(
                samplers=tuple(samplers), step_counts=step_counts(steps), seed=seed,
                model=run.model, label=run.label, guidance=run.guidance, schedule=run.schedule,
            )  # fmt: skip
            curves = {}
            for curve in engine.transfer(request):
                curves[curve.sampler, curve.steps] = curve
                total = len(request.samplers) * len(request.step_counts)
                if len(curves) < total:
                    continue
                done = sum(c.measured is not None for c in curves.values())
                state = "ready" if done == total else f"measured {done} of {total}"
                yield transfer_figure(request, list(curves.values())), state

    default = TransferRequest()
    with gr.Accordion("Gain per octave: what a number of steps does", open=False, elem_id="transfer"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Measure", size="sm", variant="primary", elem_id="measure")
            samplers = gr.CheckboxGroup(
                CHOICES, value=list(default.samplers), label="Samplers, at most three", elem_id="transfer-samplers"
            )
            steps = gr.Textbox(", ".join(map(str, default.step_counts)), label="Steps", elem_id="step-counts")
            seed = gr.Number(default.seed, label="Seed", precision=0, elem_id="transfer-seed")
            state = gr.HTML("", elem_classes="section-state")
        plot = gr.Plot(show_label=False, container=False, elem_classes="plot")
    button.click(measure, [requests, samplers, steps, seed], [plot, state], **named("transfer"), **COMPUTE)


def step_counts(text: object) -> tuple[int, ...]:
    """The numbers in "5, 10, 20". Raises RequestRefused for anything else."""
    words = str(text).replace(",", " ").split()[:8]
    if not words or not all(word.isdecimal() and len(word) < 6 for word in words):
        raise RequestRefused("Write the numbers of steps as in: 5, 10, 20.")
    return tuple(sorted({int(word) for word in words}))
