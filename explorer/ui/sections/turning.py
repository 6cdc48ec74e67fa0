"""U-turns: noise the run's picture to several levels, regenerate it, and see how far the change reaches."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import numpy as np
import plotly.graph_objects as go

from explorer.core.spectra.radial import crossover, feature_size, mean_wavenumbers
from explorer.engine import Engine
from explorer.figures.uturns import uturns_figure
from explorer.schemas import SamplingRequest, UTurnRequest
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.players.progress.component import build_progress
from explorer.ui.streaming.events import first_run, private_event
from explorer.ui.streaming.streams import Streams, accumulate

NOTE = (
    "The clean picture of run A is noised to each level and regenerated four times. Where little noise was added only "
    "fine detail changes; the more noise, the larger the things that come out different."
)


PLAYER = "uTurns"


def build(engine: Engine, blobs: BlobStore, requests: gr.State) -> None:
    """Lay out the section. requests: those of the runs that are in the player."""
    streams = Streams(blobs)

    def turn(
        requests: list[SamplingRequest], levels: float, count: float, seed: float, ticket: float, visitor: gr.Request
    ) -> Iterator[tuple[go.Figure, dict]]:
        """Yield the figure after every level, and how far it has come. Refusals become one sentence."""
        with show_user_errors():
            request = UTurnRequest(run=first_run(requests), levels=levels, count=count, seed=seed)
            size = request.run.size
            expected, k = engine.models.training_spectrum(size), mean_wavenumbers(size, size)
            visible = [feature_size(crossover(expected, s, k)[0]) for s in request.sigmas]
            turns, session = accumulate(engine.u_turns(request)), visitor.session_hash or ""
            for answer, done in streams.answers(turns, ticket, session, of=request.levels):
                yield uturns_figure(done, request.sigmas, np.array(visible)), answer

    default = UTurnRequest()
    with gr.Accordion("U-turns: how far a change reaches, by noise level", open=False, elem_id="u-turns"):
        gr.HTML(f"<p class='note'>{NOTE}</p>")
        with gr.Row(elem_classes="controls line"):
            button = gr.Button("Turn", size="sm", variant="primary", elem_id="turn")
            stop = gr.Button("Stop", size="sm", elem_id="stop-turning")
            levels = gr.Number(default.levels, label="Levels", precision=0, elem_id="turn-levels")
            count = gr.Number(default.count, label="Times each", precision=0, elem_id="turn-count")
            seed = gr.Number(default.seed, label="Seed of the noise", precision=0, elem_id="turn-seed")
            progress = build_progress(PLAYER)
        plot = gr.Plot(show_label=False, container=False, elem_classes="plot")
    streams.connect(
        button, stop, turn, [requests, levels, count, seed], [plot, progress], PLAYER, **private_event("u_turns")
    )
