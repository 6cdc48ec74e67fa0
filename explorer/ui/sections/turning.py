"""U-turns: noise the run's picture to several levels, regenerate it, and see how far the change reaches."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import numpy as np
import plotly.graph_objects as go

from explorer.api import SamplingRequest, UTurnRequest
from explorer.core.spectra import crossover, feature_size
from explorer.engine import Engine
from explorer.figures.uturns import uturns_figure
from explorer.ui.events import COMPUTE, named, plain_refusals, run_a

NOTE = (
    "The clean picture of run A is noised to each level and regenerated four times. Where little noise was added only "
    "fine detail changes; the more noise, the larger the things that come out different."
)


def build(engine: Engine, requests: gr.State) -> None:
    """Lay out the section. requests: those of the runs that are in the player."""

    def turn(
        requests: list[SamplingRequest], levels: float, count: float, seed: float
    ) -> Iterator[tuple[go.Figure, str]]:
        """Yield the figure after every level, and how far it has come. Refusals become one sentence."""
        with plain_refusals():
            request = UTurnRequest(run=run_a(requests), levels=levels, count=count, seed=seed)
            plan, turns = engine.plan(request.run), []
            visible = [feature_size(crossover(plan.expected, s, plan.wavenumber)[0]) for s in request.sigmas]
            for done in engine.u_turns(request):
                turns.append(done)
                state = f"{len(turns)} of {request.levels} levels" if len(turns) < request.levels else "ready"
                yield uturns_figure(turns, request.sigmas, np.array(visible)), state

    default = UTurnRequest()
    with gr.Accordion("U-turns: how far a change reaches, by noise level", open=False, elem_id="u-turns"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Turn", size="sm", variant="primary", elem_id="turn")
            levels = gr.Number(default.levels, label="Levels", precision=0, elem_id="turn-levels")
            count = gr.Number(default.count, label="Times each", precision=0, elem_id="turn-count")
            seed = gr.Number(default.seed, label="Seed of the noise", precision=0, elem_id="turn-seed")
            state = gr.HTML("", elem_classes="section-state")
        plot = gr.Plot(show_label=False, container=False, elem_classes="plot")
    button.click(turn, [requests, levels, count, seed], [plot, state], **named("u_turns"), **COMPUTE)
